"""Differences between two states, before they are classified."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

RELEASE_NOTES = "https://docs.nautobot.com/projects/core/en/stable/release-notes/"


class Unit(Enum):
    """The unit of a quantity."""

    ROWS = "row"
    VALUES = "value"


@dataclass(frozen=True)
class Quantity:
    """The number of rows of a table, or of values of a column."""

    count: int
    unit: Unit
    fingerprint: str = ""


@dataclass(frozen=True)
class Item:
    """An item of a listing."""

    description: str
    count: int | None = None
    """Number of objects. None if the item has no number."""


State = Quantity | Item


@dataclass(frozen=True)
class Buckets:
    """The buckets in which the values of a column differ."""

    differing: tuple[int, ...]
    compared: int
    """Number of buckets with the same rows before and after."""


@dataclass(frozen=True)
class Difference:
    """One object that differs between two states."""

    section: str
    """``topic`` or ``topic.field``."""
    subject: str
    before: State | None
    """None if the object did not exist."""
    after: State | None
    """None if the object does not exist any more."""
    loses_data: bool = False
    """Whether existing rows, values or files are missing."""
    buckets: Buckets | None = None

    @property
    def change_kind(self) -> str:
        """Return ``added``, ``gone`` or ``changed``."""
        if self.before is None:
            return "added"
        return "gone" if self.after is None else "changed"


@dataclass(frozen=True)
class NotComparable:
    """An object that cannot be compared."""

    section: str
    subject: str
    reason: str
    only_values: bool = False
    """Whether only the values of the table were not compared. Its rows were."""


@dataclass(frozen=True)
class Explanation:
    """The reason why a difference was expected."""

    reason: str
    reference: str = RELEASE_NOTES


@dataclass(frozen=True)
class UnmetDataMove:
    """An incomplete move of values to another table, which the catalog declares."""

    table: str
    expected_rows: int
    actual_rows: int
