"""Build the queries that fingerprint MySQL tables.

The module has the same functions as ``fingerprints_postgresql``. MySQL has no fast 64-bit hash
function: SHA-2 takes three times as long as CRC32, and since 9.6 MD5 is an optional component. The
hash of a value is therefore the product of two checksums of 32 bits, of the value and of the
primary key. The product depends on the row, and its carries break the linearity of CRC32: without
them, two rows that replace two others could have the same checksum. If one value changes, its
checksum stays the same in one of 4 billion cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .sql import fetch_rows, fetch_value
from .table_info import ColumnInfo, TableInfo, build_table_info

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

ALGORITHM = "mysql-crc32-product/1"
BEFORE_TRANSACTION = ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",)
"""All queries of a transaction read the state of its first one. The level is set before it,
because a transaction has already begun when Django or the relay of a trial boot reports it."""
AFTER_TRANSACTION = ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",)
"""The level that Django sets."""
HASH = "CRC32({})"
KEY_AGGREGATE = "BIT_XOR({key} * ({key} + 1))"
COLUMN_AGGREGATE = "BIT_XOR(({value} + 1) * {key})"
"""The checksum of an empty text is zero, which would be equal to that of NULL. So it is raised."""
BUCKET = "{} & 255"
COLUMNS_QUERY = """
    SELECT c.table_name, c.column_name, c.data_type, k.ordinal_position
    FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    LEFT JOIN information_schema.key_column_usage k
      ON k.table_schema = c.table_schema AND k.table_name = c.table_name
      AND k.column_name = c.column_name AND k.constraint_name = 'PRIMARY'
    WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE'
    ORDER BY c.table_name, c.ordinal_position
"""


def find_ddl_sessions(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the visible sessions that are changing a table at this moment."""
    sessions = fetch_rows(
        connection,
        "SELECT id, left(info, 40) FROM information_schema.processlist WHERE db = database() "
        "AND id <> connection_id() AND info RLIKE '^(ALTER|CREATE|DROP|RENAME) TABLE'",
    )
    return [f"session {pid} ({statement})" for pid, statement in sessions]


def describe_server(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """Return the vendor with its major version, and the collation of the database."""
    major = str(fetch_value(connection, "SELECT version()")).partition(".")[0]
    return f"mysql {major}", str(fetch_value(connection, "SELECT @@collation_database"))


def read_table_info(connection: BaseDatabaseWrapper) -> dict[str, TableInfo]:
    """Return the primary key and the columns of every table in the database, by table."""
    rows = fetch_rows(connection, COLUMNS_QUERY)
    return build_table_info(
        (
            str(table),
            ColumnInfo(str(column), str(column_type)),
            None if position is None else int(position),
        )
        for table, column, column_type, position in rows
    )


def supports_bit_xor(_: BaseDatabaseWrapper) -> bool:
    """Return True, because every MySQL server has a bitwise XOR aggregate."""
    return True


def build_fingerprint_query(
    connection: BaseDatabaseWrapper,
    table: str,
    key: Sequence[ColumnInfo],
    columns: Sequence[ColumnInfo],
    *,
    by_bucket: bool = False,
) -> str:
    """Return the statement that counts and fingerprints a table.

    Its result has the same columns as the statement for PostgreSQL.
    """
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.name) for field in key)
    hashed_key = HASH.format(f"CONCAT_WS('|', {names})" if len(key) > 1 else names)
    bucket = BUCKET.format(hashed_key) if by_bucket else "0"
    expressions = [bucket, "count(*)", KEY_AGGREGATE.format(key=hashed_key) if key else "NULL"]
    for field in columns:
        name = quote(field.name)
        text = f"CAST({name} AS CHAR)" if field.type == "json" else name
        # CRC32 of NULL is NULL, which BIT_XOR ignores.
        aggregate = COLUMN_AGGREGATE.format(value=HASH.format(text), key=hashed_key)
        expressions += [aggregate, f"count({name})"]
    grouping = " GROUP BY 1" if by_bucket else ""
    return f"SELECT {', '.join(expressions)} FROM {quote(table)}{grouping}"  # noqa: S608
