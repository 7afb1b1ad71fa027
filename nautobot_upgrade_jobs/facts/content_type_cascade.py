"""Rows that are deleted with the content types of removed models."""

from __future__ import annotations

from dataclasses import dataclass

ASSIGNMENT_SUFFIXES = ("_content_types", "_object_types")
"""Ends of the names of tables that assign objects to kinds of objects."""


@dataclass(frozen=True)
class ContentTypeCascade:
    """Rows that ``post_upgrade`` deletes with the content types of removed models."""

    referencing_column: str
    """``table.column``."""
    rows: int
    models: tuple[str, ...]
    """``app_label.model``."""

    @property
    def is_assignment(self) -> bool:
        """Whether the rows only assign an object to a kind of object, such as a status."""
        return self.referencing_column.partition(".")[0].endswith(ASSIGNMENT_SUFFIXES)
