"""The Nautobot App's configuration. Only Nautobot imports this module."""

from nautobot.apps import ConstanceConfigItem, NautobotAppConfig

from . import MINIMUM_NAUTOBOT, __version__
from .app_settings import ACCEPTANCES, APP, UI_EDITABLE, get_default_settings, load_settings_schema


class UpgradeJobsConfig(NautobotAppConfig):
    """Configuration of the App. The App has no models, so it adds no table to the database.

    ``max_version`` is not set on purpose: a tool that checks upgrades must never prevent one.
    """

    # Nautobot resolves an App's code paths ("job_registration.jobs") from this class's module.
    __module__ = __package__

    name = APP
    verbose_name = "Nautobot Upgrade Jobs"
    version = __version__
    author = "The nautobot-upgrade-jobs authors"
    description = "Preflight, snapshots and verification for Nautobot upgrades."
    base_url = "upgrade-jobs"
    min_version = MINIMUM_NAUTOBOT
    default_settings = get_default_settings()
    constance_config = {
        name: ConstanceConfigItem(
            default=one["default"], help_text=one["description"], field_type=type(one["default"])
        )
        for name, one in load_settings_schema()["properties"].items()
        if name in UI_EDITABLE
    } | {
        ACCEPTANCES: ConstanceConfigItem(
            default=[],
            help_text="Accepted findings. The page that accepts a finding writes them.",
            field_type="optional_json_field",
        )
    }
    home_view_name = "plugins:nautobot_upgrade_jobs:home"
    docs_view_name = "plugins:nautobot_upgrade_jobs:docs"
    jobs = "job_registration.jobs"
    metrics = "ui.metrics.metrics"
    homepage_layout = "ui.homepage.layout"
    menu_items = "ui.navigation.menu_items"
    template_extensions = "ui.template_content.template_extensions"

    def ready(self) -> None:
        """Register the system checks, and record which code this process has loaded."""
        super().ready()
        from django.core.checks import register

        from .collect.support import worker_identity as identity  # noqa: F401 - registers a Celery command
        from .system_checks import check_settings, check_single_installation

        register(check_settings)
        register(check_single_installation)
