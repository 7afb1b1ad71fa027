"""What undoing migrations would do to the rows that are there today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .demands import Answer, Work

Kind = Literal[
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

    kind: Kind
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
    own: int = 0
    """Of these, the values that are not what every new row gets."""
    unknown: str = ""
    """Why nobody could count."""
    broken: tuple[Answer, ...] = ()
    """What it demands of the rows and does not find, or what could not be tried."""
    sample: tuple[str, ...] = ()
    """Primary keys of some rows of a table that goes."""
    index: str = ""
    """Of one that keeps the name which it has got on the way there."""


@dataclass(frozen=True)
class Spoilt:
    """What the code that undoes a migration is known to do."""

    migration: str
    says: str
    rows: int = 0
    """That are not as they were before the upgrade; 0 if nothing is lost."""
    unknown: str = ""
    """Why nobody could count."""


@dataclass(frozen=True)
class Cascade:
    """What goes with the content types of models that go, when they are removed as stale."""

    place: str
    """``table.column``."""
    rows: int
    models: tuple[str, ...]
    """``app_label.model``."""


@dataclass(frozen=True)
class Reversal:
    """Everything that has to be undone to be back at an earlier state."""

    undoes: tuple[str, ...] = ()
    """Keys of migrations, in order."""
    effects: tuple[Effect, ...] = ()
    """In the order in which they happen."""
    work: tuple[Work, ...] = ()
    """What it costs the server."""
    began: str = ""
    """When the first of them was applied: ISO 8601, UTC; empty if nobody knows."""
    spoilt: tuple[Spoilt, ...] = ()
    """Of the migrations whose code is known."""
    ended: str = ""
    """When the last of them was applied, likewise."""
    cascades: tuple[Cascade, ...] = ()

    @property
    def took(self) -> tuple[datetime, datetime] | None:
        """From when to when they were applied; None if nobody knows."""
        if not (self.began and self.ended):
            return None
        return datetime.fromisoformat(self.began), datetime.fromisoformat(self.ended)


@dataclass(frozen=True)
class Retreat(Reversal):
    """What undoing the migrations that are still to come would do to the rows of today."""
