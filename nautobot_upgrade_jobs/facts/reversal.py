"""Effects of reversing migrations on the existing rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .base import TextEnum
from .content_type_cascade import ContentTypeCascade
from .preconditions import OperationCost, PreconditionResult


class ReverseEffect(TextEnum):
    """Effects on data when an operation is reversed."""

    LOSSLESS = "lossless"
    """Every value is kept."""
    DROPS = "drops"
    """A table or column is removed with its contents."""
    RESTORES_EMPTY = "restores empty"
    """A table or column is restored without its former contents."""
    RUNS_CODE = "runs code"
    """A function, statements or a custom operation runs."""
    NOOP = "no-op"
    """The reverse code does nothing. Data that the forward code wrote is kept."""
    MAY_FAIL = "may fail"
    """No value is lost, but rows violate a precondition of the restored schema."""
    IRREVERSIBLE = "irreversible"
    """The operation has no reverse, and Django refuses to reverse it."""


@dataclass(frozen=True)
class Effect:
    """The effect of reversing one operation on one table."""

    kind: ReverseEffect
    migration: str
    operation: str
    """Class of the reversed operation, such as ``AddField``."""
    table: str = ""
    """Current name of the table. For a restored table, its future name. Empty if unknown."""
    column: str = ""
    """Current or future name of the column. Empty if the whole table is concerned."""
    rows: int = 0
    """Number of rows of the table. For a column, of rows with a value in the column. For a table or
    column that is restored empty: the number before the upgrade drops it, if it still exists."""
    non_default_rows: int = 0
    """Of these rows, the number whose value differs from the default of new rows."""
    unknown_reason: str = ""
    """Why the rows could not be counted. Empty if they were."""
    violated_preconditions: tuple[PreconditionResult, ...] = ()
    """Preconditions that are violated or could not be tested."""
    sample: tuple[str, ...] = ()
    """Primary keys of some rows of a dropped table."""
    unrenamed_index: str = ""
    """New name of a renamed index that reversing does not rename back. Empty if there is none."""


@dataclass(frozen=True)
class ReverseDataChange:
    """The effect of a migration's reverse code, as the catalog describes it."""

    migration: str
    description: str
    affected_rows: int = 0
    """Rows that differ from their state before the upgrade; 0 if nothing is lost."""
    unknown_reason: str = ""
    """Why the rows could not be counted."""


@dataclass(frozen=True)
class Reversal:
    """The migrations to reverse to return to an earlier state, and the effects."""

    migrations: tuple[str, ...] = ()
    """Keys of the migrations, in the order of reversing."""
    effects: tuple[Effect, ...] = ()
    """The effects, in the order in which they occur."""
    operation_costs: tuple[OperationCost, ...] = ()
    """Cost of the reverse operations."""
    first_applied: str = ""
    """Time of the first applied migration: ISO 8601, UTC. Empty if unknown."""
    known_data_changes: tuple[ReverseDataChange, ...] = ()
    """Effects of the reverse code that the catalog describes."""
    last_applied: str = ""
    """Time of the last applied migration: ISO 8601, UTC. Empty if unknown."""
    cascades: tuple[ContentTypeCascade, ...] = ()

    @property
    def applied_between(self) -> tuple[datetime, datetime] | None:
        """Times of the first and the last applied migration. None if unknown."""
        if not (self.first_applied and self.last_applied):
            return None
        return datetime.fromisoformat(self.first_applied), datetime.fromisoformat(self.last_applied)


@dataclass(frozen=True)
class PlannedReversal(Reversal):
    """The effects that reversing the pending migrations would have on the current rows."""
