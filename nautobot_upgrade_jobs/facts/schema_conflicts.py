"""Pending operations that fail because of tables, columns, indexes or constraints."""

from __future__ import annotations

from dataclasses import dataclass

from .base import TextEnum


class ObjectKind(TextEnum):
    """Kinds of objects in a schema."""

    TABLE = "table"
    COLUMN = "column"
    INDEX = "index"
    CONSTRAINT = "constraint"
    VIEW = "view"
    SEQUENCE = "sequence"
    FOREIGN_TABLE = "foreign table"
    TYPE = "type"


class ConflictKind(TextEnum):
    """Reasons why a schema refuses an operation."""

    EXISTS = "exists"
    """The operation creates the object, but its name is already in use."""
    MISSING = "missing"
    """The operation changes or drops the object, but the object does not exist."""


@dataclass(frozen=True)
class SchemaObject:
    """An object of the schema, by the names at that point of the plan."""

    kind: ObjectKind
    table: str
    """The own name of an object that is no part of a table, such as a view."""
    name: str = ""
    """Name of the column, index or constraint. Empty for the table itself."""

    @property
    def qualified_name(self) -> str:
        """``table`` or ``table.name``."""
        return f"{self.table}.{self.name}" if self.name else self.table


@dataclass(frozen=True)
class SchemaConflict:
    """A pending operation that fails on the actual schema."""

    object: SchemaObject
    """The object that exists or that is missing."""
    migration: str
    operation: str
    """Class of the operation, such as ``AddField``."""
    migrations_before: int
    """Number of migrations that run before this one in the plan."""
    used_by: SchemaObject | None = None
    """The object that already has the name. None if the object is missing."""

    @property
    def kind(self) -> ConflictKind:
        """Why the schema refuses the operation."""
        return ConflictKind.EXISTS if self.used_by else ConflictKind.MISSING
