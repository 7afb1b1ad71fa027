"""The tables of the database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table and its size."""

    name: str
    rows: int
    exact: bool
    """False if ``rows`` is the server's estimate, because counting would take too long."""
    size_bytes: int = 0
    """Size of the table, including indexes and values that are stored outside the rows."""


@dataclass(frozen=True)
class Tables:
    """All tables that the role can read, and the tables of Django models."""

    tables: tuple[Table, ...]
    model_tables: tuple[str, ...]
    """Tables of the models of enabled Django apps."""

    @property
    def row_counts(self) -> dict[str, int]:
        """The rows of each table, by its name."""
        return {table.name: table.rows for table in self.tables}
