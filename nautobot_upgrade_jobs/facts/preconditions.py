"""What the migrations to come ask of the rows that are there, and whether these comply."""

from __future__ import annotations

from dataclasses import dataclass

NON_BLOCKING = ("cut", "loses")
"""Kinds of demands that stop nothing."""


@dataclass(frozen=True)
class Precondition:
    """One thing that an operation asks of a table, or takes from it."""

    kind: str
    """``unique``, ``not null``, ``length``, ``range`` (numbers that are too large), ``reference``,
    ``check``: rows that stop the migration; ``untried``: what no query was made for; ``cut`` (texts
    that are too long), ``loses``: what it takes from the rows."""
    migration: str
    operation: str
    """Class of the operation, such as ``AlterField``."""
    table: str
    """As it is named today."""
    columns: tuple[str, ...] = ()
    """As they are named today; none if the whole table is meant."""
    bound: str = ""
    """Characters of ``length`` and ``cut``, ``table.column`` of ``reference``; of ``check`` and
    ``range``, and of ``unique`` where it holds for some rows only, the condition in SQL; why one is
    ``untried``."""
    name: str = ""
    """Of the new field or the constraint, where no column of today tells it."""
    possibly_fixed_by: tuple[str, ...] = ()
    """Migrations to come that run code before, and may change these rows."""
    migrations_before: int = 0
    """How many migrations of the plan are done before this one."""


@dataclass(frozen=True)
class PreconditionResult:
    """What the rows say to a demand."""

    precondition: Precondition
    affected_rows: int
    """That do not comply; of ``unique``, values that are there more than once."""
    sample: tuple[str, ...] = ()
    """Primary keys of some of them."""
    unknown_reason: str = ""
    """Why nobody knows."""

    @property
    def is_blocking(self) -> bool:
        """Whether rows stop the migration."""
        return bool(self.affected_rows) and self.precondition.kind not in NON_BLOCKING


@dataclass(frozen=True)
class OperationCost:
    """What an operation costs, beyond a change of the catalog."""

    kind: str
    """``rewrite``: every row is written anew, and nobody reads the table meanwhile; ``scan``: every
    row is read, and nobody reads or writes the table; ``index``: an index is built, and nobody
    writes; ``code``: a function or statements work on the rows."""
    migration: str
    operation: str
    table: str = ""
    """As it is named today; of ``code``, one that it names, empty if it names none."""


@dataclass(frozen=True)
class Preconditions:
    """What the migrations to come ask: demands that some row breaks, or that could not be tried."""

    violated: tuple[PreconditionResult, ...] = ()
    tested: int = 0
    migrations_planned: int = 0
    """Migrations to come."""
    operation_costs: tuple[OperationCost, ...] = ()
