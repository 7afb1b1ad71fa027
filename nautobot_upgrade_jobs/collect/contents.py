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

from ..facts import Contents, Unavailable
from ..facts.contents import DEPTHS, NUMBER_OF_BUCKETS, Column, Depth, TableContents
from . import Context, explain
from .db import fingerprints_mysql, fingerprints_postgresql

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

KEYS_ONLY = frozenset(
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


def collect(context: Context) -> Contents:
    """Fingerprint every table in one transaction that sees one state of the database."""
    connection = context.connection
    dialect = fingerprints_postgresql if connection.vendor == "postgresql" else fingerprints_mysql
    if writers := dialect.schema_changes(connection):
        raise MigrationRunningError(
            f"the schema is being changed by {', '.join(writers)}: a migration seems to be running"
        )
    end = time.monotonic() + BUDGET_SECONDS
    found: dict[str, TableContents | Unavailable] = {}
    with transaction.atomic(using=connection.alias):
        dialect.begin(connection)
        server, collation = dialect.server(connection)
        for name, table in dialect.tables(connection).items():
            if time.monotonic() > end:
                found[name] = Unavailable(f"the budget of {BUDGET_SECONDS} seconds was used up")
            else:
                depth = _depth(context.depth, name, bool(table.primary_key))
                found[name] = _table(connection, dialect, name, table, depth)
    return Contents(dialect.ALGORITHM, server, collation, context.depth, found)


def _depth(wanted: Depth, table: str, has_key: bool) -> Depth:
    deepest: Depth = "counts" if not has_key else "keys" if table in KEYS_ONLY else "buckets"
    return min(wanted, deepest, key=DEPTHS.index)


def _table(
    connection: BaseDatabaseWrapper, dialect: Any, name: str, table: Any, depth: Depth
) -> TableContents | Unavailable:
    """Fingerprint one table; a savepoint keeps a failure from ending the transaction."""
    key = () if depth == "counts" else table.key
    columns = table.columns if depth in ("content", "buckets") else ()
    query = dialect.query(connection, name, key, columns, by_bucket=depth == "buckets")
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(query)
            buckets = cursor.fetchall()
    except DatabaseError as error:
        return Unavailable(explain(error))
    combine: Callable[[int, int], int] = xor if dialect.combines_by_xor(connection) else add
    in_buckets = depth == "buckets"
    return TableContents(
        rows=sum(int(row[ROWS]) for row in buckets),
        primary_key=table.primary_key,
        keys=_whole(buckets, KEYS, combine) if key else None,
        columns=tuple(
            Column(
                name=column.name,
                type=column.type,
                non_null=sum(int(row[place + 1]) for row in buckets),
                fingerprint=_whole(buckets, place, combine),
                buckets=_each(buckets, place) if in_buckets else "",
            )
            for place, column in zip(count(FIRST_COLUMN, 2), columns)
        ),
        key_buckets=_each(buckets, KEYS) if in_buckets else "",
    )


BUCKET, ROWS, KEYS, FIRST_COLUMN = range(4)
"""Places in a row of the query's result; of each column the number of values follows its mark."""


def _whole(buckets: list[Any], place: int, combine: Callable[[int, int], int]) -> str:
    return _hex(reduce(combine, (int(row[place] or 0) for row in buckets), 0))


def _each(buckets: list[Any], place: int) -> str:
    """Return the marks of all buckets, in order; of an empty one it is zero."""
    marks = {int(row[BUCKET]): int(row[place] or 0) for row in buckets}
    if not any(marks.values()):
        return ""
    return "".join(_hex(marks.get(number, 0)) for number in range(NUMBER_OF_BUCKETS))


def _hex(fingerprint: int) -> str:
    """Return 64 bits as 16 digits."""
    return f"{fingerprint % 2**64:016x}"
