"""What the running code believes of the database: its models, and the migrations that it has."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class ExpectedColumn:
    """A column as the migrations leave it."""

    name: str
    type: str
    """In the words of the server's own catalog, such as ``character varying(255)``."""
    nullable: bool


@dataclass(frozen=True)
class ExpectedConstraint:
    """An index or a constraint as the migrations leave it."""

    kind: str
    """``primary``, ``unique``, ``index``, ``foreign`` or ``check``."""
    columns: tuple[str, ...]
    """In order, as the server prints them: ``time DESC``, ``name varchar_pattern_ops``. Empty if
    it is over expressions."""
    name: str
    """As the code names it, or would name it now."""
    identified_by_name: bool
    """The name is all that it can be told by: it has a condition or is over expressions."""
    referenced_table: str = ""
    """Of a foreign key: the table that it refers to."""
    sql: str = ""
    """The statement that makes it."""


@dataclass(frozen=True)
class ExpectedTable:
    """A table as the migrations leave it."""

    app_label: str
    columns: tuple[ExpectedColumn, ...]
    constraints: tuple[ExpectedConstraint, ...]
    sql: str
    """The statement that makes it, without its indexes and foreign keys."""


@dataclass(frozen=True)
class ExpectedSchema:
    """Models beside migrations, and the schema that the applied migrations should have made."""

    missing_migrations: dict[str, tuple[str, ...]] | Unavailable
    """App label to what ``makemigrations`` would write for it, by Nautobot's own rules."""
    tables: dict[str, ExpectedTable] | Unavailable
    """By name; of the migrations that count as applied, not of those that are still to run."""
