"""The newest Preflight runs of each target, so that one target never hides another."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from nautobot.extras.models import JobResult
from packaging.version import Version

from ..catalog.target_release import TargetError, choose_target
from ..catalog.versions import is_version
from ..facts.base import Unavailable
from ..workflows.context import read_catalog
from .job_outcome import JobOutcome, parse_outcome
from .job_runs import Run, exclude_partial_runs, parse_run, query_visible_results

MAX_RUNS = 1000
"""Number of runs in which targets are searched: nearly three years of daily runs."""
MAX_RUNS_SHOWN = 5
"""Number of runs for one target in which the page searches one with a verdict."""
MAX_RUNS_SEARCHED = 20
"""Number of runs of a Job, or for one target, in which a run with a verdict is searched."""


def find_runs_by_target(results: QuerySet[JobResult]) -> dict[str, list[Any]]:
    """Return the primary keys of Preflight results by target, newest first.

    A run that was refused or crashed has no result, so the target in its form counts, if the
    catalog has it. Only targets that are newer than the installed release are returned.

    Args:
        results: Results of Preflight, newest first.
    """
    rows = (
        exclude_partial_runs(results)
        .annotate(evaluated=KT("result__target_version"), requested=KT("task_kwargs__target"))
        .values_list("pk", "evaluated", "requested")
    )
    installed = version("nautobot")
    targets: dict[tuple[str, str], str] = {}  # Thousands of runs have few targets.
    found: dict[str, list[Any]] = {}
    for key, evaluated, requested in rows[:MAX_RUNS]:
        asked = (evaluated or "", requested or "")
        if asked not in targets:
            targets[asked] = _find_newer_target(*asked, installed)
        if target := targets[asked]:
            runs = found.setdefault(target, [])
            if len(runs) < MAX_RUNS_SEARCHED:
                runs.append(key)
    return found


def _find_newer_target(evaluated: str, requested: str, installed: str) -> str:
    """Return the target of a run. Empty if it is not newer than the installed release."""
    target = evaluated or _resolve_requested(requested, installed)
    is_newer = is_version(target) and Version(target) > Version(installed)
    return target if is_newer else ""


def latest_runs_by_target(user: Any) -> dict[str, Run]:
    """Return the newest Preflight run of each target that a user may view.

    A run without a verdict, such as one that was refused, does not replace one with a verdict.
    """
    results = query_visible_results(user, "preflight")
    found = {target: keys[:MAX_RUNS_SHOWN] for target, keys in find_runs_by_target(results).items()}
    wanted = [key for keys in found.values() for key in keys]
    runs = {result.pk: parse_run(result) for result in results.filter(pk__in=wanted)}
    by_target = {
        target: [run for key in keys if (run := runs.get(key))] for target, keys in found.items()
    }
    return {target: _choose_run(own) for target, own in by_target.items() if own}


def _choose_run(runs: list[Run]) -> Run:
    return next((run for run in runs if run.outcome.has_verdict), runs[0])


def _resolve_requested(text: str, installed: str) -> str:
    """Return the version that a form asks for. Empty if the catalog does not have it."""
    catalog = read_catalog()
    if isinstance(catalog, Unavailable) or not text.strip():
        return ""
    try:
        target = choose_target(catalog, installed, text)
    except TargetError:
        return ""
    is_known = target.chosen and not isinstance(target.release, Unavailable)
    return target.version if is_known else ""


def read_newest_outcomes(results: QuerySet[JobResult]) -> list[tuple[JobOutcome, datetime]]:
    """Return the outcome of the newest result with its end time.

    If it has no verdict, the outcomes of older results follow.

    Args:
        results: Results that have ended, newest first.
    """
    rows = results.values_list("status", "result", "date_done")
    outcomes = [*map(_parse_row, rows[:1])]
    if outcomes and not outcomes[0][0].has_verdict:  # Rare, so one row is usually read.
        outcomes += map(_parse_row, rows[1:MAX_RUNS_SEARCHED])
    return outcomes


def _parse_row(row: tuple[str, Any, datetime]) -> tuple[JobOutcome, datetime]:
    status, result, ended = row
    return parse_outcome(status, result), ended
