"""How long the migrations to come may take, and what they need of the disk meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from ..facts import Preconditions, Tables
from ..facts.preconditions import OperationCost
from ..facts.tables import Table

MIB = 1024 * 1024
MIGRATION = (0.7, 6.0)
"""Seconds that a migration takes where there are no rows."""
A_MILLION = {
    "index": (1.0, 10.0),
    "scan": (0.2, 3.0),
    "rewrite": (2.0, 30.0),
    "code": (20.0, 1200.0),
}
"""Seconds for a million rows. ``benchmarks/migrations.py`` sets the estimate beside an upgrade: 59
migrations took 84 to 89 s on two cores, with 1 cable more or 10,000; estimated are 41 to 370 s. The
lower ends are for a faster machine, the upper ones for slow disks. For indexes, scans and rewrites,
neither end has been measured on millions of rows."""
WRITTEN = {"index": 0.5, "scan": 0.0, "rewrite": 2.0, "code": 2.0}
"""What is written, as a part of the table: the new rows and the log of them; an index and its log,
where the table has some four."""


@dataclass(frozen=True)
class Share:
    """What one kind of work on one table adds."""

    work: OperationCost
    """The first of its kind on this table."""
    times: int
    table: Table
    low: float
    """Seconds."""
    high: float
    """Seconds."""


@dataclass(frozen=True)
class Estimate:
    """A range, and what it rests on."""

    low: float
    """Seconds."""
    high: float
    """Seconds."""
    mebibytes: int
    """Of disk that are needed beside what the database has today."""
    shares: tuple[Share, ...]
    """The dearest first."""


def estimate(preconditions: Preconditions, tables: Tables) -> Estimate:
    """Add up what the migrations to come cost.

    Args:
        preconditions: What the operations do to which table.
        tables: How many rows these have.
    """
    shares = sorted(_shares(preconditions, {one.name: one for one in tables.tables}), key=_dearest)
    low, high = (end * preconditions.migrations_planned for end in MIGRATION)
    return Estimate(
        low + sum(one.low for one in shares),
        high + sum(one.high for one in shares),
        ceil(
            sum(one.table.size_bytes * WRITTEN[one.work.kind] * one.times for one in shares) / MIB
        ),
        tuple(shares),
    )


def _shares(preconditions: Preconditions, tables: Mapping[str, Table]) -> Iterator[Share]:
    known = [one for one in preconditions.operation_costs if one.table in tables]
    for kind, name in dict.fromkeys((one.kind, one.table) for one in known):
        same = [one for one in known if (one.kind, one.table) == (kind, name)]
        millions = tables[name].rows * len(same) / 1_000_000
        low, high = (end * millions for end in A_MILLION[kind])
        yield Share(same[0], len(same), tables[name], low, high)


def _dearest(one: Share) -> tuple[float, str, str]:
    return (-one.high, one.table.name, one.work.kind)
