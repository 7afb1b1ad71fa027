"""Types that all topics share. A fact that could not be collected is a value, never a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Unavailable:
    """A fact that could not be collected, with the reason in one sentence for the operator."""

    reason: str


@dataclass(frozen=True)
class Listing:
    """Objects by name, each with a short description; two listings are compared name by name."""

    items: dict[str, str]
    counts: dict[str, int] = field(default_factory=dict)
    """Number of members, values or associations of each item that has some kind of them."""
    user_data: tuple[str, ...] = ()
    """Names of items whose members, values or associations users entered; fewer are a loss."""


class TextEnum(str, Enum):
    """An enumeration of texts. Every Python version formats a member as its value."""

    def __str__(self) -> str:
        return str(self.value)


class FactUnavailable(Exception):
    """A check needs a fact that could not be collected."""


def require(value: T | Unavailable) -> T:
    """Return the value of an available fact.

    Args:
        value: A fact, or the reason why it is unavailable.

    Raises:
        FactUnavailable: The fact is unavailable; the runner turns this into a SKIPPED result.
    """
    if isinstance(value, Unavailable):
        raise FactUnavailable(value.reason)
    return value


def or_none(value: T | Unavailable) -> T | None:
    """Return the value, or None if it is unavailable."""
    return None if isinstance(value, Unavailable) else value
