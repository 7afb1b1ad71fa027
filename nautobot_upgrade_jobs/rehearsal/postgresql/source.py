"""Read what a copy needs to know about the live database, in one snapshot of its rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql

from ...target.isolation import LiveDatabase
from ..errors import RehearsalFailed, describe_error
from .programs import MAJOR

CLIENT_OPTIONS = frozenset({"cursor_factory", "context", "prepare_threshold"})
"""Parameters that Django passes and that are no parameters of a connection."""
TABLES_QUERY = """
SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_table_size(c.oid),
    pg_catalog.has_table_privilege(c.oid, 'SELECT'),
    (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
    NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND (t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace OR t.typsend = 0
                OR t.typname LIKE 'reg%%' OR t.typname LIKE '\\_reg%%'))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid
        AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e')
ORDER BY 4 DESC, 2, 3
"""
EXTENSIONS_QUERY = """
SELECT extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY extname
"""
SCHEMA_QUERY = """
SELECT COALESCE((SELECT n.nspname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = pg_catalog.to_regclass('django_migrations')), 'public')
"""
ICU_QUERY = """
SELECT DISTINCT c.collname FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation
JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE c.collprovider = 'i' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


@dataclass(frozen=True)
class SourceTable:
    """A table whose rows are copied."""

    schema: str
    name: str
    size_bytes: int
    columns: tuple[str, ...]
    """Its columns, without those that the server computes."""
    is_portable: bool
    """Whether all its types are those of PostgreSQL, whose binary form each version reads."""

    @property
    def identifier(self) -> sql.Identifier:
        """The name in a statement."""
        return sql.Identifier(self.schema, self.name)

    @property
    def copy_format(self) -> sql.SQL:
        """The format in which the rows are passed on. The binary one needs less time."""
        return sql.SQL("binary" if self.is_portable else "text")

    @property
    def column_list(self) -> sql.Composed:
        """The columns in a statement."""
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))


@dataclass(frozen=True)
class Source:
    """The live database, in one snapshot that all readers of a copy share."""

    snapshot: str
    """The name of the snapshot."""
    tables: tuple[SourceTable, ...]
    """The tables, largest first."""
    extensions: tuple[str, ...]
    server_version: str

    @property
    def size_bytes(self) -> int:
        """Size of the rows, without indexes."""
        return sum(table.size_bytes for table in self.tables)


@contextlib.contextmanager
def open_source(database: LiveDatabase, timeout_seconds: int) -> Iterator[Source]:
    """Open a snapshot of the rows of a database, and keep it until the end.

    Args:
        database: The live database.
        timeout_seconds: The server ends a statement after this time.

    Raises:
        RehearsalFailed: The database cannot be read as a whole.
    """
    with contextlib.closing(connect(database, timeout_seconds)) as connection:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_catalog.pg_export_snapshot()")
                (snapshot,) = cursor.fetchone()
                source = _describe(cursor, snapshot, connection.info)
        except psycopg2.Error as error:
            raise RehearsalFailed(f"the database cannot be read: {describe_error(error)}") from None
        yield source


def connect(database: LiveDatabase, timeout_seconds: int, snapshot: str = "") -> Any:
    """Return a connection in a transaction that cannot write.

    Args:
        database: The live database.
        timeout_seconds: The server ends a statement after this time.
        snapshot: The name of a snapshot. Empty for a new one.

    Raises:
        RehearsalFailed: The server refuses the connection or the snapshot.
    """
    try:
        connection = psycopg2.connect(**select_parameters(database))
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            if snapshot:
                cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
            cursor.execute(
                "SET LOCAL lock_timeout = '5s'; SET LOCAL row_security = off;"
                "SET LOCAL statement_timeout = %s",
                [timeout_seconds * 1000],
            )
    except psycopg2.Error as error:
        raise RehearsalFailed(f"the database cannot be read: {describe_error(error)}") from None
    return connection


def _describe(cursor: Any, snapshot: str, info: Any) -> Source:
    if info.server_version // 10000 > MAJOR:
        raise RehearsalFailed(
            f"the database server is PostgreSQL {info.server_version // 10000}, and the copy can "
            f"be made of PostgreSQL {MAJOR} and older"
        )
    cursor.execute(SCHEMA_QUERY)
    if (schema := cursor.fetchone()[0]) != "public":
        raise RehearsalFailed(
            f"the tables of Nautobot are in the schema {schema}. A rehearsal supports only public"
        )
    cursor.execute(ICU_QUERY)
    if collations := [name for (name,) in cursor.fetchall()]:
        raise RehearsalFailed(
            f"columns use the ICU collation {', '.join(collations)}, which the server of the copy "
            "does not have"
        )
    cursor.execute(EXTENSIONS_QUERY)
    extensions = tuple(name for (name,) in cursor.fetchall())
    cursor.execute(TABLES_QUERY)
    rows = cursor.fetchall()
    if closed := [f"{schema}.{name}" for _, schema, name, _, may_read, *_ in rows if not may_read]:
        raise RehearsalFailed(
            f"the account {info.user} may not read {', '.join(closed[:5])}"
            f"{f' and {len(closed) - 5} more tables' if len(closed) > 5 else ''}. Grant it SELECT"
        )
    return Source(
        snapshot=snapshot,
        tables=tuple(
            SourceTable(schema, name, size, tuple(columns or ()), is_portable)
            for _, schema, name, size, _, columns, is_portable in rows
        ),
        extensions=extensions,
        server_version=f"{info.server_version // 10000}.{info.server_version % 10000}",
    )


def select_parameters(database: LiveDatabase) -> dict[str, Any]:
    """Return the parameters of a database that are those of a connection."""
    parameters = database.parameters
    return {name: value for name, value in parameters.items() if name not in CLIENT_OPTIONS}


def measure_tables(cursor: Any) -> tuple[int, int, int]:
    """Return the number of tables of a database, the number of rows, and their size in bytes."""
    cursor.execute(TABLES_QUERY)
    tables = cursor.fetchall()
    rows = sum(count_rows(cursor, sql.Identifier(*table[1:3])) for table in tables)
    return len(tables), rows, sum(table[3] for table in tables)


def count_rows(cursor: Any, table: sql.Identifier) -> int:
    """Return the number of rows of a table, without those of tables that inherit from it."""
    cursor.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(table))
    (number,) = cursor.fetchone()
    return int(number)
