"""What the Upgrade page shows: the installation, the road of an upgrade, findings, and runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

from ..workflows.context import read_catalog
from .finding_history import Document, FindingHistory, diff_findings
from .job_runs import (
    Link,
    Run,
    build_links,
    can_accept_findings,
    form_url,
    iter_runs,
    last_log_message,
    list_url,
    query_files,
    read_file,
    runnable_jobs,
)
from .next_steps import JOBS, LAST_STAGE_BEFORE_UPGRADE, STAGES, Stage
from .release_status import release_status
from .template_content import call_safely

MAX_HISTORY_RUNS = 20
MAX_SNAPSHOTS = 10
MAX_PREFLIGHT_RUNS = 30
"""So many runs of Preflight are looked through for the one before, of the same target."""
MAX_REPORT_BYTES = 10_000_000
"""Bytes; Nautobot does not keep a larger file by default."""


@dataclass(frozen=True)
class StageStatus:
    """A station, and what came of it last."""

    stage: Stage
    run: Run | None
    form_url: str
    """Address of the Job's form; empty if this user may not run it."""
    links: tuple[Link, ...] = ()
    precedes_upgrade: bool = False


@dataclass(frozen=True)
class FindingComparison:
    """Findings of the newest Preflight, beside those of the one before it."""

    newer: Run
    older: Run | None
    target: str
    """Release, as an acceptance names it."""
    entries: tuple[FindingHistory, ...]


def build_dashboard(user: Any, *, running: bool = False) -> dict[str, Any]:
    """Return what a user sees; with ``running`` only what runs at the moment."""
    history = tuple(iter_runs(user, limit=MAX_HISTORY_RUNS))
    pending = tuple((run, last_log_message(run, user)) for run in history if not run.outcome.ended)
    if running:
        return {"pending": pending}
    jobs = runnable_jobs(user)
    return {
        "pending": pending,
        "release_status": release_status(
            read_catalog(), version("nautobot"), datetime.now(timezone.utc).date()
        ),
        "stages": tuple(_build_stage_status(one, user, jobs) for one in STAGES),
        "snapshots": tuple(_list_snapshots(user)),
        "compare": form_url(jobs["compare"], {}) if "compare" in jobs else "",
        "findings": call_safely(lambda: _compare_latest_preflights(user), None),
        "may_accept": can_accept_findings(user),
        "history": history,
        "all_runs": list_url(),
        "jobs": {JOBS[kind]: form_url(key, {}) for kind, key in jobs.items()},
    }


def _build_stage_status(station: Stage, user: Any, jobs: dict[str, str]) -> StageStatus:
    run = next(iter_runs(user, station.kind, 1), None)
    start = form_url(jobs[station.kind], {}) if station.kind in jobs else ""
    stop = StageStatus(
        station, run, start, precedes_upgrade=station.kind == LAST_STAGE_BEFORE_UPGRADE
    )
    return replace(stop, links=build_links(run, jobs)) if run else stop


def _list_snapshots(user: Any) -> Iterator[tuple[Run, str]]:
    """Yield the newest runs that have left a snapshot, and the file's name."""
    found = (
        run for kind in ("snapshot", "compare") for run in iter_runs(user, kind, MAX_SNAPSHOTS)
    )
    for run in sorted(found, key=lambda one: one.created, reverse=True)[:MAX_SNAPSHOTS]:
        file = query_files(run.key, user, ".json.gz").first()
        if file:
            yield run, file.name


def _compare_latest_preflights(user: Any) -> FindingComparison | None:
    """Compare the newest Preflight that has a report with the one before, of the same target."""
    found = _load_reports(iter_runs(user, "preflight", MAX_PREFLIGHT_RUNS), user)
    newer, document = next(found, (None, {}))
    if newer is None:
        return None
    earlier = iter_runs(user, "preflight", MAX_PREFLIGHT_RUNS)
    same = (
        run
        for run in earlier
        if run.created < newer.created and run.outcome.target == newer.outcome.target
    )
    older, before = next(_load_reports(same, user), (None, None))
    target = str(document.get("target")).rpartition(" ")[2]
    return FindingComparison(newer, older, target, diff_findings(document, before))


def _load_reports(found: Iterable[Run], user: Any) -> Iterator[tuple[Run, Document]]:
    for run in found:
        document = _load_report(run, user)
        if document is not None:
            yield run, document


def _load_report(run: Run, user: Any) -> Document | None:
    """Return the report of a run; None if there is none, or if the user may not see it."""
    proxy = query_files(run.key, user, ".json").first() if run.outcome.ended else None
    try:
        found = json.loads(read_file(proxy, MAX_REPORT_BYTES) or b"") if proxy else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
