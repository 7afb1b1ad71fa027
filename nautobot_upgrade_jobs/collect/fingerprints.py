"""Fingerprint all tables in the same state of the database, with one scan of each table.

The database computes the fingerprints. Only hashes and counts leave the server, so memory does
not grow with the rows. A snapshot contains keyed digests of these hashes.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import reduce
from itertools import count
from operator import add, xor
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import transaction

from ..facts import TableFingerprints, Unavailable
from ..facts.fingerprints import (
    DEPTHS,
    FINGERPRINT_DIGITS,
    NUMBER_OF_BUCKETS,
    ColumnFingerprint,
    FingerprintDepth,
    TableFingerprint,
)
from .context import Context, explain
from .db import fingerprints_mysql, fingerprints_postgresql
from .support.redaction import installation_key

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

KEYS_ONLY_TABLES = frozenset(
    {
        "django_session",
        "extras_fileattachment",
        "extras_jobconsoleentry",
        "extras_joblogentry",
        "extras_jobresult",
        "extras_objectchange",
    }
)
"""Large log tables with constant writes. Their primary keys are enough to detect lost rows."""
EMPTY = "0" * FINGERPRINT_DIGITS
KEY_PURPOSE = b"key of fingerprints"
BUDGET_SECONDS = 900
"""Time limit for all tables together. After this time, the remaining tables are unavailable."""


class MigrationRunningError(RuntimeError):
    """The schema is being changed, so a snapshot would match neither release."""


def collect(context: Context) -> TableFingerprints:
    """Fingerprint every table in one transaction, which reads one state of the database."""
    connection = context.connection
    dialect = fingerprints_postgresql if connection.vendor == "postgresql" else fingerprints_mysql
    if writers := dialect.find_ddl_sessions(connection):
        raise MigrationRunningError(
            f"a migration seems to be running: {', '.join(writers)} changes the schema"
        )
    end = time.monotonic() + BUDGET_SECONDS
    tables: dict[str, TableFingerprint | Unavailable] = {}
    with _read_one_state(connection, dialect):
        server, collation = dialect.describe_server(connection)
        for name, table in dialect.read_table_info(connection).items():
            if time.monotonic() > end:
                tables[name] = Unavailable(f"the budget of {BUDGET_SECONDS} seconds was used up")
            else:
                depth = _choose_depth(context.depth, name, bool(table.primary_key))
                tables[name] = _fingerprint_table(connection, dialect, name, table, depth)
    return TableFingerprints(
        dialect.ALGORITHM, server, collation, context.depth, tables, _digest(KEY_PURPOSE)
    )


@contextmanager
def _read_one_state(connection: BaseDatabaseWrapper, dialect: Any) -> Iterator[None]:
    """Run a transaction in which all queries read the same state of the database."""
    _execute(connection, dialect.BEFORE_TRANSACTION)
    try:
        with transaction.atomic(using=connection.alias):
            yield
    finally:
        with suppress(DatabaseError):  # If the connection is lost, the caller gets its error.
            _execute(connection, dialect.AFTER_TRANSACTION)


def _execute(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _choose_depth(requested: FingerprintDepth, table: str, has_key: bool) -> FingerprintDepth:
    deepest: FingerprintDepth = (
        "counts" if not has_key else "keys" if table in KEYS_ONLY_TABLES else "buckets"
    )
    return min(requested, deepest, key=DEPTHS.index)


def _fingerprint_table(
    connection: BaseDatabaseWrapper, dialect: Any, name: str, table: Any, depth: FingerprintDepth
) -> TableFingerprint | Unavailable:
    """Fingerprint one table. A savepoint keeps the transaction usable after an error."""
    key = () if depth == "counts" else table.key
    columns = table.columns if depth in ("content", "buckets") else ()
    query = dialect.build_fingerprint_query(
        connection, name, key, columns, by_bucket=depth == "buckets"
    )
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(query)
            buckets = cursor.fetchall()
    except DatabaseError as error:
        return Unavailable(explain(error))
    combine: Callable[[int, int], int] = xor if dialect.supports_bit_xor(connection) else add
    in_buckets = depth == "buckets"
    return TableFingerprint(
        rows=sum(int(row[ROW_COUNT_INDEX]) for row in buckets),
        primary_key=table.primary_key,
        key_fingerprint=_table_hash(buckets, KEY_HASH_INDEX, combine) if key else None,
        columns=tuple(
            ColumnFingerprint(
                name=column.name,
                type=column.type,
                non_null_count=sum(int(row[index + 1]) for row in buckets),
                fingerprint=_table_hash(buckets, index, combine),
                buckets=_bucket_hashes(buckets, index) if in_buckets else "",
            )
            for index, column in zip(count(FIRST_COLUMN_INDEX, 2), columns)
        ),
        key_buckets=_bucket_hashes(buckets, KEY_HASH_INDEX) if in_buckets else "",
    )


BUCKET_INDEX, ROW_COUNT_INDEX, KEY_HASH_INDEX, FIRST_COLUMN_INDEX = range(4)
"""Positions in a result row. Each column has two positions: its hash and its number of values."""


def _table_hash(buckets: list[Any], index: int, combine: Callable[[int, int], int]) -> str:
    return _hex(reduce(combine, (int(row[index] or 0) for row in buckets), 0))


def _bucket_hashes(buckets: list[Any], index: int) -> str:
    """Return the hashes of all buckets in order. The hash of an empty bucket is zero."""
    hashes = {int(row[BUCKET_INDEX]): int(row[index] or 0) for row in buckets}
    if not any(hashes.values()):
        return ""
    return "".join(_hex(hashes.get(number, 0)) for number in range(NUMBER_OF_BUCKETS))


def _hex(fingerprint: int) -> str:
    """Return the keyed digest of a fingerprint, as 16 hexadecimal digits. Zero stays zero.

    The hash functions of a server are public, so a plain fingerprint would show whether a guessed
    value is right.
    """
    number = fingerprint % 2**64
    return _digest(number.to_bytes(8, "big")) if number else EMPTY


def _digest(text: bytes) -> str:
    return hmac.digest(installation_key(), text, "sha256").hex()[:FINGERPRINT_DIGITS]
