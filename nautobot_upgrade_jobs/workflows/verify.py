"""Verify Migrations from request to report: the line that the Job and the command share."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timezone
from importlib.metadata import version as installed_version

from ..app_settings import UsageError
from ..checks.expectation_parser import ExpectationError, from_text
from ..checks.findings import CheckResult
from ..checks.registry import checks_for, needed_topics
from ..checks.runner import judge
from ..collect import collect_facts
from ..facts import Facts, Unavailable
from ..report import Report
from ..snapshot.compare import Change
from ..snapshot.file_format import Snapshot
from .compare import judge_changes, moment
from .context import Request, Understood, understand
from .report_builder import report_on


def verify(
    request: Request,
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
    checks = checks_for("after")
    asked = understand(replace(request, target=installed_version("nautobot")), checks)
    try:
        expected = from_text(expectations)
    except ExpectationError as error:
        raise UsageError(str(error)) from None
    wanted = Facts.topics() if before else needed_topics(checks)
    facts = _collected(asked, request, wanted, progress)
    results = judge(facts, asked.target, asked.catalog, asked.exclude, checks, expected)
    since: tuple[CheckResult, ...] = ()
    changes: tuple[Change, ...] = ()
    if before:
        since, changes = _since(before, facts, asked)
    return report_on(
        (*results, *since),
        kind="verify",
        release=asked.target.version,
        acceptances=asked.acceptances,
        catalog=asked.catalog,
        instance=asked.config.label,
        current=f"Nautobot {asked.target.installed}",
        target=f"Nautobot {asked.target.installed}",
        baseline=f"{before.instance}, {moment(before)}" if before else "",
        migrations=None,
        changes=changes,
        seconds=time.monotonic() - started,
    )


def _collected(
    asked: Understood,
    request: Request,
    topics: Collection[str],
    progress: Callable[[str], None],
) -> Facts:
    """Collect; fingerprints of large tables may take longer than a query for a check."""
    timeout = asked.config.statement_timeout_seconds
    if "contents" in topics:
        timeout = asked.config.snapshot_timeout_seconds
    return collect_facts(
        statement_timeout_seconds=timeout,
        database_alias=asked.config.database_alias,
        own_job_result=request.own_job_result,
        topics=topics,
        depth="buckets",
        progress=progress,
    )


def _since(
    before: Snapshot, facts: Facts, asked: Understood
) -> tuple[tuple[CheckResult, ...], tuple[Change, ...]]:
    """Compare the state before the upgrade with the present one."""
    if isinstance(asked.catalog, Unavailable):
        raise UsageError(asked.catalog.reason)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    present = Snapshot(asked.config.label, now, before.tool, facts)
    return judge_changes(before, present, asked.catalog)
