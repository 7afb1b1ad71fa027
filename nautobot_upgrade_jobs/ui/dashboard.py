"""What the Upgrade page shows: the installation, the road of an upgrade, findings, and runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

from ..workflows.context import read_catalog
from .finding_history import Document, Seen, across
from .job_runs import (
    Link,
    Run,
    content_of,
    files_of,
    form_url,
    latest_words,
    links,
    list_url,
    may_accept,
    runnable,
    runs,
)
from .next_steps import JOBS, STATIONS, UPGRADE_AFTER, Station
from .release_status import standing
from .template_content import guarded

HISTORY = 20
SNAPSHOTS = 10
REMEMBERED = 30
"""So many runs of Preflight are looked through for the one before, of the same target."""
LARGEST_REPORT = 10_000_000
"""Bytes; Nautobot does not keep a larger file by default."""


@dataclass(frozen=True)
class Stop:
    """A station, and what came of it last."""

    station: Station
    run: Run | None
    start: str
    """Address of the Job's form; empty if this user may not run it."""
    links: tuple[Link, ...] = ()
    then_upgrade: bool = False


@dataclass(frozen=True)
class Compared:
    """Findings of the newest Preflight, beside those of the one before it."""

    newer: Run
    older: Run | None
    target: str
    """Release, as an acceptance names it."""
    seen: tuple[Seen, ...]


def overview(user: Any, *, running: bool = False) -> dict[str, Any]:
    """Return what a user sees; with ``running`` only what runs at the moment."""
    history = tuple(runs(user, limit=HISTORY))
    pending = tuple((run, latest_words(run, user)) for run in history if not run.outcome.ended)
    if running:
        return {"pending": pending}
    jobs = runnable(user)
    return {
        "pending": pending,
        "standing": standing(
            read_catalog(), version("nautobot"), datetime.now(timezone.utc).date()
        ),
        "road": tuple(_stop(one, user, jobs) for one in STATIONS),
        "snapshots": tuple(_snapshots(user)),
        "compare": form_url(jobs["compare"], {}) if "compare" in jobs else "",
        "findings": guarded(lambda: _compared(user), None),
        "may_accept": may_accept(user),
        "history": history,
        "all_runs": list_url(),
        "jobs": {JOBS[kind]: form_url(key, {}) for kind, key in jobs.items()},
    }


def _stop(station: Station, user: Any, jobs: dict[str, str]) -> Stop:
    run = next(runs(user, station.kind, 1), None)
    start = form_url(jobs[station.kind], {}) if station.kind in jobs else ""
    stop = Stop(station, run, start, then_upgrade=station.kind == UPGRADE_AFTER)
    return replace(stop, links=links(run, jobs)) if run else stop


def _snapshots(user: Any) -> Iterator[tuple[Run, str]]:
    """Yield the newest runs that have left a snapshot, and the file's name."""
    found = (run for kind in ("snapshot", "compare") for run in runs(user, kind, SNAPSHOTS))
    for run in sorted(found, key=lambda one: one.created, reverse=True)[:SNAPSHOTS]:
        file = files_of(run.key, user, ".json.gz").first()
        if file:
            yield run, file.name


def _compared(user: Any) -> Compared | None:
    """Compare the newest Preflight that has a report with the one before, of the same target."""
    found = _with_reports(runs(user, "preflight", REMEMBERED), user)
    newer, document = next(found, (None, {}))
    if newer is None:
        return None
    earlier = runs(user, "preflight", REMEMBERED)
    same = (
        run
        for run in earlier
        if run.created < newer.created and run.outcome.target == newer.outcome.target
    )
    older, before = next(_with_reports(same, user), (None, None))
    target = str(document.get("target")).rpartition(" ")[2]
    return Compared(newer, older, target, across(document, before))


def _with_reports(found: Iterable[Run], user: Any) -> Iterator[tuple[Run, Document]]:
    for run in found:
        document = _report(run, user)
        if document is not None:
            yield run, document


def _report(run: Run, user: Any) -> Document | None:
    """Return the report of a run; None if there is none, or if the user may not see it."""
    proxy = files_of(run.key, user, ".json").first() if run.outcome.ended else None
    try:
        found = json.loads(content_of(proxy, LARGEST_REPORT) or b"") if proxy else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
