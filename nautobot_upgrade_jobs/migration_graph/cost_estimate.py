"""Estimate the duration and the disk space of pending migrations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType

from ..catalog.records import Durations
from ..facts import Preconditions, Tables
from ..facts.preconditions import CostKind, Lock, OperationCost
from ..facts.tables import Table

MIB = 1024 * 1024
SECONDS_PER_MIGRATION = (0.7, 6.0)
"""Lower and upper bound in seconds for a migration of empty tables that was not measured."""
SECONDS_PER_CPU_SECOND = (0.7, 2.0)
"""Lower and upper bound for each CPU second in the catalog. The database server adds its own time,
and a core can be faster than that of the catalog. Two hosts took 0.8 and 1.4 s."""
NO_DURATIONS = Durations(MappingProxyType({}))
SECONDS_PER_MILLION_ROWS = {
    CostKind.INDEX_BUILD: (1.0, 10.0),
    CostKind.FULL_SCAN: (0.2, 3.0),
    CostKind.TABLE_REWRITE: (2.0, 30.0),
    CostKind.DATA_MIGRATION: (20.0, 1200.0),
}
"""Lower and upper bound in seconds, for migrations that were not measured. They have not been
measured on millions of rows. ``benchmarks/migrations.py`` compares the estimate with an upgrade."""
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


def estimate_cost(
    preconditions: Preconditions, tables: Tables, durations: Durations = NO_DURATIONS
) -> CostEstimate:
    """Add up the cost of the pending migrations.

    Args:
        preconditions: The cost of each operation.
        tables: Rows and sizes of the tables.
        durations: Measured CPU times. They replace the general bounds.
    """
    by_name = {table.name: table for table in tables.tables}
    measured = [key for key in preconditions.plan if key in durations.seconds]
    items = [
        *_cost_items(preconditions, by_name, frozenset(measured), durations.varied_tables),
        *_measured_items(durations, by_name, frozenset(measured)),
    ]
    items.sort(key=_sort_key)
    others = preconditions.migrations_planned - len(measured)
    cpu_seconds = sum(durations.seconds[key] for key in measured)
    low, high = (
        per_migration * others + per_second * cpu_seconds
        for per_migration, per_second in zip(
            SECONDS_PER_MIGRATION, SECONDS_PER_CPU_SECOND, strict=True
        )
    )
    return CostEstimate(
        low + sum(item.low for item in items),
        high + sum(item.high for item in items),
        ceil(sum(map(_written_bytes, items)) / MIB),
        tuple(items),
    )


def _cost_items(
    preconditions: Preconditions,
    tables: Mapping[str, Table],
    measured: frozenset[str],
    varied_tables: Collection[str],
) -> Iterator[CostItem]:
    """Yield the costs by the general bounds. Leave out code whose cost was measured."""
    groups: dict[tuple[CostKind, Lock, str], list[OperationCost]] = {}
    for cost in preconditions.operation_costs:
        is_code = cost.kind == CostKind.DATA_MIGRATION
        is_measured = is_code and cost.migration in measured and cost.table in varied_tables
        if cost.table in tables and not is_measured:
            groups.setdefault((cost.kind, cost.lock, cost.table), []).append(cost)
    for (kind, _, name), same in groups.items():
        millions = tables[name].rows * len(same) / 1_000_000
        low, high = (bound * millions for bound in SECONDS_PER_MILLION_ROWS[kind])
        yield CostItem(same[0], len(same), tables[name], low, high)


def _measured_items(
    durations: Durations, tables: Mapping[str, Table], measured: frozenset[str]
) -> Iterator[CostItem]:
    """Yield the costs of code that was measured with rows."""
    for each in durations.rows:
        table = tables.get(each.table)
        if each.migration in measured and table is not None:
            seconds = each.seconds_per_million * table.rows / 1_000_000
            low, high = (bound * seconds for bound in SECONDS_PER_CPU_SECOND)
            cost = OperationCost(CostKind.DATA_MIGRATION, each.migration, "RunPython", each.table)
            yield CostItem(cost, 1, table, low, high)


def _written_bytes(item: CostItem) -> float:
    amplification = WRITE_AMPLIFICATION[item.operation_cost.kind]
    return item.table.size_bytes * amplification * item.operation_count


def _sort_key(item: CostItem) -> tuple[float, str, str]:
    return (-item.high, item.table.name, item.operation_cost.kind)
