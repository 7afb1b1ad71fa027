"""Code that pending migrations run on the rows, and what its source text shows."""

from __future__ import annotations

from dataclasses import dataclass

from .base import TextEnum


class CodeAccess(TextEnum):
    """Effects of code on rows, according to its source text."""

    WRITES = "writes"
    """The code may write rows."""
    READS = "reads"
    """No statement of the code writes."""
    SCHEMA = "schema"
    """The code changes the schema and no rows. The rows can prevent the change."""
    UNKNOWN = "unknown"
    """The source is unavailable, or is not understood."""


class RequirementKind(TextEnum):
    """What an expression needs."""

    ONE_ROW = "one row"
    """Exactly one row that matches a query."""
    ANY_ROW = "any row"
    """At least one row that matches a query."""
    CONVERTIBLE = "convertible"
    """A value that a function can convert."""


@dataclass(frozen=True)
class CodeRequirement:
    """One expression of code that stops without a row or a value."""

    kind: RequirementKind
    expression: str


@dataclass(frozen=True)
class MigrationCode:
    """The code of one operation."""

    migration: str
    operation: str
    """Class of the operation, such as ``RunPython``."""
    access: CodeAccess
    location: str = ""
    """Path of the file below the folder of its package, and the line. Empty for SQL."""
    models: tuple[str, ...] = ()
    """Models that the code gets by name, as ``app_label.model``."""
    fields: tuple[str, ...] = ()
    """Names of the fields and columns that the code assigns."""
    raises: tuple[str, ...] = ()
    """Exceptions of its own raise and assert statements, each with its conditions."""
    requirements: tuple[CodeRequirement, ...] = ()
    """Rows and values without which its own statements stop."""
    writes_unknown_fields: bool = False
    """Whether the code also writes fields that its text does not name."""

    @property
    def is_core(self) -> bool:
        """Whether the code belongs to Nautobot itself."""
        return self.location.startswith("nautobot/")
