"""Run Preflight and build the report, for the Job and the command."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from ..checks.findings import Verdict
from ..checks.registry import Check, checks_for_stage, required_topics
from ..checks.release_notes import triage_release_notes
from ..collect.rollback.database_state import migration_fingerprint
from ..common.errors import UsageError
from ..common.files import CONSTRAINTS
from ..facts import Unavailable, or_none
from ..facts.resolution import Resolution
from ..facts.trial_boot import TrialBoot
from ..report import Report
from ..rollback.options import RollbackDecision
from ..upgrade.pending import effective_source_release
from .backup_argument import read_backup_argument
from .collection import collect, collect_site, read_database_state
from .context import RunContext, RunRequest, resolve_request
from .evidence import UpgradeEvidence
from .published_target import require_published_target
from .report_builder import build_preflight_report
from .stage_timer import CHECKS, PREFLIGHT_STAGES, StageTimer
from .target_inspection import inspect_target
from .target_resolution import ROOT_TOPICS, TargetResolution

TARGET_TOPICS = ("migrations",)
"""Topics that show from which release the rows are, whatever the checks read."""
NOT_READ = Unavailable("no check of this run needs it")


def run_preflight(
    request: RunRequest, progress: Callable[[str], None] = lambda topic: None
) -> Report:
    """Evaluate the upgrade of this installation to a target.

    Args:
        request: The request of the operator.
        progress: Called with each topic before it is collected.

    Returns:
        The report, including what could not be collected.

    Raises:
        UsageError: The request or the App's settings are invalid. Nothing has been collected.
    """
    timer = StageTimer(progress, _plan_stages(request))
    stage_checks = checks_for_stage("preflight")
    context = resolve_request(request, stage_checks)
    checks = context.select(stage_checks)
    evidence = _gather_evidence(context, checks, timer)
    timer.begin(CHECKS)
    results = evidence.run(checks, context.exclude)
    report = build_preflight_report(
        evidence, results, acceptances=context.acceptances, instance=context.config.label
    )
    if context.only:
        return timer.add_to(_limit(report, context.only))
    return timer.add_to(_mark_up_to_date(_add_sections(report, context, evidence), evidence))


def _add_sections(report: Report, context: RunContext, evidence: UpgradeEvidence) -> Report:
    """Add what describes the upgrade: release notes, packages, rollback options and the plan."""
    resolution = evidence.resolution
    return replace(
        _add_release_notes(report, evidence),
        packages=evidence.list_package_changes(),
        overview=evidence.build_overview(),
        rollback_decision=_add_backup(evidence),
        runbook=evidence.build_runbook(
            context.config.wheel_directory, (each.finding for each in report.scheduled)
        ),
        database_state=_describe_database(context),
        package_files={
            CONSTRAINTS: "" if isinstance(resolution, Unavailable) else resolution.constraints
        },
    )


def _limit(report: Report, only: Collection[str]) -> Report:
    """Return the report of a run that is limited to some checks. It never permits an upgrade."""
    verdict = report.verdict if report.verdict is Verdict.BLOCKED else Verdict.INCOMPLETE
    return replace(report, only=tuple(sorted(only)), verdict=verdict)


def _plan_stages(request: RunRequest) -> tuple[str, ...]:
    return PREFLIGHT_STAGES if request.build else (*PREFLIGHT_STAGES[:2], CHECKS)


def _mark_up_to_date(report: Report, evidence: UpgradeEvidence) -> Report:
    """Replace the verdict if there is nothing to upgrade. Nothing can then stop the upgrade.

    Without a start of the release, migrations of Apps are unknown.
    """
    is_known = not isinstance(evidence.trial_boot, Unavailable)
    is_done = is_known and report.has_nothing_to_upgrade
    return replace(report, verdict=Verdict.UP_TO_DATE) if is_done else report


def _gather_evidence(
    context: RunContext,
    checks: Iterable[Check],
    progress: Callable[[str], None],
) -> UpgradeEvidence:
    """Collect what the checks read of the installation, and inspect the target if one reads it."""
    checks = tuple(checks)
    read = {kind for check in checks for kind in check.reads}
    topics = dict.fromkeys((*required_topics(checks), *TARGET_TOPICS))
    require_published_target(context.config, context.target, context.catalog)
    given_backup = read_backup_argument(
        context.request.backup, context.config.snapshot_timeout_seconds
    )
    first = collect(ROOT_TOPICS, context, progress)
    with TargetResolution(first, context) as resolving:
        others = collect([each for each in topics if each not in ROOT_TOPICS], context, progress)
        resolution = _wait(resolving, progress) if read & {Resolution, TrialBoot} else NOT_READ
    facts = replace(others, **{topic: getattr(first, topic) for topic in ROOT_TOPICS})
    target = effective_source_release(facts, context.target, context.catalog)
    trial_boot = (
        inspect_target(facts, resolving.roots, resolution, context, progress)
        if TrialBoot in read
        else NOT_READ
    )
    return UpgradeEvidence(
        facts,
        target,
        context.catalog,
        resolution,
        trial_boot,
        given_backup,
        context.request.rehearsals,
        collect_site(context),
    )


def _wait(resolving: TargetResolution, progress: Callable[[str], None]) -> Resolution | Unavailable:
    progress("resolution")
    return resolving.wait()


def _add_backup(evidence: UpgradeEvidence) -> RollbackDecision | None:
    decision = or_none(evidence.rollback)
    return replace(decision, backup=evidence.backup) if decision else None


def _describe_database(context: RunContext) -> str:
    """Return the state that the upgrade script expects. Empty if the database cannot be read.

    The number of changes is left out: users go on working between Preflight and the window.
    """
    try:
        return read_database_state(context.config, migration_fingerprint)
    except UsageError:
        return ""


def _add_release_notes(report: Report, evidence: UpgradeEvidence) -> Report:
    """Add the release notes up to the target, each with the findings that it concerns."""
    trial_boot = evidence.trial_boot
    if isinstance(trial_boot, Unavailable):
        return replace(report, notes_unavailable_reason=trial_boot.reason)
    notes = trial_boot.release_notes
    if isinstance(notes, Unavailable):
        reason = notes.reason if trial_boot.is_upgrade else "there are no new releases"
        return replace(report, notes_unavailable_reason=reason)
    return replace(
        report,
        release_notes=triage_release_notes(notes, report.results, evidence.facts),
        distributions_without_notes=notes.distributions_without_notes,
    )
