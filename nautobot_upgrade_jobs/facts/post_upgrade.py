"""Traces of the steps after ``migrate``: observable evidence of each."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class StaleContentType:
    """A content type of an enabled App without a model in the running code."""

    name: str
    """``app_label.model``."""
    reference_counts: dict[str, int]
    """``table.column`` to the number of referencing rows, which are removed with it."""


@dataclass(frozen=True)
class StaticFiles:
    """Collected static files, compared with those of core and the Apps."""

    folder: str
    expected: int
    missing: tuple[str, ...]
    outdated: tuple[str, ...]
    """Files of another size than their source, or older than it and different."""


@dataclass(frozen=True)
class PostUpgrade:
    """Traces that skipped steps leave."""

    stale_content_types: tuple[StaleContentType, ...] | Unavailable
    expired_sessions: int | Unavailable
    """Stored sessions that had expired when the newest migration was applied."""
    untraced_cable_paths: dict[str, int] | Unavailable
    """Model to the number of its cabled rows without a traced cable path."""
    static_files: StaticFiles | Unavailable
    missing_content_types: tuple[str, ...] | Unavailable
    missing_permissions: tuple[str, ...] | Unavailable
    """``app_label.codename``."""
    missing_status_role_choices: dict[str, tuple[str, ...]] | Unavailable
    """``status dcim.device`` to the default names of the release that are missing."""
    models_without_choices: tuple[str, ...] | Unavailable
    """Those of them without any status or role."""
    stale_dynamic_groups: tuple[str, ...] | Unavailable
    """Dynamic groups whose stored members differ from the result of their filter."""
