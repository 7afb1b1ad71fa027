"""Objects outside Nautobot's migrations that use its tables, and what an upgrade does to them."""

from __future__ import annotations

from dataclasses import dataclass

from .base import TextEnum


class DependentKind(TextEnum):
    """Kinds of objects that use a table or a column."""

    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    RULE = "rule"
    TRIGGER = "trigger"
    FUNCTION = "function"
    POLICY = "policy"
    PUBLICATION = "publication"
    GENERATED_COLUMN = "generated column"
    ROW_COLUMN = "column with the row type"
    """A column of another table whose values are whole rows of the table."""
    FOREIGN_KEY = "foreign key"


class DependentEffect(TextEnum):
    """Effects of an operation on an object that uses a table or a column, most severe first."""

    STOPS = "stops"
    """The server refuses the operation."""
    BREAKS = "breaks"
    """The object remains, and each use of it fails afterwards."""
    DROPPED = "dropped"
    """The server drops the object without a message."""
    RUNS = "runs"
    """The code of a migration changes rows, so the trigger runs and can refuse the change."""


@dataclass(frozen=True)
class SchemaDependent:
    """An object that uses a table or a column of Nautobot."""

    kind: DependentKind
    name: str
    """Quoted for SQL. A rule, trigger, policy or foreign key on a table: ``name on table``. A
    publication: ``table in publication name``."""
    table: str
    column: str = ""
    """Empty if the object uses the whole table."""
    is_tracked: bool = True
    """False if the object names the table or column in a text that the server does not follow."""


@dataclass(frozen=True)
class AffectedDependent:
    """An object that a pending operation drops or breaks, or that stops the operation."""

    dependent: SchemaDependent
    effect: DependentEffect
    migration: str
    operation: str
    """Class of the operation, such as ``RemoveField``."""
    migrations_before: int
    """Number of migrations that run before this one in the plan."""
