"""The tables of the database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table and its rows."""

    name: str
    rows: int
    exact: bool
    """False where ``rows`` is the server's own estimate, because counting would take long."""
    size_bytes: int = 0
    """With indexes, and with what is kept beside the rows."""


@dataclass(frozen=True)
class Tables:
    """All tables that the role sees, and which Django model owns them."""

    tables: tuple[Table, ...]
    model_tables: tuple[str, ...]
    """Tables that a model of an enabled Django app stands for."""
