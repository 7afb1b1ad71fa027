"""Changes since a point in time. They are lost if a backup of that time is restored."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class LoggedChanges:
    """Change-log entries of one model, user and action."""

    model: str
    """``app_label.model``."""
    user: str
    action: str
    """``create``, ``update`` or ``delete``."""
    count: int
    sample: tuple[str, ...] = ()
    """Names of the newest changed objects."""


@dataclass(frozen=True)
class TimestampChanges:
    """Rows of one table with a newer timestamp, without rows that the upgrade itself wrote."""

    table: str
    created: int
    updated: int
    """Rows that were created before and updated since."""


@dataclass(frozen=True)
class ChangesSince:
    """All changes since a point in time."""

    since: str
    """ISO 8601, UTC."""
    logged_changes: tuple[LoggedChanges, ...] | Unavailable
    timestamp_changes: tuple[TimestampChanges, ...]
    """Tables with changed rows, by name."""
    unreadable_tables: dict[str, str]
    """Tables that could not be queried, each with the reason."""
    new_media_files: int | Unavailable = 0
    """Files below ``MEDIA_ROOT`` that were changed since."""
