"""What has been written since a moment: it is lost if a backup of that moment is restored."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class Change:
    """Changes of one kind that the change log has since then."""

    model: str
    """``app_label.model``."""
    user: str
    action: str
    """``create``, ``update`` or ``delete``."""
    number: int
    sample: tuple[str, ...] = ()
    """The newest of these objects, by name."""


@dataclass(frozen=True)
class Stamped:
    """Rows of one table whose own time stamps are newer, and than the upgrade's own steps."""

    table: str
    created: int
    updated: int
    """Of those that were there before."""


@dataclass(frozen=True)
class Written:
    """Everything since a moment."""

    since: str
    """ISO 8601, UTC."""
    changes: tuple[Change, ...] | Unavailable
    stamped: tuple[Stamped, ...]
    """Tables with such rows, by name."""
    unknown: dict[str, str]
    """Tables that could not be asked, and why."""
    media: int | Unavailable = 0
    """Files below ``MEDIA_ROOT`` that are younger."""
