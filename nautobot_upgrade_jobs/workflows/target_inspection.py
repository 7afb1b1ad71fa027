"""The target as a state: what the package index has for it, and what it is from inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from ..app_settings import Configuration
from ..catalog import Catalog
from ..catalog.target_release import Target
from ..collect import explain
from ..collect.support.redaction import scrub
from ..facts import Facts, MissingFactError, Unavailable, known
from ..facts.booted import Booted
from ..facts.resolution import Resolution
from ..facts.startup import Failure
from ..target.inspect import Limits, look_inside
from ..target.resolver import resolve
from ..target.root_requirements import CORE, Wishes
from ..target.trial_boot import Live
from ..upgrade.package_changes import package_changes
from .context import Request, Understood


def foresee(
    facts: Facts,
    target: Target,
    request: Request,
    asked: Understood,
    progress: Callable[[str], None],
) -> tuple[Resolution | Unavailable, Booted | Unavailable]:
    """Resolve the target, build it and look at it, as far as settings and user allow.

    Args:
        facts: What is known of the live installation.
        target: Where it is to go.
        request: What the operator asked for.
        asked: What that means here.
        progress: Called with what comes next.

    Returns:
        The set, and the target as it starts; each, or why nobody knows.
    """
    progress("resolution")
    wishes = _wishes(facts, asked)
    resolution = _resolution(wishes, target, asked)
    progress("target")
    return resolution, _booted(facts, wishes, resolution, request, asked)


def _wishes(facts: Facts, asked: Understood) -> Wishes | Unavailable:
    try:
        python = known(facts.runtime).python
        return Wishes(known(facts.packages), known(facts.apps), python, asked.requirements)
    except MissingFactError as error:
        return Unavailable(str(error))


def _resolution(
    wishes: Wishes | Unavailable, target: Target, asked: Understood
) -> Resolution | Unavailable:
    """Ask the package index for the set, unless the settings forbid it."""
    config = asked.config
    if not config.resolve:
        return Unavailable("the settings forbid asking the package index (resolve is False)")
    if isinstance(wishes, Unavailable):
        return wishes
    try:
        return resolve(
            wishes,
            target.version,
            seconds=config.resolve_timeout_seconds,
            wheel_directory=config.wheel_directory,
            lines=() if target.chosen else _lines(target, asked.catalog),
        )
    except SoftTimeLimitExceeded:
        return Unavailable("the Job's soft time limit ended the run before the index had answered")


def _booted(
    facts: Facts,
    wishes: Wishes | Unavailable,
    resolution: Resolution | Unavailable,
    request: Request,
    asked: Understood,
) -> Booted | Unavailable:
    """Look at the target from inside, for those who may; what is installed is looked at already."""
    if isinstance(resolution, Unavailable):
        return Unavailable(f"no set to build: {resolution.reason}")
    if isinstance(wishes, Unavailable):
        return wishes
    if resolution.target == wishes.version(CORE) and not any(
        package_changes(wishes.packages, resolution)
    ):
        return Booted(resolution.target, facts, built=False)
    if reason := _why_not_build(resolution, request, asked.config):
        return Unavailable(reason)
    live = Live(
        settings.SETTINGS_PATH,
        wishes.enabled,
        asked.config.database_alias,
        asked.config.statement_timeout_seconds,
    )
    try:
        return _without_secrets(look_inside(resolution, wishes, live, limits_of(asked.config)))
    except SoftTimeLimitExceeded:
        return Unavailable("the Job's soft time limit ended the run before the target was ready")
    except Exception as error:  # noqa: BLE001 - the rest of the report must not be lost
        return Unavailable(f"the target could not be looked at: {explain(error)}")


def _without_secrets(found: Booted | Unavailable) -> Booted | Unavailable:
    """Scrub what the target's process could not: with no settings loaded, it knows no secrets.

    Messages only; its facts have been scrubbed by their collectors, and names of Apps and
    migrations are no texts: one may well be somebody's password, too.
    """
    if isinstance(found, Unavailable):
        return Unavailable(scrub(found.reason))
    return replace(
        found,
        failure=found.failure and _scrubbed(found.failure),
        refusals=tuple(replace(one, failure=_scrubbed(one.failure)) for one in found.refusals),
    )


def _scrubbed(failure: Failure) -> Failure:
    return replace(failure, message=scrub(failure.message))


def _why_not_build(resolution: Resolution, request: Request, config: Configuration) -> str:
    if not config.allow_build:
        return "the settings forbid building the target (allow_build is False)"
    if not request.may_build:
        return (
            "building the target installs and runs what the package index gives: only superusers, "
            "and users with the permission build_target on this Job, may"
        )
    if not request.build:
        return "the target was not built, on request"
    return "" if resolution.packages else "there is no set for the target that could be built"


def limits_of(config: Configuration) -> Limits:
    """Return what building and starting may take, and where, by the settings."""
    return Limits(
        build_seconds=config.build_timeout_seconds,
        boot_seconds=config.boot_timeout_seconds,
        megabytes=config.build_megabytes,
        work_directory=config.work_directory,
        keep=config.keep_builds,
        wheel_directory=config.wheel_directory,
    )


def _lines(target: Target, catalog: Catalog | Unavailable) -> tuple[str, ...]:
    """Return the lines that an operator may choose from: the installed one, and those that live."""
    if isinstance(catalog, Unavailable):
        return ()
    own = catalog.line(target.installed)
    return tuple(line.name for line in catalog.lines if line is own or line.living)
