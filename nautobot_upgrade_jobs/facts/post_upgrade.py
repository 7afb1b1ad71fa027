"""Traces of the steps that follow ``migrate``: one observable proof for each."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class StaleContentType:
    """A content type of an enabled App that no model of the running code stands for."""

    name: str
    """``app_label.model``."""
    reference_counts: dict[str, int]
    """``table.column`` to the rows that point at it; removing it takes them along."""


@dataclass(frozen=True)
class StaticFiles:
    """Collected static files beside those that core and the Apps bring."""

    folder: str
    expected: int
    missing: tuple[str, ...]
    outdated: tuple[str, ...]
    """Of another size, or older than what it was collected from and not the same."""


@dataclass(frozen=True)
class PostUpgrade:
    """What is left where a step was skipped."""

    stale_content_types: tuple[StaleContentType, ...] | Unavailable
    expired_sessions: int | Unavailable
    """Sessions that had expired when the newest migration was applied, and are still kept."""
    untraced_cable_paths: dict[str, int] | Unavailable
    """Model to the number of its cabled rows from which no cable path was traced."""
    static_files: StaticFiles | Unavailable
    missing_content_types: tuple[str, ...] | Unavailable
    missing_permissions: tuple[str, ...] | Unavailable
    """``app_label.codename``."""
    missing_status_role_choices: dict[str, tuple[str, ...]] | Unavailable
    """``status dcim.device`` to the names that the release brings and that are not there."""
    models_without_choices: tuple[str, ...] | Unavailable
    """Of those, the ones for which there is none at all."""
    stale_dynamic_groups: tuple[str, ...] | Unavailable
    """Dynamic groups whose stored members are not those that their filter finds."""
