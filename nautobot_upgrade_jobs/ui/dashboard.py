"""Build the Upgrade page: the installation, the stages of an upgrade, findings and runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    load_report,
    query_files,
    runnable_jobs,
)
from .next_steps import JOBS, LAST_STAGE_BEFORE_UPGRADE, STAGES, Stage
from .release_status import release_status
from .target_history import latest_runs_by_target
from .target_table import build_target_rows
from .template_content import call_safely

MAX_HISTORY_RUNS = 20
MAX_SNAPSHOTS = 10
MAX_PREFLIGHT_RUNS = 30
"""Number of Preflight runs in which an earlier run with the same target is searched."""


@dataclass(frozen=True)
class StageStatus:
    """A stage of the upgrade and its newest run."""

    stage: Stage
    run: Run | None
    form_url: str
    """URL of the Job's form. Empty if the user may not run the Job."""
    links: tuple[Link, ...] = ()
    precedes_upgrade: bool = False


@dataclass(frozen=True)
class FindingComparison:
    """Findings of the newest Preflight run, compared with the previous run for the same target."""

    newer: Run
    older: Run | None
    target: str
    """Version of the target, as in an acceptance."""
    entries: tuple[FindingHistory, ...]


def build_dashboard(user: Any, *, running: bool = False, target: str = "") -> dict[str, Any]:
    """Return the template context of the Upgrade page.

    Args:
        user: The user of the page.
        running: Whether only the runs in progress are wanted.
        target: The target whose findings are shown. Blank for that of the newest run.
    """
    history = tuple(iter_runs(user, limit=MAX_HISTORY_RUNS))
    pending = tuple((run, last_log_message(run, user)) for run in history if not run.outcome.ended)
    if running:
        return {"pending": pending}
    jobs, catalog = runnable_jobs(user), read_catalog()
    runs = latest_runs_by_target(user)
    return {
        "pending": pending,
        "release_status": release_status(
            catalog, version("nautobot"), datetime.now(timezone.utc).date()
        ),
        "targets": tuple(build_target_rows(catalog, runs, jobs.get("preflight", ""))),
        "stages": tuple(_build_stage_status(stage, user, jobs) for stage in STAGES),
        "snapshots": tuple(_list_snapshots(user)),
        "compare": form_url(jobs["compare"], {}) if "compare" in jobs else "",
        "findings": call_safely(lambda: _compare_latest_preflights(user, target), None),
        "may_accept": can_accept_findings(user),
        "history": history,
        "all_runs": list_url(),
        "jobs": {JOBS[kind]: form_url(key, {}) for kind, key in jobs.items()},
    }


def _build_stage_status(stage: Stage, user: Any, jobs: dict[str, str]) -> StageStatus:
    run = next(iter_runs(user, stage.kind, 1), None)
    return StageStatus(
        stage,
        run,
        form_url(jobs[stage.kind], {}) if stage.kind in jobs else "",
        build_links(run, jobs) if run else (),
        precedes_upgrade=stage.kind == LAST_STAGE_BEFORE_UPGRADE,
    )


def _list_snapshots(user: Any) -> Iterator[tuple[Run, str]]:
    """Yield the newest runs that attached a snapshot, and the name of its file."""
    runs = (run for kind in ("snapshot", "compare") for run in iter_runs(user, kind, MAX_SNAPSHOTS))
    for run in sorted(runs, key=lambda run: run.created, reverse=True)[:MAX_SNAPSHOTS]:
        file = query_files(run.key, user, ".json.gz").first()
        if file:
            yield run, file.name


def _compare_latest_preflights(user: Any, target: str = "") -> FindingComparison | None:
    """Compare the newest Preflight report with the previous report for the same target."""
    newest = iter_runs(user, "preflight", MAX_PREFLIGHT_RUNS, target=target)
    newer, document = next(_load_reports(newest, user), (None, {}))
    if newer is None:
        return None
    runs = iter_runs(user, "preflight", MAX_PREFLIGHT_RUNS, target=newer.outcome.target_version)
    earlier = (run for run in runs if run.created < newer.created)
    older, previous = next(_load_reports(earlier, user), (None, None))
    evaluated = str(document.get("target_version") or "")
    return FindingComparison(newer, older, evaluated, diff_findings(document, previous))


def _load_reports(runs: Iterable[Run], user: Any) -> Iterator[tuple[Run, Document]]:
    for run in runs:
        document = load_report(run, user)
        if document is not None:
            yield run, document
