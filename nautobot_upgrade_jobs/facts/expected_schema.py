"""The schema that the running code expects, from its models and migrations."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class ExpectedColumn:
    """A column after the migrations."""

    name: str
    type: str
    """The server catalog's name of the type, such as ``character varying(255)``."""
    nullable: bool


@dataclass(frozen=True)
class ExpectedConstraint:
    """An index or a constraint after the migrations."""

    kind: str
    """``primary``, ``unique``, ``index``, ``foreign`` or ``check``."""
    columns: tuple[str, ...]
    """In order, as printed by the server: ``time DESC``, ``name varchar_pattern_ops``. Empty for an
    index on expressions."""
    name: str
    """The name in the code, or the name that the code would generate now."""
    identified_by_name: bool
    """Whether only the name identifies it, because it has a condition or is on expressions."""
    referenced_table: str = ""
    """The table that a foreign key refers to."""
    sql: str = ""
    """The statement that creates it."""


@dataclass(frozen=True)
class ExpectedTable:
    """A table after the migrations."""

    app_label: str
    columns: tuple[ExpectedColumn, ...]
    constraints: tuple[ExpectedConstraint, ...]
    sql: str
    """The statement that creates it, without indexes and foreign keys."""


@dataclass(frozen=True)
class ExpectedSchema:
    """Missing migrations, and the schema that the applied migrations should have created."""

    missing_migrations: dict[str, tuple[str, ...]] | Unavailable
    """App label to the operations that Nautobot's ``makemigrations`` would write for it."""
    tables: dict[str, ExpectedTable] | Unavailable
    """Tables by name, according to the applied migrations; pending ones do not count."""
