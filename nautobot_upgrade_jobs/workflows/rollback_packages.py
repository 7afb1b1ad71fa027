"""Inspect and pin the packages of the previous state."""

from __future__ import annotations

from functools import partial

from ..app_settings import Configuration
from ..common.errors import UsageError
from ..deployment.known import known_deployment
from ..facts import Facts, Unavailable
from ..facts.pinned_packages import PinnedPackages
from ..rollback.package_set import pins_without_index, uses_requirements_file
from ..target.app_release import AppRelease, ReleaseUnreadable, read_app_release
from ..target.pins import lock_packages
from .rollback_target import InstalledPackages, RollbackTarget
from .target_inspection import build_limits


def installed_packages(facts: Facts, config: Configuration) -> InstalledPackages:
    """Return the installed Apps and packages, and a function to inspect an App's other releases."""
    apps = () if isinstance(facts.apps, Unavailable) else facts.apps.enabled
    return InstalledPackages(apps, facts.packages, partial(_read_app_release, config))


def _read_app_release(config: Configuration, requirement: str, module: str) -> AppRelease:
    if not config.resolve:
        raise UsageError(
            f"{requirement}: the settings forbid queries to the package index (resolve is False)."
        )
    try:
        seconds = config.resolve_timeout_seconds
        return read_app_release(requirement, module, build_limits(config), seconds)
    except ReleaseUnreadable as error:
        raise UsageError(f"{requirement}: {error}") from None


def pin_previous_packages(
    facts: Facts, prior: RollbackTarget, config: Configuration
) -> PinnedPackages | None:
    """Pin the previous packages. None if the steps install no list of packages."""
    previous, current, runtime = prior.packages, facts.packages, facts.runtime
    deployment = known_deployment(facts)
    if isinstance(previous, Unavailable) or isinstance(current, Unavailable):
        return None
    if isinstance(runtime, Unavailable) or deployment is None:
        return None
    if not uses_requirements_file(deployment.layout, whole=prior.is_whole):
        return None
    if not config.resolve:
        return pins_without_index(
            previous, current, "the settings forbid queries to the package index (resolve is False)"
        )
    seconds = config.resolve_timeout_seconds
    return lock_packages(previous, current, runtime.python, build_limits(config), seconds)
