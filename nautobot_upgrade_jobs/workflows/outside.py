"""Run Preflight from outside: for releases that this App does not support, from a host's shell.

This process loads neither Django nor Nautobot. The interpreter of the installation describes its
packages and its configuration. A trial boot of the target reads the database.
"""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from packaging.version import Version

from .. import MINIMUM_NAUTOBOT
from ..app_settings import APP, Configuration
from ..catalog import Catalog
from ..catalog.target_release import Target, TargetError, choose_target
from ..checks.registry import checks_for_stage
from ..common.errors import UsageError
from ..common.files import CONSTRAINTS
from ..common.urls import REDACTED
from ..facts import Unavailable
from ..facts.backup_record import GivenBackup
from ..facts.fingerprints import FingerprintDepth
from ..facts.trial_boot import TrialBoot
from ..probes.target import TOPICS
from ..report import Report
from ..runbook.tool_commands import OutsideTool
from ..target.deadline import Deadline
from ..target.inspect import BuildLimits, inspect
from ..target.installation import Installation
from ..target.resolver import resolve
from ..target.root_requirements import RootRequirements
from ..target.trial_boot import LiveInstallation
from ..upgrade.pending import effective_source_release
from .backup_argument import read_backup_argument
from .context import RunRequest, parse_check_options, parse_requirements, read_catalog
from .evidence import UpgradeEvidence
from .outside_facts import (
    ROW_TOPICS,
    OutsideState,
    build_facts,
    hide_unknown_host,
    limit_to_database,
)
from .published_target import require_published_target
from .report_builder import build_preflight_report
from .stage_timer import CHECKS, PREFLIGHT_STAGES, StageTimer


@dataclass(frozen=True)
class Reading:
    """What the target reads of the installation, and its time limits."""

    topics: tuple[str, ...]
    statement_seconds: int
    boot_seconds: int
    depth: FingerprintDepth = "content"


PREFLIGHT_READING = Reading(
    (*TOPICS, *ROW_TOPICS),
    Configuration.statement_timeout_seconds,
    Configuration.boot_timeout_seconds,
)


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
    target = choose_supported_target(request, installation, catalog)
    exclude, acceptances = parse_check_options(request, checks, target.version)
    backup = read_backup_argument(request.backup, Configuration.snapshot_timeout_seconds)
    state = inspect_outside(request, installation, target, timer, PREFLIGHT_READING)
    timer.begin(CHECKS)
    evidence = _build_evidence(state, catalog, backup, request)
    results = evidence.run(checks, exclude)
    report = build_preflight_report(
        evidence, results, acceptances=acceptances, instance=platform.node()
    )
    return timer.add_to(_add_sections(report, evidence, request.wheel_directory))


def _add_sections(report: Report, evidence: UpgradeEvidence, wheel_directory: str) -> Report:
    """Add what describes the upgrade: packages, path and plan."""
    resolution = evidence.resolution
    scheduled = (each.finding for each in report.scheduled)
    return replace(
        report,
        packages=evidence.list_package_changes(),
        overview=evidence.build_overview(),
        runbook=evidence.build_runbook(wheel_directory, scheduled),
        package_files={
            CONSTRAINTS: "" if isinstance(resolution, Unavailable) else resolution.constraints
        },
    )


def _build_evidence(
    state: OutsideState, catalog: Catalog | Unavailable, backup: GivenBackup, request: RunRequest
) -> UpgradeEvidence:
    facts = hide_unknown_host(build_facts(state, catalog), state.installation)
    return UpgradeEvidence(
        facts,
        effective_source_release(facts, state.target, catalog),
        catalog,
        state.resolution,
        state.trial_boot,
        backup,
        request.rehearsals,
        outside=_describe_tool(state, request),
    )


