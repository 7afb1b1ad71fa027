"""Build the queries that fingerprint PostgreSQL tables.

The module has the same functions as ``fingerprints_mysql``. Each value is hashed by the extended
hash function of its type, seeded with the hash of the primary key. On a million interface-like
rows, this costs as much as one hash of the whole row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .postgresql import is_visible_table
from .sql import fetch_rows, fetch_value
from .table_info import ColumnInfo, TableInfo, build_table_info

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

ALGORITHM = "postgresql-hash-extended/3"
RECORD_HASH = "CASE WHEN {} IS NOT NULL THEN hash_record_extended(ROW({}), {}) END"
RECORD_HASHED_TYPES = frozenset({"bool", "date", "timestamptz"})
"""Types whose hash function takes another type before PostgreSQL 18. They are hashed as records."""
SEED = "upgrade_jobs_seed"
BEFORE_TRANSACTION = ("SET default_transaction_isolation = 'repeatable read'",)
"""All queries of a transaction read the same state. The level is set before it, because
the relay of a trial boot sends a query at its start."""
AFTER_TRANSACTION = ("RESET default_transaction_isolation",)
COLUMNS_QUERY = f"""
    SELECT c.relname, a.attname, t.typname, NOT a.attnotnull OR EXISTS (
               SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'n'
               AND NOT k.convalidated AND a.attnum = ANY (k.conkey)),
           coalesce(h.amproc::regproc::text, ''), array_position(i.indkey::int2[], a.attnum)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    LEFT JOIN (
        SELECT p.amproclefttype, p.amproc FROM pg_amproc p
        JOIN pg_opfamily f ON f.oid = p.amprocfamily AND p.amprocnum = 2
        JOIN pg_am m ON m.oid = f.opfmethod AND m.amname = 'hash'
        JOIN pg_opclass o ON o.opcfamily = f.oid AND o.opcintype = p.amproclefttype
          AND o.opcdefault
        JOIN pg_proc r ON r.oid = p.amproc AND r.proargtypes[0] = p.amproclefttype
        WHERE p.amproclefttype = p.amprocrighttype
    ) h ON h.amproclefttype = CASE t.typname WHEN 'varchar' THEN 'text'::regtype ELSE t.oid END
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {is_visible_table("c")}
    ORDER BY c.relname, a.attnum
"""  # noqa: S608 - a constant


def find_ddl_sessions(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the sessions that lock a table of this database exclusively, as ALTER TABLE does."""
    sessions = fetch_rows(
        connection,
        "SELECT DISTINCT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING "
        "(pid) WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted "
        "AND a.datname = current_database() AND l.relation >= 16384 AND a.pid <> pg_backend_pid() "
        "AND a.backend_type = 'client backend'",
    )
    return [f"session {pid} {application}".strip() for pid, application in sessions]


def describe_server(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """Return the vendor with its major version, and the collation of the database."""
    major = int(fetch_value(connection, "SHOW server_version_num")) // 10000
    return f"postgresql {major}", str(
        fetch_value(
            connection, "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        )
    )


def read_table_info(connection: BaseDatabaseWrapper) -> dict[str, TableInfo]:
    """Return the primary key and the columns of every table in Nautobot's schema, by table."""
    rows = fetch_rows(connection, COLUMNS_QUERY)
    return build_table_info(
        (table, ColumnInfo(column, column_type, nullable, function), position)
        for table, column, column_type, nullable, function, position in rows
    )


def supports_bit_xor(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the server has ``bit_xor`` (PostgreSQL 14). If not, hashes are added."""
    return bool(connection.pg_version >= 140000)


def build_fingerprint_query(
    connection: BaseDatabaseWrapper,
    table: str,
    key: Sequence[ColumnInfo],
    columns: Sequence[ColumnInfo],
    *,
    by_bucket: bool = False,
) -> str:
    """Return the statement that counts and fingerprints a table.

    Each row of the result has the bucket, the number of rows, the hash of the keys, and then the
    hash and the number of values of each column. Without buckets, the result is one row. With
    buckets, it has one row for each bucket that is not empty.
    """
    quote = connection.ops.quote_name
    combine = "bit_xor({})" if supports_bit_xor(connection) else "sum(({})::numeric)"
    seed = SEED if columns else _build_key_hash(key, quote)
    expressions = [f"{seed} & 255" if by_bucket else "0", "count(*)", combine.format(seed)]
    for field in columns:
        name = quote(field.name)
        expressions.append(combine.format(_build_value_hash(field, name)))
        expressions.append(f"count({name if field.nullable else '*'})")
    source = _build_seeded_subquery(quote(table), key, columns, quote) if columns else quote(table)
    grouping = " GROUP BY 1" if by_bucket else ""
    return f"SELECT {', '.join(expressions)} FROM {source}{grouping}"  # noqa: S608


def _build_seeded_subquery(
    table: str,
    key: Sequence[ColumnInfo],
    columns: Sequence[ColumnInfo],
    quote: Callable[[str], str],
) -> str:
    """Return the table as a subquery that hashes the key of a row once for all its columns.

    In a plain query, the optimiser would copy the expression to every place that uses the seed. It
    does not merge a subquery that contains a volatile function, hence ``clock_timestamp``.
    """
    inner = [f"{_build_key_hash(key, quote)} AS {SEED}", *(quote(field.name) for field in columns)]
    inner.append("CASE WHEN false THEN clock_timestamp() END")
    return f"(SELECT {', '.join(inner)} FROM {table}) hashed"  # noqa: S608 - names from the server


def _build_key_hash(key: Sequence[ColumnInfo], quote: Callable[[str], str]) -> str:
    """Return the expression that hashes the primary key; NULL if the table has none."""
    names = ", ".join(quote(field.name) for field in key)
    if len(key) == 1 and key[0].hash_function:
        return f"{key[0].hash_function}({names}, 0)"
    return f"hash_record_extended(ROW({names}), 0)" if key else "NULL::bigint"


def _build_value_hash(field: ColumnInfo, name: str) -> str:
    """Return the expression that hashes a value. It is NULL for NULL, which aggregates ignore."""
    if field.hash_function:
        return f"{field.hash_function}({name}, {SEED})"
    if field.type in RECORD_HASHED_TYPES:
        return RECORD_HASH.format(name, name, SEED)
    return f"hashtextextended({name}::text, {SEED})"
