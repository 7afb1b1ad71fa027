"""The downtime that an upgrade needs, by what its migrations do to running code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..catalog.records import Durations
from ..facts import Preconditions, Tables, Unavailable
from ..facts.base import TextEnum
from ..facts.preconditions import CostKind
from ..migration_graph.cost_estimate import NO_DURATIONS, estimate_cost

BRIEF_LOCK_SECONDS = 5.0
"""Longest estimated time for which a request may wait. Web servers give up after 30 to 60 s."""
MAXIMUM_REASONS = 5


class DowntimeClass(TextEnum):
    """How long users cannot work."""

    CODE_ONLY = "code only"
    SHORT = "short"
    WINDOW = "window"


DOWNTIME_TEXTS = {
    DowntimeClass.CODE_ONLY: "No migration is pending. The services restart one after another, and "
    "the old packages are the rollback.",
    DowntimeClass.SHORT: "The installed release tolerates all pending migrations, and each locks a "
    "table only briefly. Stop the services all the same: jobs that run would fail.",
    DowntimeClass.WINDOW: "The installed release cannot run while the migrations run.",
}


@dataclass(frozen=True)
class Downtime:
    """The class of downtime, and the reasons for it."""

    kind: DowntimeClass
    reasons: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The class in one sentence."""
        return DOWNTIME_TEXTS[self.kind]


UNKNOWN_DOWNTIME = Downtime(DowntimeClass.WINDOW, ("the pending migrations are unknown",))


def classify_downtime(
    pending: Sequence[str] | None,
    preconditions: Preconditions | Unavailable,
    tables: Tables | Unavailable,
    durations: Durations = NO_DURATIONS,
) -> Downtime:
    """Return the downtime that an upgrade needs.

    Args:
        pending: The pending migrations, including those of Apps. None if unknown.
        preconditions: What the migrations do.
        tables: Rows and sizes of the tables.
        durations: Measured times of migrations.
    """
    if pending is None:
        return UNKNOWN_DOWNTIME
    if not pending:
        return Downtime(DowntimeClass.CODE_ONLY)
    if isinstance(preconditions, Unavailable):
        return Downtime(DowntimeClass.WINDOW, (f"not analyzed: {preconditions.reason}",))
    reasons = tuple(
        f"{each.migration}: {each.reason}" for each in preconditions.running_code
    ) or tuple(_long_locks(preconditions, tables, durations))
    if reasons:
        return Downtime(DowntimeClass.WINDOW, reasons[:MAXIMUM_REASONS])
    return Downtime(DowntimeClass.SHORT)


def _long_locks(
    preconditions: Preconditions, tables: Tables | Unavailable, durations: Durations
) -> Iterator[str]:
    """Yield the operations for which requests could wait too long."""
    if isinstance(tables, Unavailable):
        yield f"the sizes of the tables are unknown: {tables.reason}"
        return
    for item in estimate_cost(preconditions, tables, durations).items:
        cost = item.operation_cost
        if item.high > BRIEF_LOCK_SECONDS and cost.kind is not CostKind.DATA_MIGRATION:
            yield (
                f"{cost.migration}: {cost.operation} can lock {item.table.name} for up to "
                f"{item.high:.0f} s"
            )
