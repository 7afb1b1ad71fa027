"""Fingerprints of all tables at one instant, made by the database itself: one scan for each table.

Only hashes and counts leave the server, so memory does not grow with the rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import reduce
from itertools import count
from operator import add, xor
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import transaction

from ..facts import TableFingerprints, Unavailable
from ..facts.fingerprints import (
    DEPTHS,
    NUMBER_OF_BUCKETS,
    ColumnFingerprint,
    FingerprintDepth,
    TableFingerprint,
)
from . import Context, explain
from .db import fingerprints_mysql, fingerprints_postgresql

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
"""Log-like tables, large and written all the time: that no row is lost says enough of them."""
BUDGET_SECONDS = 900
"""For all tables together; what is not reached in time is missing, with this reason."""


class MigrationRunningError(RuntimeError):
    """The schema changes at this moment; a snapshot would be of neither release."""


def collect(context: Context) -> TableFingerprints:
    """Fingerprint every table in one transaction that sees one state of the database."""
    connection = context.connection
    dialect = fingerprints_postgresql if connection.vendor == "postgresql" else fingerprints_mysql
    if writers := dialect.find_ddl_sessions(connection):
        raise MigrationRunningError(
            f"the schema is being changed by {', '.join(writers)}: a migration seems to be running"
        )
    end = time.monotonic() + BUDGET_SECONDS
    found: dict[str, TableFingerprint | Unavailable] = {}
    with transaction.atomic(using=connection.alias):
        dialect.begin(connection)
        server, collation = dialect.describe_server(connection)
        for name, table in dialect.read_table_info(connection).items():
            if time.monotonic() > end:
                found[name] = Unavailable(f"the budget of {BUDGET_SECONDS} seconds was used up")
            else:
                depth = _choose_depth(context.depth, name, bool(table.primary_key))
                found[name] = _fingerprint_table(connection, dialect, name, table, depth)
    return TableFingerprints(dialect.ALGORITHM, server, collation, context.depth, found)


def _choose_depth(wanted: FingerprintDepth, table: str, has_key: bool) -> FingerprintDepth:
    deepest: FingerprintDepth = (
        "counts" if not has_key else "keys" if table in KEYS_ONLY_TABLES else "buckets"
    )
    return min(wanted, deepest, key=DEPTHS.index)


def _fingerprint_table(
    connection: BaseDatabaseWrapper, dialect: Any, name: str, table: Any, depth: FingerprintDepth
) -> TableFingerprint | Unavailable:
    """Fingerprint one table; a savepoint keeps a failure from ending the transaction."""
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
                non_null_count=sum(int(row[place + 1]) for row in buckets),
                fingerprint=_table_hash(buckets, place, combine),
                buckets=_bucket_hashes(buckets, place) if in_buckets else "",
            )
            for place, column in zip(count(FIRST_COLUMN_INDEX, 2), columns)
        ),
        key_buckets=_bucket_hashes(buckets, KEY_HASH_INDEX) if in_buckets else "",
    )


BUCKET_INDEX, ROW_COUNT_INDEX, KEY_HASH_INDEX, FIRST_COLUMN_INDEX = range(4)
"""Places in a row of the query's result; of each column the number of values follows its mark."""


def _table_hash(buckets: list[Any], place: int, combine: Callable[[int, int], int]) -> str:
    return _hex(reduce(combine, (int(row[place] or 0) for row in buckets), 0))


def _bucket_hashes(buckets: list[Any], place: int) -> str:
    """Return the marks of all buckets, in order; of an empty one it is zero."""
    marks = {int(row[BUCKET_INDEX]): int(row[place] or 0) for row in buckets}
    if not any(marks.values()):
        return ""
    return "".join(_hex(marks.get(number, 0)) for number in range(NUMBER_OF_BUCKETS))


def _hex(fingerprint: int) -> str:
    """Return 64 bits as 16 digits."""
    return f"{fingerprint % 2**64:016x}"
