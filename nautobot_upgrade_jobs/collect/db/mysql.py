"""Queries for MySQL, with the same functions as ``postgresql``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...facts import Unavailable
from ...facts.database import EventTrigger, IdSequence, Transaction
from .sql import fetch_rows, fetch_value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

LONG_TRANSACTION_SECONDS = 60
CREATE_PRIVILEGES = {"CREATE", "ALL PRIVILEGES"}


def version(connection: BaseDatabaseWrapper) -> str:
    """Return the server's version without the packager's additions."""
    return str(fetch_value(connection, "SELECT version()")).split("-")[0]


def current_role(connection: BaseDatabaseWrapper) -> str:
    """Return the account of the session, for configurations that do not name one."""
    return str(fetch_value(connection, "SELECT substring_index(current_user(), '@', 1)"))


def system_id(_: BaseDatabaseWrapper) -> str:
    """Return no identifier, because no known backup of MySQL records one."""
    return ""


def replica_lag_seconds(connection: BaseDatabaseWrapper) -> float | None:
    """Return None: only a privileged account may ask a replica for its state."""
    return None


def size_bytes(connection: BaseDatabaseWrapper) -> int:
    """Return the size of tables and indexes."""
    return int(
        fetch_value(
            connection,
            "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables "
            "WHERE table_schema = database()",
        )
    )


def encoding(connection: BaseDatabaseWrapper) -> str:
    """Return the default character set of the database."""
    return str(fetch_value(connection, "SELECT @@character_set_database"))


def collation(connection: BaseDatabaseWrapper) -> str:
    """Return the default collation of the database."""
    return str(fetch_value(connection, "SELECT @@collation_database"))


def collations_in_use(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Return the number of tables by collation."""
    counts = fetch_rows(
        connection,
        "SELECT table_collation, count(*) FROM information_schema.tables "
        "WHERE table_schema = database() AND table_type = 'BASE TABLE' GROUP BY table_collation",
    )
    return {str(name): int(count) for name, count in counts}


def creation_schema(connection: BaseDatabaseWrapper) -> str:
    """Return the name of the database, because a MySQL database contains no schemas."""
    return schema(connection)


def schema(connection: BaseDatabaseWrapper) -> str:
    """Return the name of the database, because a MySQL database contains no schemas."""
    return str(fetch_value(connection, "SELECT database()"))


def can_create_tables(connection: BaseDatabaseWrapper, role: str) -> bool | Unavailable:
    """Return whether any grant lets the account create tables in this database."""
    grantee = f"'{role}'@%"
    privileges = fetch_rows(
        connection,
        "SELECT privilege_type FROM information_schema.schema_privileges "
        "WHERE grantee LIKE %s AND table_schema = database() UNION "
        "SELECT privilege_type FROM information_schema.user_privileges WHERE grantee LIKE %s",
        [grantee, grantee],
    )
    # Every account has at least USAGE, so an empty result means that the grants are hidden.
    if not privileges:
        return Unavailable(f"the session may not see the grants of {role}: GRANT SELECT ON mysql.*")
    return bool(CREATE_PRIVILEGES & {str(name).upper() for (name,) in privileges})


def tables_not_owned(_: BaseDatabaseWrapper, __: str) -> tuple[str, ...]:
    """Return no tables, because MySQL tables have no owner."""
    return ()


def sequences(_: BaseDatabaseWrapper) -> tuple[IdSequence, ...]:
    """Return no sequences, because AUTO_INCREMENT cannot fall behind its own column."""
    return ()


def event_triggers(_: BaseDatabaseWrapper) -> tuple[EventTrigger, ...]:
    """Return nothing, because no trigger of MySQL runs at a change of the schema."""
    return ()


def transactions(connection: BaseDatabaseWrapper) -> tuple[Transaction, ...] | Unavailable:
    """Return transactions of other sessions that have been open for more than a minute."""
    if not has_privilege(connection, "PROCESS"):
        return Unavailable("the session may not see other sessions: GRANT PROCESS ON *.*")
    rows = fetch_rows(
        connection,
        "SELECT trx_mysql_thread_id, coalesce(p.user, ''), trx_state, "
        "timestampdiff(SECOND, trx_started, now()) FROM information_schema.innodb_trx "
        "LEFT JOIN performance_schema.processlist p ON p.id = trx_mysql_thread_id "
        "WHERE trx_mysql_thread_id <> connection_id() "
        "AND trx_started < now() - INTERVAL %s SECOND",
        [LONG_TRANSACTION_SECONDS],
    )
    return tuple(
        Transaction(int(pid), str(user), str(state), int(age)) for pid, user, state, age in rows
    )


def disabled_triggers(_: BaseDatabaseWrapper) -> tuple[str, ...]:
    """Return nothing, because MySQL enforces foreign keys without triggers."""
    return ()


def has_privilege(connection: BaseDatabaseWrapper, privilege: str) -> bool:
    """Return whether the session's own account has a global privilege."""
    account = "substring_index(current_user(), '@', {})"
    grantee = f"concat(quote({account.format(1)}), '@', quote({account.format(-1)}))"
    return bool(
        fetch_value(
            connection,
            "SELECT count(*) FROM information_schema.user_privileges "  # noqa: S608 - no input
            f"WHERE privilege_type = %s AND grantee = {grantee}",
            [privilege],
        )
    )
