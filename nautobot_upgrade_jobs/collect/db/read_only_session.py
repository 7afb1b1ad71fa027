"""Open a database session in which the server refuses to write.

While the session is open, it is Django's default connection of this thread. Raw queries, the
migration loader and the system checks all use it. The server refuses every write, whatever code
attempts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, NotSupportedError, OperationalError, connections

from .constance_backend import ReadOnlyBackend
from .django_patches import (
    configure_new_connections,
    skip_unused_reference_search,
    use_constance_backend,
    use_memory_cache,
    wrap_connection_initialization,
)

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

CONNECT_TIMEOUT_SECONDS = 10
"""A server can accept a connection and never answer. OPTIONS of DATABASES can set another time."""
LOCK_TIMEOUT_SECONDS = 5
"""Other sessions queue behind a session that waits for a lock, so this one gives up early."""
SHORT_LOCK_TIMEOUTS = {
    "postgresql": "SET lock_timeout = '50ms'",
    "mysql": "SET SESSION lock_wait_timeout = 1",  # the shortest that MySQL accepts
}
"""After the first lock timeout, a migration probably runs and holds the locks of more tables."""
LOCK_TIMEOUT_ERRORS = ("55P03", 1205)
"""The SQLSTATE of PostgreSQL and the error number of MySQL."""
APPLICATION_NAME = "nautobot-upgrade-jobs"


class PooledConnectionError(Exception):
    """The connection goes through a pooler. Its other clients would get the session's settings."""


@contextmanager
def read_only_session(
    statement_timeout_seconds: int, alias: str = DEFAULT_DB_ALIAS
) -> Iterator[BaseDatabaseWrapper]:
    """Open a session that cannot write and make it this thread's default connection.

    Args:
        statement_timeout_seconds: The server ends a statement after this time.
        alias: The entry of ``DATABASES`` to connect with, for instance one whose role may only
            SELECT.

    Yields:
        The connection. On exit it is closed and the previous default connection is restored.

    Raises:
        django.db.OperationalError: The server cannot be reached or refuses the role.
    """
    connection = connections.create_connection(alias)
    configured = connections[alias].settings_dict
    connection.settings_dict = {
        **configured,
        "OPTIONS": {"connect_timeout": CONNECT_TIMEOUT_SECONDS, **configured["OPTIONS"]},
        "ATOMIC_REQUESTS": False,
        "AUTOCOMMIT": True,
        "CONN_MAX_AGE": 0,
    }
    _enforce_read_only(connection, statement_timeout_seconds)
    previous = connections[DEFAULT_DB_ALIAS]
    connection.alias = DEFAULT_DB_ALIAS
    connections[DEFAULT_DB_ALIAS] = connection
    try:
        connection.ensure_connection()
        with (
            connection.execute_wrapper(_LockPatience()),
            use_memory_cache(),
            use_constance_backend(ReadOnlyBackend()),
            skip_unused_reference_search(),
        ):
            yield connection
    finally:
        connections[DEFAULT_DB_ALIAS] = previous
        connection.close()


class _LockPatience:
    """Wait briefly for locks after the first lock timeout of a session. Django calls this object.

    A rollback to a savepoint undoes the setting, so it is set before each statement.
    """

    def __init__(self) -> None:
        self.is_short = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        connection = context["connection"]
        if self.is_short and not connection.needs_rollback:
            # Not the cursor of the statement: it may be a named cursor, which runs one query only.
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute(SHORT_LOCK_TIMEOUTS[connection.vendor])
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            cause = error.__cause__
            code = getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None)
            self.is_short |= (code or error.args[0]) in LOCK_TIMEOUT_ERRORS
            raise


def force_read_only_connections(statement_timeout_seconds: int) -> None:
    """Make every new connection of this process read-only, whatever code opens it.

    Use this in a process that runs the code of Apps at its start. The change lasts until the
    process ends.
    """
    configure_new_connections(
        lambda connection: _enforce_read_only(connection, statement_timeout_seconds)
    )


def _refuse_pooler(connection: BaseDatabaseWrapper) -> None:
    """Raise an error if the connection goes through a pooler, before any setting is changed.

    A pooler would give this session to its next client, with the read-only mode and the timeouts.
    A pooler is recognised by the process id: the id that was reported at login differs from the id
    of the server process that answers a query.
    """
    if connection.vendor != "postgresql":
        return
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend_pid,) = cursor.fetchone()
    if backend_pid != connection.connection.info.backend_pid:
        raise PooledConnectionError(
            "the connection goes through a pooler: add an entry to DATABASES that connects to the "
            "PostgreSQL server directly, and name it in the App's setting 'database_alias'"
        )


def _enforce_read_only(connection: BaseDatabaseWrapper, timeout_seconds: int) -> None:
    """Make every new session of a connection read-only.

    Sending the statements once is not enough, because Django reconnects on its own after the server
    has closed the connection.
    """
    statements = _read_only_statements(timeout_seconds)

    def initialize(original: Callable[[], None]) -> None:
        if connection.vendor not in statements:
            raise NotSupportedError(f"sessions of {connection.vendor} cannot be made read-only")
        original()
        _refuse_pooler(connection)
        with connection.connection.cursor() as cursor:
            for statement in statements[connection.vendor]:
                cursor.execute(statement)
        if not connection.get_autocommit():
            connection.connection.commit()

    wrap_connection_initialization(connection, initialize)


def _read_only_statements(timeout_seconds: int) -> dict[str, tuple[str, ...]]:
    """Return the statements that make a session read-only and set its timeouts, by vendor."""
    return {
        "postgresql": (
            "SET default_transaction_read_only = on",
            f"SET statement_timeout = '{int(timeout_seconds)}s'",
            f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'",
            f"SET idle_in_transaction_session_timeout = '{int(timeout_seconds)}s'",
            f"SET application_name = '{APPLICATION_NAME}'",
        ),
        "mysql": (
            "SET SESSION TRANSACTION READ ONLY",
            f"SET SESSION max_execution_time = {int(timeout_seconds) * 1000}",
            f"SET SESSION lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}",
        ),
    }
