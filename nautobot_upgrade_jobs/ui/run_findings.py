"""The findings of a run: compared with the run before, over all runs, and their objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.urls import Resolver404, resolve

from .finding_history import Document, FindingHistory, diff_findings, find_status
from .job_runs import Run, iter_runs
from .run_files import load_report
from .template_content import call_safely

MAX_RUNS = 30
"""Number of runs in which an earlier run with a report is searched."""
MAX_RUNS_SHOWN = 12
"""Number of runs in the trend and in the history of a finding."""
ROW = re.compile(r"(\w{1,63}) ([0-9a-f]{32}|[0-9a-f-]{36})")
"""A table and the primary key of a row, as evidence names them. MySQL has keys without hyphens."""


@dataclass(frozen=True)
class FindingComparison:
    """The findings of a run, compared with the previous run for the same target."""

    newer: Run
    older: Run | None
    entries: tuple[FindingHistory, ...]

    @property
    def current(self) -> tuple[FindingHistory, ...]:
        """The findings that the newer run has."""
        return tuple(entry for entry in self.entries if entry.is_current)


@dataclass(frozen=True)
class Occurrence:
    """What one run says about a finding."""

    run: Run
    status: str


def compare_with_previous(run: Run, document: Document, user: Any) -> FindingComparison:
    """Compare the findings of a run with those of the run before it for the same target.

    Args:
        run: The run.
        document: Its JSON report.
        user: The user of the page.
    """
    earlier = _iter_same_target(run, user, before=run.created) if run.outcome.target_version else ()
    older, previous = next(load_reports(earlier, user), (None, None))
    return FindingComparison(run, older, diff_findings(document, previous))


def load_reports(runs: Iterable[Run], user: Any) -> Iterator[tuple[Run, Document]]:
    """Yield the runs whose reports exist and that the user may view, each with its report."""
    for run in runs:
        document = load_report(run, user)
        if document is not None:
            yield run, document


def list_trend(run: Run, user: Any) -> tuple[Run, ...]:
    """Return the newest runs for the same target that have a verdict, the oldest first."""
    answered = [one for one in _iter_same_target(run, user) if one.outcome.has_verdict]
    return tuple(reversed(answered[:MAX_RUNS_SHOWN]))


def list_occurrences(run: Run, key: str, user: Any) -> Iterator[Occurrence]:
    """Yield what the newest runs for the same target say about a finding, newest first."""
    newest = list(_iter_same_target(run, user))[:MAX_RUNS_SHOWN]
    if run.key not in (one.key for one in newest):
        newest.append(run)
    for one, document in load_reports(newest, user):
        yield Occurrence(one, find_status(document, key))


def _iter_same_target(run: Run, user: Any, before: datetime | None = None) -> Iterator[Run]:
    return iter_runs(user, run.kind, MAX_RUNS, target=run.outcome.target_version, before=before)


def find_page(evidence: str, user: Any) -> str:
    """Return the URL of the object that a line of evidence names. Empty if there is none.

    The line is the path of the object's page, or a table and the primary key of a row. The object
    must still exist, and the user must be allowed to view it.
    """
    return call_safely(lambda: _find_page(evidence, user), "")


def _find_page(evidence: str, user: Any) -> str:
    row = ROW.fullmatch(evidence)
    if row:
        return _find_row_page(row[1], UUID(row[2]), user)
    if not evidence.startswith("/") or evidence.startswith("//"):
        return ""
    try:
        match = resolve(evidence.partition("?")[0])
    except Resolver404:
        return ""
    view = getattr(match.func, "view_class", None) or getattr(match.func, "cls", None)
    model = getattr(getattr(view, "queryset", None), "model", None)
    key = match.kwargs.get("pk")
    return _find_object_page(model, key, user) if model and key else ""


def _find_row_page(table: str, key: UUID, user: Any) -> str:
    model = next((one for one in apps.get_models() if one._meta.db_table == table), None)
    return _find_object_page(model, key, user)


def _find_object_page(model: Any, key: Any, user: Any) -> str:
    restrict = getattr(getattr(model, "objects", None), "restrict", None)
    found = restrict(user, "view").filter(pk=key).first() if restrict else None
    return str(found.get_absolute_url()) if found else ""
