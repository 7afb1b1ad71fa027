"""Read what a copy needs to know about the live database."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import MySQLdb

from ...facts.rehearsal import MARK_TABLE
from ...target.isolation import LiveDatabase
from ..errors import RehearsalFailed, describe_error

TABLES_QUERY = """
SELECT table_name, data_length FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name
"""
ENGINES_QUERY = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND engine <> 'InnoDB'
ORDER BY table_name
"""
CHARACTERS_QUERY = """
SELECT default_character_set_name, default_collation_name FROM information_schema.schemata
WHERE schema_name = DATABASE()
"""
NO_SUCH_TABLE, MAY_NOT_READ = 1146, 1142
COLLATION_QUERY = """
SELECT table_collation FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = 'django_migrations'
"""
IDENTITY_QUERY = "SELECT id FROM extras_status ORDER BY id LIMIT 1000"
"""Keys that each installation has drawn at random when it was created."""
MIGRATIONS_QUERY = "SELECT CONCAT(app, '.', name) FROM django_migrations"


@dataclass(frozen=True)
class Source:
    """The live database."""

    version: tuple[int, int]
    """The release line of the server, such as 8 and 4."""
    tables: tuple[str, ...]
    size_bytes: int
    """Size of the rows, without indexes."""
    character_set: str
    collation: str
    sql_mode: str


def read_source(database: LiveDatabase) -> Source:
    """Read the live database.

    Raises:
        RehearsalFailed: It cannot be read, or it cannot be copied as a whole.
    """
    try:
        with contextlib.closing(MySQLdb.connect(**database.parameters)) as connection:
            return _describe(connection.cursor())
    except MySQLdb.Error as error:
        raise RehearsalFailed(f"the database cannot be read: {describe_error(error)}") from None


def _describe(cursor: Any) -> Source:
    cursor.execute("SELECT VERSION()")
    (version,) = cursor.fetchone()
    if "MariaDB" in version:
        raise RehearsalFailed(
            "the database server is one of MariaDB, which Nautobot does not support"
        )
    cursor.execute(ENGINES_QUERY)
    if others := [name for (name,) in cursor.fetchall()]:
        raise RehearsalFailed(
            f"the rows of {', '.join(others[:5])} cannot be read in one snapshot, because the "
            "storage engine is not InnoDB"
        )
    _require_select(cursor)
    cursor.execute("SET SESSION information_schema_stats_expiry = 0")
    cursor.execute(TABLES_QUERY)
    tables = cursor.fetchall()
    cursor.execute(CHARACTERS_QUERY)
    character_set, collation = cursor.fetchone()
    cursor.execute("SELECT @@GLOBAL.sql_mode")
    (sql_mode,) = cursor.fetchone()
    major, minor, *_ = version.split(".")
    return Source(
        (int(major), int(minor)),
        tuple(name for name, _ in tables),
        sum(int(size or 0) for _, size in tables),
        character_set,
        collation,
        sql_mode,
    )


def _require_select(cursor: Any) -> None:
    """Raise an error for an account that may read only some tables, since it sees no others.

    To an account that may read the whole database, the server admits that a table does not exist.
    """
    try:
        cursor.execute(f"SELECT 1 FROM {MARK_TABLE}")  # noqa: S608 - our own constant
    except MySQLdb.Error as error:
        if error.args[0] == MAY_NOT_READ:
            raise RehearsalFailed(
                "the account may not read all tables of the database. Grant it SELECT on the "
                "database as a whole"
            ) from None
        if error.args[0] != NO_SUCH_TABLE:
            raise
    else:
        raise RehearsalFailed("the database is itself the copy of a rehearsal")


def read_identity(database: LiveDatabase) -> set[str]:
    """Return the keys of the live database. Empty if it cannot be read."""
    try:
        with contextlib.closing(MySQLdb.connect(**database.parameters)) as connection:
            cursor = connection.cursor()
            cursor.execute(IDENTITY_QUERY)
            return {key for (key,) in cursor.fetchall()}
    except MySQLdb.Error:
        return set()
