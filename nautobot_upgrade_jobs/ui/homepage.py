"""A panel on Nautobot's home page, for who asks for it in the settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from nautobot.apps.ui import HomePagePanel

from ..app_settings import APP
from .job_runs import iter_runs
from .next_steps import STAGES
from .template_content import call_safely


def list_stages(request: Any) -> tuple[Any, ...]:
    """Return what each Job came to last, as far as this user may see it."""
    return call_safely(
        lambda: tuple((one, next(iter_runs(request.user, one.kind, 1), None)) for one in STAGES), ()
    )


layout = (
    (
        HomePagePanel(
            name="Upgrade",
            permissions=["extras.view_jobresult"],
            custom_template="home_panel.html",
            custom_data={"upgrade_stages": list_stages},
            weight=2000,
        ),
    )
    if (settings.PLUGINS_CONFIG.get(APP) or {}).get("home_panel") is True
    else ()
)
