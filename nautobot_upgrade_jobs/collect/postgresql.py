"""What only PostgreSQL can be asked; the same functions as in ``mysql``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..facts import Unavailable
from ..facts.database import Sequence, Transaction
from .sql import rows, value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

LONG_TRANSACTION_SECONDS = 60
FIRST_OWN_OID = 16384
"""Object ids below belong to the server's own catalogs (FirstNormalObjectId)."""
OTHER_SESSIONS = (
    "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def version(connection: BaseDatabaseWrapper) -> str:
    """Return the server's version without the packager's additions."""
    return str(value(connection, "SHOW server_version")).split()[0]


def current_role(connection: BaseDatabaseWrapper) -> str:
    """Return the role of the session, for configurations that name none."""
    return str(value(connection, "SELECT current_user"))


def size_bytes(connection: BaseDatabaseWrapper) -> int:
    """Return the size of the database on disk."""
    return int(value(connection, "SELECT pg_database_size(current_database())"))


def encoding(connection: BaseDatabaseWrapper) -> str:
    """Return the encoding of the database."""
    return str(value(connection, "SHOW server_encoding"))


def collation(connection: BaseDatabaseWrapper) -> str:
    """Return the default collation of the database."""
    return str(
        value(connection, "SELECT datcollate FROM pg_database WHERE datname = current_database()")
    )


def collations_in_use(_: BaseDatabaseWrapper) -> dict[str, int]:
    """Return nothing: PostgreSQL compares columns of different collations without complaint."""
    return {}


def may_create(connection: BaseDatabaseWrapper, role: str) -> bool:
    """Tell whether the role may create tables in the schema that holds Nautobot's tables."""
    return bool(
        value(connection, "SELECT has_schema_privilege(%s, current_schema(), 'CREATE')", [role])
    )


def tables_of_others(connection: BaseDatabaseWrapper, role: str) -> tuple[str, ...]:
    """Return the tables that the role may not alter."""
    found = rows(
        connection,
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
        "AND NOT pg_has_role(%s, tableowner, 'USAGE') ORDER BY tablename",
        [role],
    )
    return tuple(name for (name,) in found)


def sequences(connection: BaseDatabaseWrapper) -> tuple[Sequence, ...] | Unavailable:
    """Return every sequence that a column owns, beside the column's highest value."""
    owned = rows(
        connection,
        """
        SELECT t.relname, a.attname, s.relname, s.oid::regclass::text,
               has_sequence_privilege(s.oid, 'SELECT')
        FROM pg_depend d
        JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_class t ON t.oid = d.refobjid
        JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
        WHERE d.deptype IN ('a', 'i') ORDER BY 1, 2
        """,
    )
    hidden = [name for _, _, name, _, readable in owned if not readable]
    if hidden:
        return Unavailable(f"the role may not read {len(hidden)} sequences: GRANT SELECT on them")
    quote = connection.ops.quote_name
    found = []
    for table, column, name, qualified, _ in owned:
        ((last, called, highest),) = rows(
            connection,
            f"SELECT s.last_value, s.is_called, "  # noqa: S608 - names come from the catalog
            f"coalesce((SELECT max({quote(column)}) FROM {quote(table)}), 0) FROM {qualified} s",
        )
        found.append(Sequence(table, column, name, int(last) if called else int(last) - 1, highest))
    return tuple(found)


def transactions(connection: BaseDatabaseWrapper) -> tuple[Transaction, ...] | Unavailable:
    """Return transactions of other sessions that are open for longer than a minute.

    A role without ``pg_read_all_stats`` does not see the age of other roles' transactions; but it
    sees all locks, and a session that holds none on a table keeps nobody waiting.
    """
    hidden = value(
        connection,
        f"SELECT count(DISTINCT pid) FROM pg_stat_activity JOIN pg_locks USING (pid) "  # noqa: S608
        f"WHERE {OTHER_SESSIONS} AND state IS NULL "
        f"AND locktype = 'relation' AND relation >= {FIRST_OWN_OID}",
    )
    if hidden:
        return Unavailable(
            f"{hidden} sessions of other roles hold table locks and do not show since when: "
            "GRANT pg_read_all_stats to the role"
        )
    found = rows(
        connection,
        f"SELECT pid, application_name, state, extract(epoch FROM now() - xact_start)::int "  # noqa: S608
        f"FROM pg_stat_activity WHERE {OTHER_SESSIONS} "
        f"AND xact_start < now() - interval '{LONG_TRANSACTION_SECONDS} seconds' ORDER BY 4 DESC",
    )
    return tuple(Transaction(*row) for row in found)
