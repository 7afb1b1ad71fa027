"""Fingerprints of the rows: what is in every table, without a single value.

A fingerprint is the exclusive or of one 64-bit hash for each row, keyed by the row's primary key.
It does not depend on the order of rows or columns, and each column has its own, so a column that
survives an upgrade stays comparable whatever is added or dropped beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    type: str
    """The server's own name of the type."""
    non_null: int
    fingerprint: str
    """16 hexadecimal digits, over the values that are not null."""


@dataclass(frozen=True)
class TableContents:
    """The rows of a table at one instant."""

    rows: int
    """Counted, never estimated."""
    primary_key: tuple[str, ...]
    keys: str | None
    """Fingerprint of the set of primary keys; None where only rows were counted."""
    columns: tuple[Column, ...]
    """Empty where only rows or keys were looked at."""


@dataclass(frozen=True)
class Contents:
    """All tables of the database, seen at one instant."""

    algorithm: str
    """How the hashes were made; fingerprints of different algorithms are not comparable."""
    server: str
    """Vendor and major version; hash functions are not promised to be stable between majors."""
    collation: str
    tables: dict[str, TableContents | Unavailable]
