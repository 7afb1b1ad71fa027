"""Nautobot Upgrade Jobs: check, verify and roll back upgrades of Nautobot.

Importing this package loads neither Django nor Nautobot, so that the pure layers (facts, checks,
report, catalog) and ``python -m nautobot_upgrade_jobs`` work with a Nautobot that does not start.
The App's configuration is loaded only when Nautobot reads ``config``.
"""

from typing import Any

__version__ = "0.1.0"
MINIMUM_NAUTOBOT = "2.4.5"
"""The first release with all that the App uses: ``Job.fail``, and constance 4."""


def require_supported_nautobot() -> None:
    """End the process with one line if the installed Nautobot is too old for the App.

    The package does not require Nautobot in its metadata: installing it must never upgrade
    Nautobot.

    Raises:
        SystemExit: Nautobot is older than the minimum.
    """
    from importlib.metadata import version

    from packaging.version import Version

    installed = version("nautobot")
    if Version(installed) < Version(MINIMUM_NAUTOBOT):
        raise SystemExit(
            f"nautobot_upgrade_jobs {__version__} needs Nautobot {MINIMUM_NAUTOBOT} or newer as an "
            f"App, and this is {installed}. Remove it from PLUGINS. Without it in PLUGINS, "
            "'python -m nautobot_upgrade_jobs' compares snapshots and finds out why Nautobot does "
            "not start."
        )


def __getattr__(name: str) -> Any:
    """Load the Nautobot App configuration only when Nautobot asks for it."""
    if name in ("config", "UpgradeJobsConfig"):
        require_supported_nautobot()
        from .apps import UpgradeJobsConfig

        return UpgradeJobsConfig
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
