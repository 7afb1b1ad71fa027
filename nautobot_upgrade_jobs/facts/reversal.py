"""Effects of reversing migrations on the existing rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .base import TextEnum
from .preconditions import OperationCost, PreconditionResult


class ReverseEffect(TextEnum):
    """What reversing an operation does to data."""

    LOSSLESS = "lossless"
    """Every value is kept."""
    DROPS = "drops"
    """A table or column is removed with its contents."""
    RESTORES_EMPTY = "restores empty"
    """A table or column is restored without its former contents."""
    RUNS_CODE = "runs code"
    """A function, statements or a custom operation runs."""
    NOOP = "no-op"
    """Data that the forward code wrote is kept."""
    MAY_FAIL = "may fail"
    """No value is lost, but rows violate a precondition of the restored schema."""
    IRREVERSIBLE = "irreversible"
    """The operation has no reverse, and Django refuses."""


@dataclass(frozen=True)
class Effect:
    """The effect of reversing one operation on one table."""

    kind: ReverseEffect
    migration: str
    operation: str
    """Class of the reversed operation, such as ``AddField``."""
    table: str = ""
    """Current name of the table, or the future name of a restored one; empty if unknown."""
    column: str = ""
    """Current or future name of the column; empty if the whole table is concerned."""
    rows: int = 0
    """Rows of the table; for a dropped column, rows with a value in it. For a restored table or
    column, the rows that it contains before the upgrade drops it, if it still exists."""
    non_default_rows: int = 0
    """Those of them whose value differs from the value that every new row gets."""
    unknown_reason: str = ""
    """Why the rows could not be counted."""
    violated_preconditions: tuple[PreconditionResult, ...] = ()
    """Preconditions that are violated or could not be tested."""
    sample: tuple[str, ...] = ()
    """Primary keys of some rows of a dropped table."""
    unrenamed_index: str = ""
    """Name of an index that keeps the name it got in the upgrade."""


@dataclass(frozen=True)
class ReverseDataChange:
    """The known effect of the code that reverses a migration."""

    migration: str
    description: str
    affected_rows: int = 0
    """Rows that differ from their state before the upgrade; 0 if nothing is lost."""
    unknown_reason: str = ""
    """Why the rows could not be counted."""


@dataclass(frozen=True)
class ContentTypeCascade:
    """Rows that are removed with the stale content types of removed models."""

    referencing_column: str
    """``table.column``."""
    rows: int
    models: tuple[str, ...]
    """``app_label.model``."""


@dataclass(frozen=True)
class Reversal:
    """Everything that has to be reversed to return to an earlier state."""

    migrations: tuple[str, ...] = ()
    """Keys of migrations, in order."""
    effects: tuple[Effect, ...] = ()
    """In order of occurrence."""
    operation_costs: tuple[OperationCost, ...] = ()
    """Cost of the reverse operations."""
    first_applied: str = ""
    """When the first of the migrations was applied: ISO 8601, UTC; empty if unknown."""
    known_data_changes: tuple[ReverseDataChange, ...] = ()
    """Effects of the migrations whose reverse code is known."""
    last_applied: str = ""
    """When the last of the migrations was applied: ISO 8601, UTC; empty if unknown."""
    cascades: tuple[ContentTypeCascade, ...] = ()

    @property
    def applied_between(self) -> tuple[datetime, datetime] | None:
        """First and last time of application; None if unknown."""
        if not (self.first_applied and self.last_applied):
            return None
        return datetime.fromisoformat(self.first_applied), datetime.fromisoformat(self.last_applied)


@dataclass(frozen=True)
class PlannedReversal(Reversal):
    """Effects of reversing the pending migrations on the current rows."""
