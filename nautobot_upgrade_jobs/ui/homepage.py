"""A panel on Nautobot's home page, for who asks for it in the settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from nautobot.apps.ui import HomePagePanel

from ..app_settings import APP
from .job_runs import runs
from .next_steps import STATIONS
from .template_content import guarded


def stations(request: Any) -> tuple[Any, ...]:
    """Return what each Job came to last, as far as this user may see it."""
    return guarded(
        lambda: tuple((one, next(runs(request.user, one.kind, 1), None)) for one in STATIONS), ()
    )


layout = (
    (
        HomePagePanel(
            name="Upgrade",
            permissions=["extras.view_jobresult"],
            custom_template="home_panel.html",
            custom_data={"upgrade_stations": stations},
            weight=2000,
        ),
    )
    if (settings.PLUGINS_CONFIG.get(APP) or {}).get("home_panel") is True
    else ()
)
