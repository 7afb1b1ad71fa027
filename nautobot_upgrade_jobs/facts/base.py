"""What every topic shares: a fact that could not be had is a value, never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Unavailable:
    """A fact that could not be collected, and why, in one sentence an operator understands."""

    reason: str


@dataclass(frozen=True)
class Listing:
    """Things by name, each with what it is, as a short text; two listings compare name by name."""

    items: dict[str, str]


class FactUnavailable(Exception):
    """A check asked for a fact that could not be collected."""


def require(value: T | Unavailable) -> T:
    """Return the value, or tell the runner that it is not known.

    Args:
        value: A fact, or the reason why it is missing.

    Returns:
        The fact.

    Raises:
        MissingFactError: The fact is missing; the runner turns this into a SKIPPED result.
    """
    if isinstance(value, Unavailable):
        raise FactUnavailable(value.reason)
    return value
