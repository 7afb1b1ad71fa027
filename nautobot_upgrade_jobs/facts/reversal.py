"""What undoing migrations would do to the rows that are there today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .preconditions import OperationCost, PreconditionResult

ReverseEffect = Literal[
    "keeps", "drops", "returns empty", "runs code", "does nothing", "may fail", "irreversible"
]
"""``keeps``: every value stays. ``drops``: a table or a column goes, with what is in it. ``returns
empty``: one comes back without what was in it. ``runs code``: a function or statements, or an
operation that is not Django's own. ``does nothing``: what code has written on the way there stays.
``may fail``: nothing of that, but rows do not comply with what comes back. ``irreversible``: nobody
has written a way back, and Django refuses."""


@dataclass(frozen=True)
class Effect:
    """What undoing one operation does to one table."""

    kind: ReverseEffect
    migration: str
    operation: str
    """Class of the operation that is undone, such as ``AddField``."""
    table: str = ""
    """As it is named today; of what comes back, as it will be named; empty if nobody knows."""
    column: str = ""
    """Likewise; empty if it is about the whole table."""
    rows: int = 0
    """Rows of the table; of a column that goes, those that have a value in it. Of what comes back,
    what is in it before it goes, if it is still there."""
    non_default_rows: int = 0
    """Of these, the values that are not what every new row gets."""
    unknown_reason: str = ""
    """Why nobody could count."""
    violated_preconditions: tuple[PreconditionResult, ...] = ()
    """What it demands of the rows and does not find, or what could not be tried."""
    sample: tuple[str, ...] = ()
    """Primary keys of some rows of a table that goes."""
    unrenamed_index: str = ""
    """Of one that keeps the name which it has got on the way there."""


@dataclass(frozen=True)
class ReverseDataChange:
    """What the code that undoes a migration is known to do."""

    migration: str
    description: str
    affected_rows: int = 0
    """That are not as they were before the upgrade; 0 if nothing is lost."""
    unknown_reason: str = ""
    """Why nobody could count."""


@dataclass(frozen=True)
class ContentTypeCascade:
    """What goes with the content types of models that go, when they are removed as stale."""

    referencing_column: str
    """``table.column``."""
    rows: int
    models: tuple[str, ...]
    """``app_label.model``."""


@dataclass(frozen=True)
class Reversal:
    """Everything that has to be undone to be back at an earlier state."""

    migrations: tuple[str, ...] = ()
    """Keys of migrations, in order."""
    effects: tuple[Effect, ...] = ()
    """In the order in which they happen."""
    operation_costs: tuple[OperationCost, ...] = ()
    """What it costs the server."""
    first_applied: str = ""
    """When the first of them was applied: ISO 8601, UTC; empty if nobody knows."""
    known_data_changes: tuple[ReverseDataChange, ...] = ()
    """Of the migrations whose code is known."""
    last_applied: str = ""
    """When the last of them was applied, likewise."""
    cascades: tuple[ContentTypeCascade, ...] = ()

    @property
    def applied_between(self) -> tuple[datetime, datetime] | None:
        """From when to when they were applied; None if nobody knows."""
        if not (self.first_applied and self.last_applied):
            return None
        return datetime.fromisoformat(self.first_applied), datetime.fromisoformat(self.last_applied)


@dataclass(frozen=True)
class PlannedReversal(Reversal):
    """What undoing the migrations that are still to come would do to the rows of today."""
