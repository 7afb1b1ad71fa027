"""Run Verify Migrations and build the report, for the Job and the command."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timezone
from importlib.metadata import version as installed_version

from django.db import Error as DatabaseError
from django.db.migrations.recorder import MigrationRecorder

from ..checks.expectation_parser import ExpectationError, Expectations, parse_expectations
from ..checks.findings import CheckResult, Status
from ..checks.registry import Check, checks_for_stage, required_topics
from ..checks.runner import run_checks
from ..collect import collect_facts
from ..collect.db.read_only_session import read_only_session
from ..common.errors import UsageError
from ..facts import Facts, Unavailable
from ..report import Report
from ..snapshot.compare import Change
from ..snapshot.file_format import Snapshot
from .collection import collect_site
from .compare import evaluate_changes, format_timestamp
from .context import RunContext, RunRequest, resolve_request
from .report_builder import build_report
from .scored_prediction import add_score, require_prediction_of
from .stage_timer import CHECKS, StageTimer

LATER_TOPICS = ("post_upgrade", "web", "workers")
WHY_LATER = "the services are stopped, and post_upgrade has not run"


def verify_migrations(
    request: RunRequest,
    progress: Callable[[str], None] = lambda topic: None,
    *,
    expectations: str = "",
    before: Snapshot | None = None,
    stopped: bool = False,
) -> Report:
    """Check that the upgrade to the installed release is complete and correct.

    Args:
        request: The checks to run. The target is always the installed release.
        progress: Called with each topic before it is collected.
        expectations: The objects that must exist, one per line.
        before: The state before the upgrade, to report what was lost since then.
        stopped: Whether the services are stopped and ``post_upgrade`` has not run.

    Returns:
        The report, including what could not be collected.

    Raises:
        UsageError: The request or the App's settings are invalid. Nothing has been collected.
    """
    timer = StageTimer(progress)
    checks = checks_for_stage("verify")
    context = resolve_request(replace(request, target=installed_version("nautobot")), checks)
    expected = _parse_expectations(expectations)
    installed = context.target.installed
    require_prediction_of(request.predicted, installed)
    topics = Facts.topics() if before else required_topics(checks)
    facts = _collect_facts(context, topics, timer)
    timer.begin(CHECKS)
    results = _run_checks(context, facts, checks, expected)
    since, changes = _compare_with_baseline(before, facts, context) if before else ((), ())
    report = build_report(
        (*(map(_expect_later, results) if stopped else results), *since),
        kind="verify",
        release=context.target.version,
        acceptances=context.acceptances,
        catalog=context.catalog,
        instance=context.config.label,
        current=f"Nautobot {installed}",
        target=f"Nautobot {installed}",
        installed_version=installed,
        target_version=installed,
    )
    baseline = f"{before.instance}, {format_timestamp(before)}" if before else ""
    report = replace(report, baseline=baseline, changes=changes)
    return timer.add_to(_add_score(report, facts, context))


def _parse_expectations(text: str) -> Expectations:
    try:
        return parse_expectations(text)
    except ExpectationError as error:
        raise UsageError(str(error)) from None


def _add_score(report: Report, facts: Facts, context: RunContext) -> Report:
    predicted = context.request.predicted
    seconds = _measure_migrations(predicted.migrations or (), context) if predicted else None
    return add_score(report, predicted, facts, seconds)


def _measure_migrations(migrations: Collection[str], context: RunContext) -> float | None:
    """Return the seconds that some migrations took. None if unknown.

    The database records only when a migration ends, so the first counts as the mean of the others.
    """
    config = context.config
    try:
        with read_only_session(
            config.statement_timeout_seconds, config.database_alias
        ) as connection:
            applied = MigrationRecorder(connection).applied_migrations().items()
    except DatabaseError:
        return None
    times = [record.applied for (app, name), record in applied if f"{app}.{name}" in migrations]
    others = len(times) - 1
    return (max(times) - min(times)).total_seconds() * len(times) / others if others > 0 else None


def _run_checks(
    context: RunContext, facts: Facts, checks: tuple[Check, ...], expected: Expectations
) -> tuple[CheckResult, ...]:
    return run_checks(
        facts,
        context.target,
        context.catalog,
        context.exclude,
        checks,
        expected,
        site=collect_site(context),
    )


def _expect_later(result: CheckResult) -> CheckResult:
    """Return the result of a check while the services are stopped."""
    if result.topic not in LATER_TOPICS:
        return result
    return replace(result, status=Status.NOT_APPLICABLE, reason=WHY_LATER, findings=())


def _collect_facts(
    context: RunContext,
    topics: Collection[str],
    progress: Callable[[str], None],
) -> Facts:
    """Collect the facts. If fingerprints are collected, use the longer timeout of snapshots."""
    timeout = context.config.statement_timeout_seconds
    if "fingerprints" in topics:
        timeout = context.config.snapshot_timeout_seconds
    return collect_facts(
        statement_timeout_seconds=timeout,
        database_alias=context.config.database_alias,
        own_job_result=context.request.own_job_result,
        topics=topics,
        depth="buckets",
        wait_seconds=context.request.wait_seconds,
        progress=progress,
    )


def _compare_with_baseline(
    before: Snapshot, facts: Facts, context: RunContext
) -> tuple[tuple[CheckResult, ...], tuple[Change, ...]]:
    """Compare the state before the upgrade with the current state."""
    if isinstance(context.catalog, Unavailable):
        raise UsageError(context.catalog.reason)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    current = Snapshot(context.config.label, now, before.tool, facts)
    return evaluate_changes(before, current, context.catalog)
