"""How PostgreSQL fingerprints a table; the same functions as in ``fingerprints_mysql``.

Each value is hashed by its type's own extended hash function with the hash of the primary key as
its seed. On a million interface-like rows, that costs as much as one whole-row hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .sql import fetch_rows, fetch_value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

ALGORITHM = "postgresql-hash-extended/2"
RECORD_HASH = "CASE WHEN {} IS NOT NULL THEN hash_record_extended(ROW({}), {}) END"
RECORD_HASHED_TYPES = frozenset({"bool", "date", "timestamptz"})
"""Types whose hash function takes another type before PostgreSQL 18; a record finds it itself."""
SEED = "upgrade_jobs_seed"


@dataclass(frozen=True)
class ColumnInfo:
    """A column as the catalog describes it."""

    name: str
    type: str
    nullable: bool = True
    hash_function: str = ""
    """Takes the value and a seed; empty if the type has none that takes the type itself."""


@dataclass(frozen=True)
class TableInfo:
    """What has to be known of a table to fingerprint it."""

    primary_key: tuple[str, ...]
    columns: tuple[ColumnInfo, ...]

    @property
    def key(self) -> tuple[ColumnInfo, ...]:
        """The columns of the primary key, in its order."""
        by_name = {field.name: field for field in self.columns}
        return tuple(by_name[name] for name in self.primary_key)


def find_ddl_sessions(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the sessions that hold a table of ours for themselves, as ALTER TABLE does."""
    found = fetch_rows(
        connection,
        "SELECT DISTINCT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING "
        "(pid) WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted "
        "AND a.datname = current_database() AND l.relation >= 16384 AND a.pid <> pg_backend_pid() "
        "AND a.backend_type = 'client backend'",
    )
    return [f"session {pid} {application}".strip() for pid, application in found]


def begin(connection: BaseDatabaseWrapper) -> None:
    """Let all queries of the transaction see the same state."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def describe_server(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """Return vendor with major version, and the collation of the database."""
    major = int(fetch_value(connection, "SHOW server_version_num")) // 10000
    return f"postgresql {major}", str(
        fetch_value(
            connection, "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        )
    )


def read_table_info(connection: BaseDatabaseWrapper) -> dict[str, TableInfo]:
    """Return the shape of every table of the schema that holds Nautobot's tables."""
    found = fetch_rows(
        connection,
        """
        SELECT c.relname, a.attname, t.typname, NOT a.attnotnull OR EXISTS (
                   SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'n'
                   AND NOT k.convalidated AND a.attnum = ANY (k.conkey)),
               coalesce(h.amproc::regproc::text, ''), array_position(i.indkey::int2[], a.attnum)
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
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
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY c.relname, a.attnum
        """,
    )
    shapes: dict[str, tuple[dict[int, str], list[ColumnInfo]]] = {}
    for table, column, kind, nullable, function, position in found:
        key, fields = shapes.setdefault(table, ({}, []))
        fields.append(ColumnInfo(column, kind, nullable, function))
        if position is not None:
            key[position] = column
    return {
        table: TableInfo(tuple(key[position] for position in sorted(key)), tuple(fields))
        for table, (key, fields) in shapes.items()
    }


def supports_bit_xor(connection: BaseDatabaseWrapper) -> bool:
    """Tell how hashes become one: ``bit_xor`` came with PostgreSQL 14, before it a sum serves."""
    return bool(connection.pg_version >= 140000)


def build_fingerprint_query(
    connection: BaseDatabaseWrapper,
    table: str,
    key: Sequence[ColumnInfo],
    columns: Sequence[ColumnInfo],
    *,
    by_bucket: bool = False,
) -> str:
    """Return the one statement that counts and fingerprints a table.

    Its rows are: bucket, number of rows, mark of the keys, then mark and number of values of each
    column; one row, or one for each bucket that holds anything.
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
    """Return the table as a subquery that hashes the key of a row once, for all its columns.

    The optimiser would put the expression wherever the seed is used. It leaves a subquery alone
    that may hold something volatile.
    """
    inner = [f"{_build_key_hash(key, quote)} AS {SEED}", *(quote(field.name) for field in columns)]
    inner.append("CASE WHEN false THEN clock_timestamp() END")
    return f"(SELECT {', '.join(inner)} FROM {table}) hashed"  # noqa: S608 - names from the server


def _build_key_hash(key: Sequence[ColumnInfo], quote: Callable[[str], str]) -> str:
    """Return the expression that hashes the primary key; null where a table has none."""
    names = ", ".join(quote(field.name) for field in key)
    if len(key) == 1 and key[0].hash_function:
        return f"{key[0].hash_function}({names}, 0)"
    return f"hash_record_extended(ROW({names}), 0)" if key else "NULL::bigint"


def _build_value_hash(field: ColumnInfo, name: str) -> str:
    """Return the expression that hashes a value; null for null, which aggregates leave out."""
    if field.hash_function:
        return f"{field.hash_function}({name}, {SEED})"
    if field.type in RECORD_HASHED_TYPES:
        return RECORD_HASH.format(name, name, SEED)
    return f"hashtextextended({name}::text, {SEED})"
