"""Rows that violate postconditions of data migrations, counted by the catalog's queries."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class PostconditionCounts:
    """The number of violating rows, by id of the postcondition."""

    violating_rows: dict[str, int | Unavailable | None]
    """None if the migration of the postcondition is not recorded."""
