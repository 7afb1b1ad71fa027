"""Build the target and start it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connections
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..app_settings import Configuration
from ..collect.context import explain
from ..collect.support.redaction import MIN_SECRET_LENGTH, redact_text
from ..collect.support.secret_values import find_secrets
from ..facts import Facts, Unavailable
from ..facts.resolution import Resolution
from ..facts.startup import Failure
from ..facts.trial_boot import TrialBoot
from ..target.inspect import (
    BuildLimits,
    inspect,
    inspect_installed,
    inspect_installed_customizations,
)
from ..target.isolation import LiveDatabase
from ..target.root_requirements import CORE, RootRequirements
from ..target.trial_boot import LiveInstallation
from ..upgrade.package_changes import package_changes
from ..upgrade.pending import has_pending_migrations
from .collection import collect
from .context import RunContext
from .early_start import EarlyStart, is_early_start_useful
from .installed_results import add_current_customizations, add_filter_results

UNUSED_SERVICES = (
    "CACHES",
    "CELERY_BROKER_READ_URL",
    "CELERY_BROKER_TRANSPORT_OPTIONS",
    "CELERY_BROKER_URL",
    "CELERY_BROKER_WRITE_URL",
    "CELERY_RESULT_BACKEND",
    "EMAIL_HOST_PASSWORD",
    "EVENT_BROKERS",
    "SENTRY_DSN",
    "STORAGE_CONFIG",
    "STORAGES",
)
"""Settings of services that the trial boot replaces. It needs no credential of them."""


def inspect_target(
    facts: Facts,
    roots: RootRequirements | Unavailable,
    resolution: Resolution | Unavailable,
    context: RunContext,
    progress: Callable[[str], None],
) -> TrialBoot | Unavailable:
    """Build and start the target, if the settings and the user's permissions allow it.

    A target that is installed is not built. It is started only if its migrations are pending.

    Args:
        facts: The facts of the live installation.
        roots: The root requirements, or why they are unavailable.
        resolution: The package set, or why it is unavailable.
        context: The validated request.
        progress: Called with the name of each stage before it starts.

    Returns:
        The trial boot, or why it is unavailable.
    """
    progress("target")
    if isinstance(resolution, Unavailable):
        return Unavailable(f"no set to build: {resolution.reason}")
    if isinstance(roots, Unavailable):
        return roots
    is_new_code = resolution.target != roots.installed_version(CORE) or any(
        package_changes(roots.packages, resolution)
    )
    if not is_new_code:
        if not has_pending_migrations(facts):
            return TrialBoot(resolution.target, facts, is_upgrade=False)
        start = partial(inspect_installed, resolution.target)
    elif reason := _build_refusal_reason(resolution, roots, context):
        return Unavailable(reason)
    else:
        start = partial(inspect, resolution, roots)
    live = _build_live_installation(roots, context.config)
    filter_results = collect(("filter_results",), context, progress).filter_results
    progress("target")  # The filters belong to the stage of the facts.
    limits = build_limits(context.config)
    is_early = is_new_code and is_early_start_useful(facts)
    with _create_early_start(roots, live, limits, is_early=is_early) as early:
        trial_boot = _boot(partial(start, live, limits, progress))
        if isinstance(trial_boot, Unavailable):
            return trial_boot
        if is_new_code:
            trial_boot = add_current_customizations(trial_boot, early.get_result, context, progress)
    return add_filter_results(trial_boot, filter_results, context, progress)


def _create_early_start(
    roots: RootRequirements, live: LiveInstallation, limits: BuildLimits, *, is_early: bool
) -> EarlyStart:
    release = roots.installed_version(CORE)
    start = partial(inspect_installed_customizations, release, live, limits.work_directory)
    return EarlyStart(start, limits.boot_seconds, is_early=is_early)


def _boot(start: Callable[[], TrialBoot | Unavailable]) -> TrialBoot | Unavailable:
    try:
        return _redact_trial_boot(start())
    except SoftTimeLimitExceeded:
        return Unavailable("the Job's soft time limit ended the run before the target was ready")
    except Exception as error:  # noqa: BLE001 - the rest of the report must not be lost
        return Unavailable(f"the target could not be started: {explain(error)}")


def _build_live_installation(roots: RootRequirements, config: Configuration) -> LiveInstallation:
    connection = connections[config.database_alias]
    return LiveInstallation(
        settings.SETTINGS_PATH,
        roots.enabled_apps,
        config.database_alias,
        config.statement_timeout_seconds,
        LiveDatabase(connection.vendor, connection.get_connection_params()),
        allow_network=config.allow_network,
        database_credentials=_find_credentials(("DATABASES",)),
        service_credentials=_find_credentials(UNUSED_SERVICES),
    )


def _find_credentials(names: Iterable[str]) -> frozenset[str]:
    """Return the secrets in settings that are long enough to be replaced in a text."""
    found = (
        secret for name in names for secret in find_secrets(name, getattr(settings, name, None))
    )
    return frozenset(secret for secret in found if len(secret) >= MIN_SECRET_LENGTH)


def _redact_trial_boot(trial_boot: TrialBoot | Unavailable) -> TrialBoot | Unavailable:
    """Redact the messages of the target's process, which may fail before it has the settings.

    Without settings, the process knows no secrets. Only failures are redacted, because the
    collectors have redacted the facts. The name of an App or a migration is kept, even if it is
    equal to a password by chance.
    """
    if isinstance(trial_boot, Unavailable):
        return Unavailable(redact_text(trial_boot.reason))
    return replace(
        trial_boot,
        failure=trial_boot.failure and _redact_failure(trial_boot.failure),
        app_load_failures=tuple(
            replace(failed, failure=_redact_failure(failed.failure))
            for failed in trial_boot.app_load_failures
        ),
    )


def _redact_failure(failure: Failure) -> Failure:
    return replace(
        failure,
        error=redact_text(failure.error),
        message=redact_text(failure.message),
        frames=tuple(
            replace(frame, file=redact_text(frame.file), function=redact_text(frame.function))
            for frame in failure.frames
        ),
    )


def _unknown_packages(roots: RootRequirements, config: Configuration) -> list[str]:
    """Return the requested packages that are neither installed nor allowed."""
    allowed = set(map(canonicalize_name, config.allowed_packages))
    requested = {canonicalize_name(Requirement(line).name) for line in roots.extra_requirements}
    return sorted(requested - allowed - {*roots.installed})


def _build_refusal_reason(
    resolution: Resolution,
    roots: RootRequirements,
    context: RunContext,
) -> str:
    config, request = context.config, context.request
    if not config.allow_build:
        return "the settings forbid building the target (allow_build is False)"
    if not request.may_build:
        return (
            "building the target installs and runs packages from the index, so it requires a "
            "superuser or the permission build_target on this Job"
        )
    if not request.build:
        return "the target was not built, because the request excluded this"
    if request.is_form and (unknown := _unknown_packages(roots, config)):
        return (
            f"{', '.join(unknown)}: not installed here. A Job builds only packages that are "
            "installed or that the App's setting allowed_packages names. Or run Preflight from a "
            "shell"
        )
    return "" if resolution.packages else "no package set was resolved for the target"


def build_limits(config: Configuration) -> BuildLimits:
    """Return the limits of building and starting the target, from the settings."""
    return BuildLimits(
        build_seconds=config.build_timeout_seconds,
        boot_seconds=config.boot_timeout_seconds,
        max_megabytes=config.build_megabytes,
        work_directory=config.work_directory,
        keep_builds=config.keep_builds,
        wheel_directory=config.wheel_directory,
    )
