"""Results of the post-upgrade steps in the database and in files."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class StaleContentType:
    """A content type of an enabled App without a model in the running code."""

    name: str
    """``app_label.model``."""
    reference_counts: dict[str, int]
    """By ``table.column``: the number of rows that refer to the type and are removed with it."""


@dataclass(frozen=True)
class StaticFiles:
    """Collected static files, compared with the static files of Nautobot and the Apps."""

    folder: str
    expected: int
    missing: tuple[str, ...]
    outdated: tuple[str, ...]
    """Files that differ from their source in size, or that are older and differ in content."""


@dataclass(frozen=True)
class StaleGroup:
    """A dynamic group whose stored members differ from the result of its filter."""

    name: str
    stored: int
    """Number of stored members."""
    selected: int | None
    """Number of objects that the filter selects. None if the filter fails."""

    def __str__(self) -> str:
        selects = "fails" if self.selected is None else f"selects {self.selected}"
        return f"{self.name}: {self.stored} stored, the filter {selects}"


@dataclass(frozen=True)
class PostUpgrade:
    """Evidence that a post-upgrade step was skipped."""

    stale_content_types: tuple[StaleContentType, ...] | Unavailable
    expired_sessions: int | Unavailable
    """Stored sessions that had expired when the newest migration was applied."""
    untraced_cable_paths: dict[str, int] | Unavailable
    """By model: the number of cabled rows without a traced cable path."""
    static_files: StaticFiles | Unavailable
    missing_content_types: tuple[str, ...] | Unavailable
    missing_permissions: tuple[str, ...] | Unavailable
    """``app_label.codename``."""
    missing_status_role_choices: dict[str, tuple[str, ...]] | Unavailable
    """By kind and model, such as ``status dcim.device``: the missing defaults of the release."""
    models_without_choices: tuple[str, ...] | Unavailable
    """Kinds and models, such as ``status dcim.device``, without any status or role."""
    stale_dynamic_groups: tuple[StaleGroup, ...] | Unavailable
