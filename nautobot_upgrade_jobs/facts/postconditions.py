"""Violations of the postconditions of data migrations, counted by the catalog's queries."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class PostconditionCounts:
    """Violating rows by postcondition; only postconditions of recorded migrations are counted."""

    violating_rows: dict[str, int | Unavailable]
