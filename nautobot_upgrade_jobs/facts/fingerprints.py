"""Fingerprints of the rows: what is in every table, without a single value.

A fingerprint is the exclusive or of one 64-bit hash for each row, keyed by the row's primary key.
It does not depend on the order of rows or columns, and each column has its own, so a column that
survives an upgrade stays comparable whatever is added or dropped beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from .base import Unavailable

FingerprintDepth = Literal["counts", "keys", "content", "buckets"]
"""How closely a table is looked at: its number of rows; which rows; their values; and these by
bucket, so that a difference can be narrowed down to rows while both databases are at hand."""
DEPTHS: tuple[FingerprintDepth, ...] = get_args(FingerprintDepth)
NUMBER_OF_BUCKETS = 256
FINGERPRINT_DIGITS = 16
"""Of one fingerprint."""


@dataclass(frozen=True)
class ColumnFingerprint:
    """One column of a table."""

    name: str
    type: str
    """The server's own name of the type."""
    non_null_count: int
    fingerprint: str
    """16 hexadecimal digits, over the values that are not null."""
    buckets: str = ""
    """256 such fingerprints, by the last byte of the key's hash; empty at lesser depths."""


@dataclass(frozen=True)
class TableFingerprint:
    """The rows of a table at one instant."""

    rows: int
    """Counted, never estimated."""
    primary_key: tuple[str, ...]
    key_fingerprint: str | None
    """Fingerprint of the set of primary keys; None where only rows were counted."""
    columns: tuple[ColumnFingerprint, ...]
    """Empty where only rows or keys were looked at."""
    key_buckets: str = ""
    """Like a column's buckets, of the keys."""


@dataclass(frozen=True)
class TableFingerprints:
    """All tables of the database, seen at one instant."""

    algorithm: str
    """How the hashes were made; fingerprints of different algorithms are not comparable."""
    server: str
    """Vendor and major version; hash functions are not promised to be stable between majors."""
    collation: str
    depth: FingerprintDepth
    """What was asked for; log-like tables are never looked at more closely than by key."""
    tables: dict[str, TableFingerprint | Unavailable]
