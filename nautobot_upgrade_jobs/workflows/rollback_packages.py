"""The packages of the state to go back to: what is in them, and whether they can be had."""

from __future__ import annotations

from functools import partial

from ..app_settings import Configuration, UsageError
from ..facts import Facts, Unavailable
from ..facts.frozen import Frozen
from ..rollback.package_set import takes_a_list, unasked
from ..target.app_release import NotReadError, Release, look_into
from ..target.pins import freeze
from .rollback_destination import Destination, Installed
from .target_inspection import limits_of


def installed_here(facts: Facts, config: Configuration) -> Installed:
    """Return what is installed, and what looks into other releases of it."""
    apps = () if isinstance(facts.apps, Unavailable) else facts.apps.enabled
    return Installed(apps, facts.packages, partial(_look_into, config))


def _look_into(config: Configuration, requirement: str, module: str) -> Release:
    if not config.resolve:
        raise UsageError(f"{requirement}: the settings forbid asking the index (resolve is False).")
    try:
        seconds = config.resolve_timeout_seconds
        return look_into(requirement, module, limits_of(config), seconds)
    except NotReadError as error:
        raise UsageError(f"{requirement}: {error}") from None


def old_packages(facts: Facts, to: Destination, config: Configuration) -> Frozen | None:
    """Look whether the old packages can still be had; None where no list of them is installed."""
    then, now, runtime = to.packages, facts.packages, facts.runtime
    if isinstance(then, Unavailable) or isinstance(now, Unavailable):
        return None
    if isinstance(runtime, Unavailable) or not takes_a_list(runtime.layout, whole=to.is_whole):
        return None
    if not config.resolve:
        return unasked(then, now, "the settings forbid asking the index (resolve is False)")
    seconds = config.resolve_timeout_seconds
    return freeze(then, now, runtime.python, limits_of(config), seconds)
