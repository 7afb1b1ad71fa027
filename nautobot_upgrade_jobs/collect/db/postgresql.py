"""Queries for PostgreSQL, with the same functions as ``mysql``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...facts import Unavailable
from ...facts.database import EventTrigger, IdSequence, Transaction
from .sql import fetch_rows, fetch_value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

LONG_TRANSACTION_SECONDS = 60
FIRST_NORMAL_OBJECT_ID = 16384
"""Lower object ids belong to the server's own catalogs (FirstNormalObjectId)."""
OTHER_SESSIONS = (
    "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


SYSTEM_SCHEMAS = "ARRAY['pg_catalog'::regnamespace, 'information_schema'::regnamespace]::oid[]"


def is_visible_table(alias: str) -> str:
    """Return the condition that a name without a schema refers to a relation.

    Django writes names without a schema. The schema of the tables need not be the first one of the
    search path: the default search path begins with a schema of the name of the role.

    Args:
        alias: The alias of ``pg_class`` in the query.
    """
    return (
        f"pg_table_is_visible({alias}.oid) AND {alias}.relpersistence <> 't' "
        f"AND {alias}.relnamespace <> ALL ({SYSTEM_SCHEMAS})"
    )


def creation_schema(connection: BaseDatabaseWrapper) -> str:
    """Return the schema in which the server creates new tables. Empty if there is none."""
    return str(fetch_value(connection, "SELECT current_schema()") or "")


def version(connection: BaseDatabaseWrapper) -> str:
    """Return the server's version without the packager's additions."""
    return str(fetch_value(connection, "SHOW server_version")).split()[0]


def current_role(connection: BaseDatabaseWrapper) -> str:
    """Return the role of the session, for configurations that do not name one."""
    return str(fetch_value(connection, "SELECT current_user"))


def system_id(connection: BaseDatabaseWrapper) -> str:
    """Return the identifier of the cluster. Some hosted servers refuse the function."""
    return str(fetch_value(connection, "SELECT system_identifier FROM pg_control_system()"))


def size_bytes(connection: BaseDatabaseWrapper) -> int:
    """Return the size of the database on disk."""
    return int(fetch_value(connection, "SELECT pg_database_size(current_database())"))


def replica_lag_seconds(connection: BaseDatabaseWrapper) -> float | None:
    """Return the age of the newest transaction of a replica. None if this is the primary.

    A replica that has replayed all that it has received is up to date, or has lost its primary.
    """
    lag = fetch_value(
        connection,
        "SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL "
        "WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS "
        "(SELECT FROM pg_stat_wal_receiver) THEN 0 "
        "ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END",
    )
    return None if lag is None else float(lag)


def encoding(connection: BaseDatabaseWrapper) -> str:
    """Return the encoding of the database."""
    return str(fetch_value(connection, "SHOW server_encoding"))


def collation(connection: BaseDatabaseWrapper) -> str:
    """Return the default collation of the database."""
    return str(
        fetch_value(
            connection, "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        )
    )


def collations_in_use(_: BaseDatabaseWrapper) -> dict[str, int]:
    """Return no counts, because PostgreSQL can compare columns of different collations."""
    return {}


def schema(connection: BaseDatabaseWrapper) -> str:
    """Return the schema of Nautobot's tables. It need not be the first one of the search path.

    Raises:
        django.db.ProgrammingError: ``django_migrations`` is in no schema of the search path.
    """
    return str(
        fetch_value(
            connection,
            "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.oid = 'django_migrations'::regclass",
        )
    )


def can_create_tables(connection: BaseDatabaseWrapper, role: str) -> bool:
    """Return whether the role may create tables in the schema of Nautobot's tables."""
    return bool(
        fetch_value(
            connection,
            "SELECT has_schema_privilege(%s, %s, 'CREATE')",
            [role, schema(connection)],
        )
    )


def tables_not_owned(connection: BaseDatabaseWrapper, role: str) -> tuple[str, ...]:
    """Return the tables that the role may not alter."""
    names = fetch_rows(
        connection,
        "SELECT tablename FROM pg_tables WHERE schemaname = %s "
        "AND NOT pg_has_role(%s, tableowner, 'USAGE') ORDER BY tablename",
        [schema(connection), role],
    )
    return tuple(name for (name,) in names)


# An integer key takes its values from the sequence of its identity or of its default.
INTEGER_PRIMARY_KEYS_QUERY = """
    SELECT t.oid::regclass::text, t.relname, a.attname, s.oid::regclass::text,
           has_sequence_privilege(s.oid, 'SELECT')
    FROM pg_class t
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = %s
    JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary AND i.indnkeyatts = 1
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] AND a.attname = 'id'
      AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    LEFT JOIN LATERAL (
        SELECT d.objid AS oid FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.refobjid = t.oid
          AND d.refobjsubid = a.attnum AND d.deptype = 'i' AND a.attidentity <> ''
        UNION ALL
        SELECT d.refobjid FROM pg_attrdef f
        JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
          AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> t.oid
        WHERE f.adrelid = t.oid AND f.adnum = a.attnum
        LIMIT 1
    ) s ON true
    WHERE t.relkind IN ('r', 'p') ORDER BY 1
"""


def sequences(connection: BaseDatabaseWrapper) -> tuple[IdSequence, ...] | Unavailable:
    """Return every integer primary key with the sequence that supplies its values."""
    keys = fetch_rows(connection, INTEGER_PRIMARY_KEYS_QUERY, [schema(connection)])
    hidden = [name for *_, name, readable in keys if name and not readable]
    if hidden:
        return Unavailable(f"the role may not read {len(hidden)} sequences: GRANT SELECT on them")
    quote = connection.ops.quote_name
    id_sequences = []
    for qualified, table, column, name, _ in keys:
        # A key without a sequence has position 0. An unused sequence is one before its first value.
        position = "0, false" if name is None else "s.last_value, s.is_called"
        source = "(SELECT 1) s" if name is None else f"{name} s"
        ((last, called, highest),) = fetch_rows(
            connection,
            f"SELECT {position}, coalesce((SELECT max({quote(column)}) FROM {qualified}), 0) "  # noqa: S608
            f"FROM {source}",
        )
        id_sequences.append(
            IdSequence(table, column, name or "", int(last) if called else int(last) - 1, highest)
        )
    return tuple(id_sequences)


def event_triggers(connection: BaseDatabaseWrapper) -> tuple[EventTrigger, ...]:
    """Return the enabled triggers that run at changes of the schema, and not only on a replica."""
    rows = fetch_rows(
        connection,
        "SELECT e.evtname, e.evtevent, p.oid::regprocedure::text FROM pg_event_trigger e "
        "JOIN pg_proc p ON p.oid = e.evtfoid WHERE e.evtenabled IN ('O', 'A') "
        "AND e.evtevent <> 'login' AND NOT EXISTS (SELECT FROM pg_depend d "
        "WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid AND d.deptype = 'e') "
        "ORDER BY 1",
    )
    return tuple(EventTrigger(*row) for row in rows)


def disabled_triggers(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """Return the tables with disabled triggers of foreign keys.

    An interrupted restore with ``--disable-triggers`` leaves triggers disabled.
    """
    rows = fetch_rows(
        connection,
        "SELECT DISTINCT c.relname FROM pg_trigger g "  # noqa: S608 - a constant
        "JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_constraint k ON k.oid = g.tgconstraint "
        f"WHERE {is_visible_table('c')} AND g.tgisinternal AND k.contype = 'f' "
        "AND g.tgenabled NOT IN ('O', 'A') ORDER BY 1",
    )
    return tuple(name for (name,) in rows)


def transactions(connection: BaseDatabaseWrapper) -> tuple[Transaction, ...] | Unavailable:
    """Return transactions of other sessions that have been open for more than a minute.

    A role without ``pg_read_all_stats`` cannot see the age of other roles' transactions. The result
    is unavailable only if such a transaction locks a table. Every role can see all locks, and a
    session without a lock on a table makes no other session wait.
    """
    hidden = fetch_value(
        connection,
        f"SELECT count(DISTINCT pid) FROM pg_stat_activity JOIN pg_locks USING (pid) "  # noqa: S608
        f"WHERE {OTHER_SESSIONS} AND state IS NULL "
        f"AND locktype = 'relation' AND relation >= {FIRST_NORMAL_OBJECT_ID}",
    )
    if hidden:
        return Unavailable(
            f"{hidden} sessions of other roles hold table locks, and their start times are hidden: "
            "GRANT pg_read_all_stats to the role"
        )
    rows = fetch_rows(
        connection,
        f"SELECT pid, application_name, state, extract(epoch FROM now() - xact_start)::int "  # noqa: S608
        f"FROM pg_stat_activity WHERE {OTHER_SESSIONS} "
        f"AND xact_start < now() - interval '{LONG_TRANSACTION_SECONDS} seconds' ORDER BY 4 DESC",
    )
    return tuple(Transaction(*row) for row in rows)
