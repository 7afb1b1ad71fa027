"""A rehearsal as plain JSON types. What was not carried out has its reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..facts import Unavailable
from ..facts.rehearsal import CodeFailure, Copy, MigrateRun, MigrationRun, Pages, Rehearsal
from ..upgrade.claims import list_claims


def serialize_rehearsal(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return a rehearsal as plain JSON types."""
    predicted = rehearsal.predicted_seconds
    restore, reverse = rehearsal.restore, rehearsal.reverse
    return {
        "run": rehearsal.run,
        "target": rehearsal.target,
        "stages": [
            {"name": stage.name, "seconds": round(stage.seconds, 3), "problem": stage.problem}
            for stage in rehearsal.stages
        ],
        "planned": _reason(rehearsal.planned)
        if isinstance(rehearsal.planned, Unavailable)
        else list(rehearsal.planned),
        "predicted_seconds": predicted and [round(end) for end in predicted],
        "claims": list(_serialize_claims(rehearsal)),
        "assumed_apps": None if rehearsal.assumed_apps is None else list(rehearsal.assumed_apps),
        "window_seconds": rehearsal.window_seconds,
        "cores": rehearsal.cores,
        "load": round(rehearsal.load, 2),
        "copy": _serialize_copy(rehearsal.copy),
        "forward": _serialize_run(rehearsal.forward),
        "restore": _reason(restore)
        if isinstance(restore, Unavailable)
        else {
            "dump_seconds": round(restore.dump_seconds, 3),
            "dump_bytes": restore.dump_bytes,
            "seconds": round(restore.seconds, 3),
            "differences": list(restore.differences),
        },
        "reverse": None
        if reverse is None
        else _reason(reverse)
        if isinstance(reverse, Unavailable)
        else {
            "calls": list(reverse.calls),
            "run": _serialize_run(reverse.run),
            "losses": list(reverse.losses),
            "starts": reverse.starts,
            "again": None if reverse.again is None else _serialize_run(reverse.again),
        },
        "pages": _serialize_pages(rehearsal.pages),
    }


def _serialize_copy(copy: Copy | Unavailable) -> dict[str, Any]:
    if isinstance(copy, Unavailable):
        return _reason(copy)
    return {
        "server_version": copy.server_version,
        "backup": copy.backup,
        "server": copy.server,
        "tables": copy.tables,
        "rows": copy.rows,
        "size_bytes": copy.size_bytes,
        "seconds": round(copy.seconds, 3),
    }


def _serialize_pages(pages: Pages | Unavailable) -> dict[str, Any]:
    if isinstance(pages, Unavailable):
        return _reason(pages)
    return {
        "opened": pages.opened,
        "left_out": pages.left_out,
        "seconds": round(pages.seconds, 3),
        "failures": [
            {"name": each.name, "error": each.failure.error, "message": each.failure.message}
            for each in pages.failures
        ],
    }


def _serialize_claims(rehearsal: Rehearsal) -> Iterator[dict[str, str]]:
    for claim in list_claims(rehearsal):
        yield {"text": claim.text, "outcome": claim.outcome.value, "evidence": claim.evidence}


def _reason(missing: Unavailable) -> dict[str, str]:
    return {"unavailable": missing.reason}


def _serialize_run(run: MigrateRun | Unavailable) -> dict[str, Any]:
    if isinstance(run, Unavailable):
        return _reason(run)
    return {
        "seconds": round(run.seconds, 3),
        "migrations": list(map(_serialize_migration, run.migrations)),
        "steps": [
            {"name": step.name, "seconds": round(step.seconds, 3), "output": step.output}
            for step in run.steps
        ],
        "stop": _serialize_failure(run.stop) if run.stop else None,
        "interruption": run.interruption,
        "step_failures": list(map(_serialize_failure, run.step_failures)),
    }


def _serialize_migration(run: MigrationRun) -> dict[str, Any]:
    return {
        "migration": run.migration,
        "seconds": round(run.seconds, 3),
        "cpu_seconds": round(run.cpu_seconds, 3),
        "rows": run.rows,
        "growth_bytes": run.growth_bytes,
        "log_bytes": run.log_bytes,
        "mebibytes": run.mebibytes,
        "locked": list(run.locked),
        "output": run.output,
    }


def _serialize_failure(failure: CodeFailure) -> dict[str, str]:
    return {
        "stage": failure.stage,
        "migration": failure.migration,
        "error": failure.failure.error,
        "message": failure.failure.message,
        "sqlstate": failure.sqlstate,
        "table": failure.table,
        "column": failure.column,
        "constraint": failure.constraint,
    }
