"""The schema that the running code expects, from its models and migrations."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class ExpectedColumn:
    """A column that the applied migrations should have created."""

    name: str
    type: str
    """The type as the server's catalog names it, such as ``character varying(255)``."""
    nullable: bool


@dataclass(frozen=True)
class ExpectedConstraint:
    """An index or a constraint that the applied migrations should have created."""

    kind: str
    """``primary``, ``unique``, ``index``, ``foreign`` or ``check``."""
    columns: tuple[str, ...]
    """The columns in order, as the server prints them: ``time DESC``, ``name varchar_pattern_ops``.
    Empty for an index on expressions."""
    name: str
    """The name in the code, or the name that the code would generate now."""
    identified_by_name: bool
    """Whether it is found only by its name, because it has a condition or is on expressions."""
    referenced_table: str = ""
    """The table that a foreign key refers to."""
    sql: str = ""
    """The statement that creates it."""


@dataclass(frozen=True)
class ExpectedTable:
    """A table that the applied migrations should have created."""

    app_label: str
    columns: tuple[ExpectedColumn, ...]
    constraints: tuple[ExpectedConstraint, ...]
    sql: str
    """The statement that creates it, without indexes and foreign keys."""


@dataclass(frozen=True)
class ExpectedSchema:
    """Missing migrations, and the schema that the applied migrations should have created."""

    missing_migrations: dict[str, tuple[str, ...]] | Unavailable
    """By App label: the operations that Nautobot's ``makemigrations`` would write."""
    tables: dict[str, ExpectedTable] | Unavailable
    """Tables by name, according to the applied migrations. Pending migrations do not count."""
