"""Fingerprints of all tables at one instant, made by the database itself: one scan for each table.

Only hashes and counts leave the server, so memory does not grow with the rows.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import transaction

from ..facts import Contents, Unavailable
from ..facts.contents import Column, TableContents
from . import Context, explain, fingerprints_mysql, fingerprints_postgresql

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
                found[name] = _table(connection, dialect, name, table)
    return Contents(dialect.ALGORITHM, server, collation, found)


def _table(
    connection: BaseDatabaseWrapper, dialect: Any, name: str, table: Any
) -> TableContents | Unavailable:
    """Fingerprint one table; a savepoint keeps a failure from ending the transaction."""
    columns = () if name in KEYS_ONLY or not table.primary_key else table.columns
    query = dialect.query(connection, name, table.primary_key, columns)
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(query)
            rows, keys, *pairs = cursor.fetchone()
    except DatabaseError as error:
        return Unavailable(explain(error))
    return TableContents(
        rows=int(rows),
        primary_key=table.primary_key,
        keys=_hex(keys) if table.primary_key else None,
        columns=tuple(
            Column(column.name, column.type, int(non_null), _hex(fingerprint))
            for column, fingerprint, non_null in zip(columns, pairs[::2], pairs[1::2], strict=True)
        ),
    )


def _hex(fingerprint: Any) -> str:
    """Return 64 bits as 16 digits; of no rows at all the database returns null."""
    return f"{int(fingerprint or 0) % 2**64:016x}"
