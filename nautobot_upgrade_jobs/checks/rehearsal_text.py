"""Where an upgrade of a copy has ended or failed, in words."""

from __future__ import annotations

from ..facts import FactUnavailable, Unavailable, require
from ..facts.rehearsal import CodeFailure, MigrateRun, PageFailure
from ..facts.startup import Frame


def list_evidence(failure: CodeFailure) -> tuple[str, ...]:
    """Return where the error occurred, and what the server said about it."""
    said = {
        "SQLSTATE": failure.sqlstate,
        "table": failure.table,
        "column": failure.column,
        "constraint": failure.constraint,
    }
    return (
        *(f"{name}: {value}" for name, value in said.items() if value),
        *map(_describe_frame, failure.failure.frames[-1:]),
    )


def describe_committed(forward: MigrateRun, planned: tuple[str, ...]) -> str:
    """Return how many migrations were committed before the upgrade stopped."""
    done = len(forward.migrations)
    if not done:
        return "No migration was committed before it."
    of = f" of {len(planned)}" if len(planned) >= done else ""
    last = forward.migrations[-1].migration
    return f"{done}{of} migrations were committed before it, up to {last}."


def list_places(failed: PageFailure) -> tuple[str, ...]:
    """Return the place that raised an error, and before it the last one in the code of an App."""
    failure = failed.failure
    of_app = [frame for frame in failure.frames[:-1] if failure.app == frame.package != ""]
    return tuple(map(_describe_frame, (*of_app[-1:], *failure.frames[-1:])))


def _describe_frame(frame: Frame) -> str:
    return f"{frame.file}:{frame.line}, in {frame.function}"


def require_end(run: MigrateRun | Unavailable) -> MigrateRun:
    """Return a run that nothing has interrupted.

    Raises:
        FactUnavailable: It was not reached, or was interrupted.
    """
    run = require(run)
    if run.interruption:
        raise FactUnavailable(f"upgrade the copy: {run.interruption}")
    return run
