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
    DowntimeClass.CODE_ONLY: "No migration is pending. The services only have to restart, and the "
    "old packages are the rollback.",
    DowntimeClass.SHORT: "The installed release tolerates all pending migrations, and each locks a "
    "table only briefly. Stop the services all the same: jobs that run would fail.",
    DowntimeClass.WINDOW: "The services must be stopped while the migrations run.",
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
    conflicts = (f"{each.migration}: {each.reason}" for each in preconditions.running_code)
    reasons = tuple(conflicts) or tuple(_long_locks(preconditions, tables, durations))
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
    known = {table.name for table in tables.tables}
    for cost in preconditions.operation_costs:
        if cost.table and cost.table not in known:
            yield f"{cost.migration}: the size of {cost.table} is unknown"
    seconds = dict[str, float]()
    for item in estimate_cost(preconditions, tables, durations).items:
        cost = item.operation_cost
        if cost.kind is not CostKind.DATA_MIGRATION:
            # A migration on PostgreSQL keeps its locks until it is committed.
            seconds[cost.migration] = seconds.get(cost.migration, 0) + item.high
    for migration, longest in seconds.items():
        if longest > BRIEF_LOCK_SECONDS:
            yield f"{migration} can lock tables for up to {longest:.0f} s"
