"""The packages of the state to go back to: what is in them, and whether they can be had."""

from __future__ import annotations

from functools import partial

from ..app_settings import Configuration, UsageError
from ..facts import Facts, Unavailable
from ..facts.pinned_packages import PinnedPackages
from ..rollback.package_set import takes_a_list, unasked
from ..target.app_release import AppRelease, ReleaseUnreadable, read_app_release
from ..target.pins import lock_packages
from .rollback_destination import InstalledPackages, RollbackTarget
from .target_inspection import build_limits


def installed_packages(facts: Facts, config: Configuration) -> InstalledPackages:
    """Return what is installed, and what looks into other releases of it."""
    apps = () if isinstance(facts.apps, Unavailable) else facts.apps.enabled
    return InstalledPackages(apps, facts.packages, partial(_read_app_release, config))


def _read_app_release(config: Configuration, requirement: str, module: str) -> AppRelease:
    if not config.resolve:
        raise UsageError(f"{requirement}: the settings forbid asking the index (resolve is False).")
    try:
        seconds = config.resolve_timeout_seconds
        return read_app_release(requirement, module, build_limits(config), seconds)
    except ReleaseUnreadable as error:
        raise UsageError(f"{requirement}: {error}") from None


def pin_previous_packages(
    facts: Facts, to: RollbackTarget, config: Configuration
) -> PinnedPackages | None:
    """Look whether the old packages can still be had; None where no list of them is installed."""
    then, now, runtime = to.packages, facts.packages, facts.runtime
    if isinstance(then, Unavailable) or isinstance(now, Unavailable):
        return None
    if isinstance(runtime, Unavailable) or not takes_a_list(runtime.layout, whole=to.is_whole):
        return None
    if not config.resolve:
        return unasked(then, now, "the settings forbid asking the index (resolve is False)")
    seconds = config.resolve_timeout_seconds
    return lock_packages(then, now, runtime.python, build_limits(config), seconds)
