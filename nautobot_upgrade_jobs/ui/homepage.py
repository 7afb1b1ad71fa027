"""A panel on Nautobot's home page, unless the setting ``home_panel`` disables it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from nautobot.apps.ui import HomePagePanel

from ..app_settings import APP
from .job_runs import iter_runs
from .next_steps import STAGES
from .template_content import call_safely


def list_stages(request: Any) -> tuple[Any, ...]:
    """Return each stage with its newest run that the user may view."""
    return call_safely(
        lambda: tuple(
            (stage, next(iter_runs(request.user, stage.kind, 1), None)) for stage in STAGES
        ),
        (),
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
    if (settings.PLUGINS_CONFIG.get(APP) or {}).get("home_panel") is not False
    else ()
)
