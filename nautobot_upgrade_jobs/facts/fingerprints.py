"""Fingerprints of all rows, without any value.

A fingerprint combines one 64-bit hash per row, keyed by the row's primary key. It does not depend
on the order of rows or columns. Each column has its own fingerprint, so a column that survives an
upgrade stays comparable when other columns are added or dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from .base import Unavailable

FingerprintDepth = Literal["counts", "keys", "content", "buckets"]
"""Depth of a table's fingerprint. ``counts`` is the number of rows, ``keys`` adds the primary keys,
``content`` adds the values, and ``buckets`` splits keys and values into buckets, which narrows a
difference down to rows while both databases are available."""
DEPTHS: tuple[FingerprintDepth, ...] = get_args(FingerprintDepth)
NUMBER_OF_BUCKETS = 256
FINGERPRINT_DIGITS = 16
"""Hexadecimal digits of one fingerprint."""


@dataclass(frozen=True)
class ColumnFingerprint:
    """One column of a table."""

    name: str
    type: str
    """The server's name of the type."""
    non_null_count: int
    fingerprint: str
    """16 hexadecimal digits, of the values that are not null."""
    buckets: str = ""
    """256 fingerprints, by the last byte of the key's hash; empty at smaller depths."""


@dataclass(frozen=True)
class TableFingerprint:
    """The rows of a table at one instant."""

    rows: int
    """Counted, never estimated."""
    primary_key: tuple[str, ...]
    key_fingerprint: str | None
    """Fingerprint of the set of primary keys; None if rows were only counted."""
    columns: tuple[ColumnFingerprint, ...]
    """Empty at the depths ``counts`` and ``keys``."""
    key_buckets: str = ""
    """Fingerprints of the keys by bucket, like those of a column."""


@dataclass(frozen=True)
class TableFingerprints:
    """All tables of the database at one instant."""

    algorithm: str
    """The hash algorithm; fingerprints of different algorithms are not comparable."""
    server: str
    """Vendor and major version; hash functions may change between major versions."""
    collation: str
    depth: FingerprintDepth
    """The requested depth; log tables are never read deeper than ``keys``."""
    tables: dict[str, TableFingerprint | Unavailable]