def _describe_tool(state: OutsideState, request: RunRequest) -> OutsideTool:
    """Return how a plan calls this tool. After an upgrade, a link leads to the new release."""
    installation = state.installation
    is_old = Version(installation.release) < Version(MINIMUM_NAUTOBOT)
    required = [
        word for line in parse_requirements(request.requirements) for word in ("--require", line)
    ]
    wheels = ["--wheel-directory", request.wheel_directory] if request.wheel_directory else []
    return OutsideTool(
        program=f"{shlex.quote(sys.executable)} -m {APP}",
        config=installation.name_by_link(installation.config),
        interpreter=installation.name_by_link(installation.interpreter),
        target=state.target.version if is_old else "",
        media=installation.place.media_root if installation.place else "",
        environment_file=installation.environment_file,
        build_options=(*required, *wheels),
    )


def choose_supported_target(
    request: RunRequest, installation: Installation, catalog: Catalog | Unavailable
) -> Target:
    """Return the target, whose code must be able to run the collectors.

    Raises:
        UsageError: The target is missing or unknown, or older than the oldest supported release.
    """
    if not request.target and Version(installation.release) < Version(MINIMUM_NAUTOBOT):
        raise UsageError(f"--target is required for Nautobot {installation.release}.")
    try:
        target = choose_target(catalog, installation.release, request.target)
    except TargetError as error:
        raise UsageError(str(error)) from None
    if Version(target.version) < Version(MINIMUM_NAUTOBOT):
        raise UsageError(
            f"--target: {target.version} is older than {MINIMUM_NAUTOBOT}. Preflight reads the "
            "rows with the code of the target, and supports no older one. Name the newest release "
            "of the line 2.4."
        )
    require_published_target(Configuration(), target, catalog)
    return target


def inspect_outside(
    request: RunRequest,
    installation: Installation,
    target: Target,
    progress: StageTimer,
    reading: Reading,
) -> OutsideState:
    """Resolve, build and start the target on the database of the installation.

    Args:
        request: The request of the operator.
        installation: The installation.
        target: The target.
        progress: Called with each stage before it begins.
        reading: What the target reads.

    Returns:
        The package set and what the target has read, or why they are unavailable.
    """
    config = Configuration()
    roots = build_roots(request, installation)
    progress("resolution")
    resolution = resolve(
        roots,
        target.version,
        deadline=Deadline(config.resolve_timeout_seconds),
        wheel_directory=request.wheel_directory,
    )
    if isinstance(resolution, Unavailable):
        reason = Unavailable(f"no set to build: {resolution.reason}")
        return OutsideState(installation, target, resolution, reason)
    progress("target")
    live = build_live_installation(installation, reading)
    limits = BuildLimits(
        config.build_timeout_seconds,
        reading.boot_seconds,
        config.build_megabytes,
        keep_builds=config.keep_builds,
        wheel_directory=request.wheel_directory,
    )
    trial_boot = mask_password(inspect(resolution, roots, live, limits, progress), installation)
    if installation.releases:
        trial_boot = limit_to_database(trial_boot)
    return OutsideState(installation, target, resolution, trial_boot)


def build_roots(request: RunRequest, installation: Installation) -> RootRequirements:
    """Return the root requirements of the installation and of the request."""
    return RootRequirements(
        installation.packages,
        installation.apps,
        platform.python_version(),  # The environment of the target gets the Python of this process.
        tuple(parse_requirements(request.requirements)),
        installation.site_paths,
        is_new_environment=not _has_this_python(installation),
    )


def _has_this_python(installation: Installation) -> bool:
    """Return whether packages of the installation can be used by the Python of this process."""
    return installation.python.split(".")[:2] == platform.python_version().split(".")[:2]


def build_live_installation(installation: Installation, reading: Reading) -> LiveInstallation:
    """Describe an installation to a trial boot, with what it reads there."""
    return LiveInstallation(
        installation.config,
        installation.apps,
        "default",
        reading.statement_seconds,
        installation.database,
        database_credentials=frozenset(
            filter(None, [str(installation.database.parameters.get("password") or "")])
        ),
        topics=reading.topics,
        depth=reading.depth,
    )


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
