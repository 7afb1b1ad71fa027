"""Build the Upgrade page: the installation, the stages of an upgrade, findings and runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

from django.urls import reverse

from ..workflows.context import read_catalog
from .finding_history import STATUS_ORDER
from .job_runs import (
    Link,
    Run,
    build_links,
    form_url,
    iter_runs,
    last_log_message,
    list_url,
    runnable_jobs,
)
from .next_steps import JOBS, LAST_STAGE_BEFORE_UPGRADE, STAGES, Stage
from .release_status import ReleaseStatus, release_status
from .run_files import find_readable, query_files
from .run_findings import compare_with_previous, load_reports
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


def build_dashboard(user: Any, *, running: bool = False) -> dict[str, Any]:
    """Return the template context of the Upgrade page.

    Args:
        user: The user of the page.
        running: Whether only the runs in progress are wanted.
    """
    history = tuple(iter_runs(user, limit=MAX_HISTORY_RUNS))
    pending = tuple((run, last_log_message(run, user)) for run in history if not run.outcome.ended)
    if running:
        return {"pending": pending}
    jobs, catalog = runnable_jobs(user), read_catalog()
    runs, installed = latest_runs_by_target(user), version("nautobot")
    return {
        "pending": pending,
        "release_status": call_safely(
            lambda: release_status(catalog, installed, datetime.now(timezone.utc).date()),
            ReleaseStatus(installed, unavailable_reason="it cannot be shown"),
        ),
        "targets": call_safely(
            lambda: tuple(build_target_rows(catalog, runs, jobs.get("preflight", ""))), None
        ),
        "plan": _find_plan(user),
        "readable": find_readable(runs.values(), user),
        "stages": tuple(_build_stage_status(stage, user, jobs) for stage in STAGES),
        "snapshots": tuple(_list_snapshots(user)),
        "compare": form_url(jobs["compare"], {}) if "compare" in jobs else "",
        "findings": call_safely(lambda: _compare_latest_preflights(user), None),
        "history": history,
        "all_runs": list_url(),
        "jobs": {JOBS[kind]: form_url(key, {}) for kind, key in jobs.items()},
    }


def _find_plan(user: Any) -> str:
    """Return the URL of the upgrade plan of the newest Preflight. Empty if it has none."""
    newest = next(iter_runs(user, "preflight", 1), None)
    if newest is None or not find_readable([newest], user, "upgrade-plan.md"):
        return ""
    return reverse("plugins:nautobot_upgrade_jobs:plan", kwargs={"pk": newest.key})


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


def _compare_latest_preflights(user: Any) -> dict[str, Any] | None:
    """Return the newest Preflight run with a report, and the number of findings by status."""
    runs = iter_runs(user, "preflight", MAX_PREFLIGHT_RUNS)
    newest, document = next(load_reports(runs, user), (None, {}))
    if newest is None:
        return None
    comparison = compare_with_previous(newest, document, user)
    counts = Counter(entry.status for entry in comparison.entries)
    return {"comparison": comparison, "counts": [(name, counts[name]) for name in STATUS_ORDER]}
