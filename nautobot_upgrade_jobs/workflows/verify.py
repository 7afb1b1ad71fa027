"""Verify Migrations from request to report: the line that the Job and the command share."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timezone
from importlib.metadata import version as installed_version

from ..app_settings import UsageError
from ..checks.expectation_parser import ExpectationError, parse_expectations
from ..checks.findings import CheckResult
from ..checks.registry import checks_for_stage, required_topics
from ..checks.runner import run_checks
from ..collect import collect_facts
from ..facts import Facts, Unavailable
from ..report import Report
from ..snapshot.compare import Change
from ..snapshot.file_format import Snapshot
from .compare import evaluate_changes, format_timestamp
from .context import RunContext, RunRequest, resolve_request
from .report_builder import build_report


def verify_migrations(
    request: RunRequest,
    progress: Callable[[str], None] = lambda topic: None,
    *,
    expectations: str = "",
    before: Snapshot | None = None,
) -> Report:
    """Judge whether the upgrade to the installed release is finished and sound.

    Args:
        request: What to judge; the target is always the installed release.
        progress: Called with each topic before it is collected.
        expectations: What is to be there, one a line; see ``checks/expectations.py``.
        before: The state before the upgrade: what was lost since then is found, too.

    Returns:
        The report, whatever could and could not be collected.

    Raises:
        UsageError: The request or the App's settings make no sense; nothing has been collected.
    """
    started = time.monotonic()
    checks = checks_for_stage("verify")
    asked = resolve_request(replace(request, target=installed_version("nautobot")), checks)
    try:
        expected = parse_expectations(expectations)
    except ExpectationError as error:
        raise UsageError(str(error)) from None
    wanted = Facts.topics() if before else required_topics(checks)
    facts = _collect_facts(asked, request, wanted, progress)
    results = run_checks(facts, asked.target, asked.catalog, asked.exclude, checks, expected)
    since: tuple[CheckResult, ...] = ()
    changes: tuple[Change, ...] = ()
    if before:
        since, changes = _compare_with_baseline(before, facts, asked)
    return build_report(
        (*results, *since),
        kind="verify",
        release=asked.target.version,
        acceptances=asked.acceptances,
        catalog=asked.catalog,
        instance=asked.config.label,
        current=f"Nautobot {asked.target.installed}",
        target=f"Nautobot {asked.target.installed}",
        baseline=f"{before.instance}, {format_timestamp(before)}" if before else "",
        migrations=None,
        changes=changes,
        seconds=time.monotonic() - started,
    )


def _collect_facts(
    asked: RunContext,
    request: RunRequest,
    topics: Collection[str],
    progress: Callable[[str], None],
) -> Facts:
    """Collect; fingerprints of large tables may take longer than a query for a check."""
    timeout = asked.config.statement_timeout_seconds
    if "fingerprints" in topics:
        timeout = asked.config.snapshot_timeout_seconds
    return collect_facts(
        statement_timeout_seconds=timeout,
        database_alias=asked.config.database_alias,
        own_job_result=request.own_job_result,
        topics=topics,
        depth="buckets",
        progress=progress,
    )


def _compare_with_baseline(
    before: Snapshot, facts: Facts, asked: RunContext
) -> tuple[tuple[CheckResult, ...], tuple[Change, ...]]:
    """Compare the state before the upgrade with the present one."""
    if isinstance(asked.catalog, Unavailable):
        raise UsageError(asked.catalog.reason)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    present = Snapshot(asked.config.label, now, before.tool, facts)
    return evaluate_changes(before, present, asked.catalog)
