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
from ..collect.support.redaction import redact_text
from ..facts import Facts, FactUnavailable, Unavailable, require
from ..facts.resolution import Resolution
from ..facts.startup import Failure
from ..facts.trial_boot import TrialBoot
from ..target.inspect import BuildLimits, inspect
from ..target.resolver import resolve
from ..target.root_requirements import CORE, RootRequirements
from ..target.trial_boot import LiveInstallation
from ..upgrade.package_changes import package_changes
from .context import RunContext, RunRequest


def inspect_target(
    facts: Facts,
    target: Target,
    request: RunRequest,
    asked: RunContext,
    progress: Callable[[str], None],
) -> tuple[Resolution | Unavailable, TrialBoot | Unavailable]:
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
    wishes = _build_root_requirements(facts, asked)
    resolution = _resolve_target(wishes, target, asked)
    progress("target")
    return resolution, _run_trial_boot(facts, wishes, resolution, request, asked)


def _build_root_requirements(facts: Facts, asked: RunContext) -> RootRequirements | Unavailable:
    try:
        python = require(facts.runtime).python
        return RootRequirements(
            require(facts.packages), require(facts.apps), python, asked.requirements
        )
    except FactUnavailable as error:
        return Unavailable(str(error))


def _resolve_target(
    wishes: RootRequirements | Unavailable, target: Target, asked: RunContext
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
            lines=() if target.chosen else _list_candidate_lines(target, asked.catalog),
        )
    except SoftTimeLimitExceeded:
        return Unavailable("the Job's soft time limit ended the run before the index had answered")


def _run_trial_boot(
    facts: Facts,
    wishes: RootRequirements | Unavailable,
    resolution: Resolution | Unavailable,
    request: RunRequest,
    asked: RunContext,
) -> TrialBoot | Unavailable:
    """Look at the target from inside, for those who may; what is installed is looked at already."""
    if isinstance(resolution, Unavailable):
        return Unavailable(f"no set to build: {resolution.reason}")
    if isinstance(wishes, Unavailable):
        return wishes
    if resolution.target == wishes.installed_version(CORE) and not any(
        package_changes(wishes.packages, resolution)
    ):
        return TrialBoot(resolution.target, facts, is_separate_environment=False)
    if reason := _build_refusal_reason(resolution, request, asked.config):
        return Unavailable(reason)
    live = LiveInstallation(
        settings.SETTINGS_PATH,
        wishes.enabled_apps,
        asked.config.database_alias,
        asked.config.statement_timeout_seconds,
    )
    try:
        return _redact_trial_boot(inspect(resolution, wishes, live, build_limits(asked.config)))
    except SoftTimeLimitExceeded:
        return Unavailable("the Job's soft time limit ended the run before the target was ready")
    except Exception as error:  # noqa: BLE001 - the rest of the report must not be lost
        return Unavailable(f"the target could not be looked at: {explain(error)}")


def _redact_trial_boot(found: TrialBoot | Unavailable) -> TrialBoot | Unavailable:
    """Scrub what the target's process could not: with no settings loaded, it knows no secrets.

    Messages only; its facts have been scrubbed by their collectors, and names of Apps and
    migrations are no texts: one may well be somebody's password, too.
    """
    if isinstance(found, Unavailable):
        return Unavailable(redact_text(found.reason))
    return replace(
        found,
        failure=found.failure and _redact_failure(found.failure),
        app_load_failures=tuple(
            replace(one, failure=_redact_failure(one.failure)) for one in found.app_load_failures
        ),
    )


def _redact_failure(failure: Failure) -> Failure:
    return replace(failure, message=redact_text(failure.message))


def _build_refusal_reason(
    resolution: Resolution, request: RunRequest, config: Configuration
) -> str:
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


def build_limits(config: Configuration) -> BuildLimits:
    """Return what building and starting may take, and where, by the settings."""
    return BuildLimits(
        build_seconds=config.build_timeout_seconds,
        boot_seconds=config.boot_timeout_seconds,
        max_megabytes=config.build_megabytes,
        work_directory=config.work_directory,
        keep_builds=config.keep_builds,
        wheel_directory=config.wheel_directory,
    )


def _list_candidate_lines(target: Target, catalog: Catalog | Unavailable) -> tuple[str, ...]:
    """Return the lines that an operator may choose from: the installed one, and those that live."""
    if isinstance(catalog, Unavailable):
        return ()
    own = catalog.line(target.installed)
    return tuple(line.name for line in catalog.lines if line is own or line.maintained)
