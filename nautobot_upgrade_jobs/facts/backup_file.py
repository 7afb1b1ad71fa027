"""A file that is said to be a backup of the database, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class Backup:
    """What a dump says of itself."""

    file: str
    created: str
    """When it was begun, in the words of the file, such as ``2026-11-22 08:40:00 UTC``."""
    database: str
    """Name of the database that was dumped; empty if the file does not say."""
    tables: tuple[str, ...]
    """Tables whose rows it holds."""
    complete: bool
    """Whether it ends as a dump ends."""
    rows: dict[str, int] | Unavailable
    """How many rows it holds of each."""
