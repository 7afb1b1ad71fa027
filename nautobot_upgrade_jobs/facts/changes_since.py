"""What has been written since a moment: it is lost if a backup of that moment is restored."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class LoggedChanges:
    """Changes of one kind that the change log has since then."""

    model: str
    """``app_label.model``."""
    user: str
    action: str
    """``create``, ``update`` or ``delete``."""
    count: int
    sample: tuple[str, ...] = ()
    """The newest of these objects, by name."""


@dataclass(frozen=True)
class TimestampChanges:
    """Rows of one table whose own time stamps are newer, and than the upgrade's own steps."""

    table: str
    created: int
    updated: int
    """Of those that were there before."""


@dataclass(frozen=True)
class ChangesSince:
    """Everything since a moment."""

    since: str
    """ISO 8601, UTC."""
    logged_changes: tuple[LoggedChanges, ...] | Unavailable
    timestamp_changes: tuple[TimestampChanges, ...]
    """Tables with such rows, by name."""
    unreadable_tables: dict[str, str]
    """Tables that could not be asked, and why."""
    new_media_files: int | Unavailable = 0
    """Files below ``MEDIA_ROOT`` that are younger."""
