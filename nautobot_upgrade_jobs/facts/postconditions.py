"""What data migrations left behind, counted by the queries of the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class PostconditionCounts:
    """Of each post-condition whose migration is recorded: rows for which it does not hold."""

    violating_rows: dict[str, int | Unavailable]
