"""Types that all topics share. A fact that could not be collected is ``Unavailable``."""

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
    """Objects by name, each with a short description. Two listings are compared name by name."""

    items: dict[str, str]
    counts: dict[str, int] = field(default_factory=dict)
    """By item: the number of members, values or associations, if the item has a number."""
    user_data: tuple[str, ...] = ()
    """Items whose members, values or associations users entered. A smaller number is a loss."""
    errors: dict[str, str] = field(default_factory=dict)
    """By item: why its filter or template could not be evaluated."""
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By item: the fields that its filter reads, as ``app_label.model.field``."""


class TextEnum(str, Enum):
    """An enumeration of texts. A member is formatted as its value in every Python version."""

    def __str__(self) -> str:
        return str(self.value)


class FactUnavailable(Exception):
    """A check needs a fact that could not be collected."""


def require(value: T | Unavailable) -> T:
    """Return the value of an available fact.

    Args:
        value: A fact, or the reason why it is unavailable.

    Raises:
        FactUnavailable: The fact is unavailable. The runner of checks then reports SKIPPED.
    """
    if isinstance(value, Unavailable):
        raise FactUnavailable(value.reason)
    return value


def or_none(value: T | Unavailable) -> T | None:
    """Return the value, or None if it is unavailable."""
    return None if isinstance(value, Unavailable) else value
