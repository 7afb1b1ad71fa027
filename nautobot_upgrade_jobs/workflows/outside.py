"""Run Preflight from outside: for releases that this App does not support, from a host's shell.

This process loads neither Django nor Nautobot. The interpreter of the installation describes its
packages and its configuration. A trial boot of the target reads the database.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from packaging.version import Version

from .. import MINIMUM_NAUTOBOT
from ..app_settings import Configuration
from ..catalog import Catalog
from ..catalog.target_release import Target, TargetError, choose_target
from ..checks.registry import checks_for_stage
from ..checks.runner import UnknownCheckError, require_known_checks
from ..common.errors import UsageError
from ..common.urls import REDACTED
from ..facts import Database, Facts, Migrations, Settings, Unavailable
from ..facts.migrations import Migration
from ..facts.resolution import Resolution
from ..facts.runtime import Runtime
from ..facts.trial_boot import TrialBoot
from ..probes.target import TOPICS
from ..report import Report
from ..target.deadline import Deadline
from ..target.inspect import BuildLimits, inspect
from ..target.installation import Installation
from ..target.resolver import resolve
from ..target.root_requirements import RootRequirements
from ..target.trial_boot import LiveInstallation
from ..upgrade.pending import effective_source_release
from .context import RunRequest, parse_ids, parse_requirements, read_catalog
from .evidence import UpgradeEvidence
from .published_target import require_published_target
from .report_builder import build_preflight_report
from .stage_timer import CHECKS, PREFLIGHT_STAGES, StageTimer

ROW_TOPICS = ("database", "tables", "data", "legacy_data", "settings")
"""Topics of the installation that the code of the target can collect."""
FROM_INSIDE = Unavailable("only a process of the installed release can collect this")


@dataclass(frozen=True)
class OutsideState:
    """The installation from outside, the target, and what the trial boot found."""

    installation: Installation
    target: Target
    resolution: Resolution | Unavailable
    trial_boot: TrialBoot | Unavailable


def run_preflight_outside(
    request: RunRequest,
    installation: Installation,
    progress: Callable[[str], None] = lambda topic: None,
) -> Report:
    """Evaluate the upgrade of an installation whose code this process does not load.

    Args:
        request: The request of the operator.
        installation: The installation, as its own interpreter describes it.
        progress: Called with each stage before it begins.

    Returns:
        The report. What cannot be known from outside counts as not checked.

    Raises:
        UsageError: The request is invalid. Nothing was started.
    """
    timer = StageTimer(progress, PREFLIGHT_STAGES)
    catalog, checks = read_catalog(), checks_for_stage("preflight")
    exclude = parse_ids(request.exclude)
    try:
        if not request.target and Version(installation.release) < Version(MINIMUM_NAUTOBOT):
            raise UsageError(f"--target is required for Nautobot {installation.release}.")
        target = choose_target(catalog, installation.release, request.target)
        _require_supported_target(target)
        require_known_checks(exclude, checks)
        require_published_target(Configuration(), target, catalog)
    except (TargetError, UnknownCheckError) as error:
        raise UsageError(str(error)) from None
    state = _inspect(request, installation, target, timer)
    timer.begin(CHECKS)
    facts = build_facts(state, catalog)
    evidence = UpgradeEvidence(
        facts,
        effective_source_release(facts, target, catalog),
        catalog,
        state.resolution,
        state.trial_boot,
    )
    results = evidence.run(checks, exclude)
    report = build_preflight_report(evidence, results, acceptances=(), instance=platform.node())
    return timer.add_to(
        replace(
            report,
            packages=evidence.list_package_changes(),
            overview=evidence.build_overview(),
        )
    )


def _require_supported_target(target: Target) -> None:
    """Refuse a target whose code cannot run the collectors.

    Raises:
        UsageError: The target is older than the oldest supported release.
    """
    if Version(target.version) < Version(MINIMUM_NAUTOBOT):
        raise UsageError(
            f"--target: {target.version} is older than {MINIMUM_NAUTOBOT}. Preflight reads the "
            "rows with the code of the target, and supports no older one. Name the newest release "
            "of the line 2.4."
        )


def _inspect(
    request: RunRequest, installation: Installation, target: Target, progress: StageTimer
) -> OutsideState:
    """Resolve, build and start the target on the database of the installation."""
    config = Configuration()
    roots = RootRequirements(
        installation.packages,
        installation.apps,
        platform.python_version(),  # The environment of the target gets the Python of this process.
        tuple(parse_requirements(request.requirements)),
        installation.site_paths,
    )
    progress("resolution")
    resolution = resolve(roots, target.version, deadline=Deadline(config.resolve_timeout_seconds))
    if isinstance(resolution, Unavailable):
        reason = Unavailable(f"no set to build: {resolution.reason}")
        return OutsideState(installation, target, resolution, reason)
    progress("target")
    live = LiveInstallation(
        installation.config,
        installation.apps,
        "default",
        config.statement_timeout_seconds,
        installation.database,
        database_credentials=frozenset(
            filter(None, [str(installation.database.parameters.get("password") or "")])
        ),
        topics=(*TOPICS, *ROW_TOPICS),
    )
    limits = BuildLimits(
        config.build_timeout_seconds, config.boot_timeout_seconds, config.build_megabytes
    )
    trial_boot = mask_password(inspect(resolution, roots, live, limits, progress), installation)
    return OutsideState(installation, target, resolution, trial_boot)


def mask_password(
    trial_boot: TrialBoot | Unavailable, installation: Installation
) -> TrialBoot | Unavailable:
    """Return a trial boot without the database's password in what stopped a start.

    A start that fails before it has the settings knows no secrets. Facts have none.
    """
    password = str(installation.database.parameters.get("password") or "")

    def mask(text: str) -> str:
        return text.replace(password, REDACTED) if password else text

    if isinstance(trial_boot, Unavailable):
        return Unavailable(mask(trial_boot.reason))
    failure = trial_boot.failure
    return replace(
        trial_boot,
        failure=failure and replace(failure, message=mask(failure.message)),
        app_load_failures=tuple(
            replace(each, failure=replace(each.failure, message=mask(each.failure.message)))
            for each in trial_boot.app_load_failures
        ),
    )


def build_facts(state: OutsideState, catalog: Catalog | Unavailable) -> Facts:
    """Return the facts of the installation: from its own interpreter, and from the trial boot."""
    installation = state.installation
    rows = _get_rows(state)
    return Facts(
        **{topic: FROM_INSIDE for topic in Facts.topics() if topic not in ROW_TOPICS}
        | {topic: getattr(rows, topic) for topic in ROW_TOPICS}
        | {
            "runtime": _describe_runtime(installation),
            "database": _describe_database(rows.database),
            "settings": _describe_settings(rows.settings, installation),
            "packages": installation.packages,
            "apps": installation.apps,
            "migrations": _describe_history(rows.migrations, installation, catalog),
        }
    )


def _get_rows(state: OutsideState) -> Facts:
    """Return what the trial boot collected, or why it could not."""
    boot = state.trial_boot
    if isinstance(boot, Unavailable):
        reason = boot.reason
    elif boot.failure:
        reason = f"Nautobot {boot.target} did not start: see trial_boot.fails_to_start"
    else:
        return boot.facts
    return Facts(**dict.fromkeys((*ROW_TOPICS, "migrations"), Unavailable(reason)))


def _describe_database(database: Database | Unavailable) -> Database | Unavailable:
    """Return the database without the settings of new sessions.

    The relay of the trial boot has given its sessions other settings.
    """
    if isinstance(database, Unavailable):
        return database
    return replace(database, session_settings=FROM_INSIDE)


def _describe_settings(
    settings: Settings | Unavailable, installation: Installation
) -> Settings | Unavailable:
    """Return the settings that the configuration itself sets.

    The isolation of the trial boot has replaced others.
    """
    if isinstance(settings, Unavailable):
        return settings
    own = (each for each in settings.values if each.name in installation.settings)
    return replace(settings, values=tuple(own))


def _describe_runtime(installation: Installation) -> Runtime:
    return Runtime(
        nautobot=installation.release,
        python=installation.python,
        operating_system=platform.platform(terse=True),
        prefix=installation.prefix,
        today=datetime.now(timezone.utc).date().isoformat(),
        cores=len(os.sched_getaffinity(0)),
        config_file=installation.config,
        load=os.getloadavg()[0],
    )


def _describe_history(
    migrations: Migrations | Unavailable,
    installation: Installation,
    catalog: Catalog | Unavailable,
) -> Migrations | Unavailable:
    """Return the recorded migrations with the files that the installed release has.

    The catalog has those of Nautobot. The files of the Apps are unknown, so what is recorded
    counts as their files.
    """
    if isinstance(migrations, Unavailable):
        return migrations
    own = None if isinstance(catalog, Unavailable) else catalog.migrations(installation.release)
    if own is None or isinstance(catalog, Unavailable):
        return Unavailable(f"the catalog does not contain Nautobot {installation.release}")
    others = (key for key in migrations.recorded if key.partition(".")[0] not in catalog.core_apps)
    keys = [*sorted(own), *others]
    return Migrations(
        tuple(_chain(keys)),
        migrations.recorded,
        tuple(dict.fromkeys(key.partition(".")[0] for key in keys)),
    )


def _chain(keys: Iterable[str]) -> Iterator[Migration]:
    """Yield migrations of which each depends on the one before it in its App.

    The catalog has only names, and Django numbers the migrations of an App in their order.
    """
    last: dict[str, str] = {}
    for key in keys:
        app = key.partition(".")[0]
        yield Migration(key, (last[app],) if app in last else (), ())
        last[app] = key
