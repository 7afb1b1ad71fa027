"""Estimate the duration and the disk space of pending migrations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from ..facts import Preconditions, Tables
from ..facts.preconditions import CostKind, Lock, OperationCost
from ..facts.tables import Table

MIB = 1024 * 1024
SECONDS_PER_MIGRATION = (0.7, 6.0)
"""Lower and upper bound in seconds for a migration of empty tables."""
SECONDS_PER_MILLION_ROWS = {
    CostKind.INDEX_BUILD: (1.0, 10.0),
    CostKind.FULL_SCAN: (0.2, 3.0),
    CostKind.TABLE_REWRITE: (2.0, 30.0),
    CostKind.DATA_MIGRATION: (20.0, 1200.0),
}
"""Lower and upper bound in seconds. ``benchmarks/migrations.py`` compares the estimate with an
upgrade. On two cores, 59 migrations took 84 to 89 s, with 1 additional cable and with 10,000. The
estimate is 41 to 370 s. The lower bounds are for a faster machine, the upper bounds for slow disks.
The bounds for indexes, scans and rewrites have not been measured on millions of rows."""
WRITE_AMPLIFICATION = {
    CostKind.INDEX_BUILD: 0.5,
    CostKind.FULL_SCAN: 0.0,
    CostKind.TABLE_REWRITE: 2.0,
    CostKind.DATA_MIGRATION: 2.0,
}
"""Bytes written per byte of the table. A rewrite writes the rows and their log. An index is about a
quarter of the table, and is also logged."""


@dataclass(frozen=True)
class CostItem:
    """The cost of one kind of work with one lock on one table."""

    operation_cost: OperationCost
    """The first operation with this cost on this table."""
    operation_count: int
    table: Table
    low: float
    """Seconds."""
    high: float
    """Seconds."""


@dataclass(frozen=True)
class CostEstimate:
    """The estimated duration and disk space, and the operations that cause them."""

    low: float
    """Seconds."""
    high: float
    """Seconds."""
    mebibytes: int
    """Disk space needed in addition to the current size of the database."""
    items: tuple[CostItem, ...]
    """The parts of the cost, most expensive first."""


def estimate_cost(preconditions: Preconditions, tables: Tables) -> CostEstimate:
    """Add up the cost of the pending migrations.

    Args:
        preconditions: The cost of each operation.
        tables: Rows and sizes of the tables.
    """
    items = sorted(
        _cost_items(preconditions, {table.name: table for table in tables.tables}), key=_sort_key
    )
    low, high = (bound * preconditions.migrations_planned for bound in SECONDS_PER_MIGRATION)
    return CostEstimate(
        low + sum(item.low for item in items),
        high + sum(item.high for item in items),
        ceil(sum(map(_written_bytes, items)) / MIB),
        tuple(items),
    )


def _cost_items(preconditions: Preconditions, tables: Mapping[str, Table]) -> Iterator[CostItem]:
    costs = [cost for cost in preconditions.operation_costs if cost.table in tables]
    groups: dict[tuple[CostKind, Lock, str], list[OperationCost]] = {}
    for cost in costs:
        groups.setdefault((cost.kind, cost.lock, cost.table), []).append(cost)
    for (kind, _, name), same in groups.items():
        millions = tables[name].rows * len(same) / 1_000_000
        low, high = (bound * millions for bound in SECONDS_PER_MILLION_ROWS[kind])
        yield CostItem(same[0], len(same), tables[name], low, high)


def _written_bytes(item: CostItem) -> float:
    amplification = WRITE_AMPLIFICATION[item.operation_cost.kind]
    return item.table.size_bytes * amplification * item.operation_count


def _sort_key(item: CostItem) -> tuple[float, str, str]:
    return (-item.high, item.table.name, item.operation_cost.kind)
