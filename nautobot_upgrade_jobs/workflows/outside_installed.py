"""Read an installation whose release this App supports from outside, with its own interpreter.

The isolation of a trial boot does not change rows, schema and code, so these are read. What
concerns workers, web processes, files and settings is unavailable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from packaging.version import Version

from .. import MINIMUM_NAUTOBOT
from ..app_settings import Configuration
from ..facts import Facts, Unavailable
from ..facts.trial_boot import TrialBoot
from ..target.inspect import BuildLimits, inspect_installed
from ..target.installation import Installation
from .outside import Reading, build_live_installation, mask_password
from .outside_facts import FROM_INSIDE, describe_installation, get_boot_facts

COMPARED_TOPICS = (
    *("database", "tables", "migrations", "system_checks", "schema", "fingerprints", "data"),
    *("derived_state", "filter_results", "automation", "ui_registry"),
)
"""What a comparison of two states needs."""
STATEMENT_SECONDS, BOOT_SECONDS = 900, 3600
"""All rows are read, so the limits are larger than those of Preflight."""


def is_supported(installation: Installation) -> bool:
    """Return whether the installed release can run the collectors."""
    is_new = Version(installation.release) >= Version(MINIMUM_NAUTOBOT)
    return is_new and bool(installation.interpreter)


def read_installed(
    installation: Installation, topics: Collection[str], progress: Callable[[str], None]
) -> Facts:
    """Start the installed release, and return what it reads. Other topics are unavailable.

    Args:
        installation: The installation, as its own interpreter describes it.
        topics: The topics to read.
        progress: Called before the release is started.
    """
    live = build_live_installation(
        installation, Reading(tuple(topics), STATEMENT_SECONDS, BOOT_SECONDS, "buckets")
    )
    limits = BuildLimits(
        Configuration.build_timeout_seconds, BOOT_SECONDS, Configuration.build_megabytes
    )
    boot = mask_password(
        inspect_installed(
            installation.release, live, limits, progress, interpreter=installation.interpreter
        ),
        installation,
    )
    if isinstance(boot, TrialBoot) and (reason := _describe_failed_start(boot)):
        boot = Unavailable(reason)
    read = get_boot_facts(boot, topics)
    return Facts(
        **dict.fromkeys(Facts.topics(), FROM_INSIDE)
        | {topic: getattr(read, topic) for topic in topics}
        | describe_installation(installation, read.database)
    )


def _describe_failed_start(boot: TrialBoot) -> str:
    """Return why the installation does not start with all its Apps. Empty if it does."""
    if boot.failure:
        return f"Nautobot does not start: {boot.failure.message}. Run doctor"
    if boot.app_load_failures:
        app = boot.app_load_failures[0]
        return f"Nautobot does not start with the App {app.module}: {app.failure.message}"
    return ""
