"""Fingerprints of all rows, without any value.

A fingerprint combines one 64-bit hash per row. The row's primary key is the key of the hash. The
fingerprint is a digest of the combined number, with a key that is derived from ``SECRET_KEY``. It
does not depend on the order of rows or columns. Each column has its own fingerprint. A column can
therefore be compared although an upgrade adds or drops other columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..common.errors import UsageError
from .base import Unavailable

FingerprintDepth = Literal["counts", "keys", "content", "buckets"]
"""Depth of a table's fingerprint. ``counts`` is the number of rows, ``keys`` adds the primary keys,
``content`` adds the values, and ``buckets`` splits keys and values into buckets. Buckets narrow a
difference down to rows while the two databases are available."""
DEPTHS: tuple[FingerprintDepth, ...] = get_args(FingerprintDepth)
NUMBER_OF_BUCKETS = 256
FINGERPRINT_DIGITS = 16
"""Hexadecimal digits of one fingerprint."""


def require_depth(text: str) -> FingerprintDepth:
    """Return a depth by its name.

    Raises:
        UsageError: There is no such depth.
    """
    for depth in DEPTHS:
        if depth == text:
            return depth
    raise UsageError(f"No such depth: {text[:40]}. Known: {', '.join(DEPTHS)}.")


@dataclass(frozen=True)
class ColumnFingerprint:
    """One column of a table."""

    name: str
    type: str
    """The server's name of the type."""
    non_null_count: int
    fingerprint: str
    """Fingerprint of the values that are not null, as 16 hexadecimal digits."""
    buckets: str = ""
    """256 fingerprints, by the last byte of the primary key's hash. Empty at lower depths."""


@dataclass(frozen=True)
class TableFingerprint:
    """The rows of a table at one instant."""

    rows: int
    """The number of rows, which is counted and never estimated."""
    primary_key: tuple[str, ...]
    key_fingerprint: str | None
    """Fingerprint of the set of primary keys. None if rows were only counted."""
    columns: tuple[ColumnFingerprint, ...]
    """Empty at the depths ``counts`` and ``keys``."""
    key_buckets: str = ""
    """256 fingerprints of the primary keys, in the format of ``ColumnFingerprint.buckets``."""


@dataclass(frozen=True)
class TableFingerprints:
    """All tables of the database at one instant."""

    algorithm: str
    """The hash algorithm. Fingerprints of different algorithms cannot be compared."""
    server: str
    """Vendor and major version. Hash functions may change between major versions."""
    collation: str
    depth: FingerprintDepth
    """The requested depth. Log tables are never read deeper than ``keys``."""
    tables: dict[str, TableFingerprint | Unavailable]
    key_id: str = ""
    """Digest that shows whether two snapshots were captured with the same ``SECRET_KEY``."""
