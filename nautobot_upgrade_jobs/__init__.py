"""Nautobot Upgrade Jobs: check, verify and roll back upgrades of Nautobot.

Importing this package loads neither Django nor Nautobot, so that the pure layers (facts, checks,
report, catalog) and ``python -m nautobot_upgrade_jobs`` work with a Nautobot that does not start.
The App's configuration is loaded only when Nautobot reads ``config``.
"""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the Nautobot App configuration only when Nautobot asks for it."""
    if name in ("config", "UpgradeJobsConfig"):
        from .apps import UpgradeJobsConfig

        return UpgradeJobsConfig
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
