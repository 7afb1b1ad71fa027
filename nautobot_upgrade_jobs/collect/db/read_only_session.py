"""A database session that the server itself keeps from writing.

While it is open, Django's default connection of this thread is this session: raw queries, the
migration loader and the system checks all go through it, and an attempt to write, by whatever code,
is refused by the server and not by our own good intentions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

from constance import config
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connections

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

LOCK_TIMEOUT_SECONDS = 5
"""A reader that waits for a lock makes everybody behind it wait: give up early."""
APPLICATION_NAME = "nautobot-upgrade-jobs"


@contextmanager
def read_only_session(
    statement_timeout_seconds: int, alias: str = DEFAULT_DB_ALIAS
) -> Iterator[BaseDatabaseWrapper]:
    """Open a session that cannot write and make it this thread's default connection.

    Args:
        statement_timeout_seconds: After this time the server ends a statement.
        alias: The entry of ``DATABASES`` to connect with, for instance one whose role has nothing
            but SELECT.

    Yields:
        The connection. It is closed on exit and the previous default is put back.

    Raises:
        django.db.OperationalError: The server cannot be reached or refuses the role.
    """
    connection = connections.create_connection(alias)
    connection.settings_dict = {
        **connections[alias].settings_dict,
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
        with _disable_constance_writes():
            yield connection
    finally:
        connections[DEFAULT_DB_ALIAS] = previous
        connection.close()


def force_read_only_connections(statement_timeout_seconds: int) -> None:
    """Let no connection of this process write, whoever opens it.

    For a process that runs code of others, as Apps have when they start; there is no way back.
    """
    create = connections.create_connection

    def create_read_only(alias: str) -> BaseDatabaseWrapper:
        connection = create(alias)
        _enforce_read_only(connection, statement_timeout_seconds)
        return connection

    connections.create_connection = create_read_only


@contextmanager
def _disable_constance_writes() -> Iterator[None]:
    """Let this thread read the configuration of Constance without storing defaults.

    Constance writes a default that it reads for the first time; the server refuses that here, and
    the reading would fail with it.
    """
    backend, thread = config._backend, get_ident()
    store = backend.set

    def set_elsewhere(key: str, value: Any) -> None:
        if get_ident() != thread:
            store(key, value)

    backend.set = set_elsewhere
    try:
        yield
    finally:
        backend.set = store


class PooledConnectionError(Exception):
    """The connection is shared with others, who would inherit what we set for the session."""


def _refuse_pooler(connection: BaseDatabaseWrapper) -> None:
    """Refuse a connection pooler, before anything is set.

    A pooler hands the server's session on to its next client, read-only and with our timeouts. It
    gives itself away: the process it names at login is not the one that answers.
    """
    if connection.vendor != "postgresql":
        return
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (answering,) = cursor.fetchone()
    if answering != connection.connection.info.backend_pid:
        raise PooledConnectionError(
            "the connection goes through a pooler: add an entry to DATABASES that leads to the "
            "PostgreSQL server itself, and name it in the App's setting 'database_alias'"
        )


def _enforce_read_only(connection: BaseDatabaseWrapper, timeout: int) -> None:
    """Add the restrictions to whatever Django does with every new connection of this wrapper.

    A wrapper reconnects on its own after the server has dropped it, so it is not enough to send
    these statements once.
    """
    statements: dict[str, tuple[str, ...]] = {
        "sqlite": ("PRAGMA query_only = ON",),
        "postgresql": (
            "SET default_transaction_read_only = on",
            f"SET statement_timeout = '{int(timeout)}s'",
            f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'",
            f"SET idle_in_transaction_session_timeout = '{int(timeout)}s'",
            f"SET application_name = '{APPLICATION_NAME}'",
        ),
        "mysql": (
            "SET SESSION TRANSACTION READ ONLY",
            f"SET SESSION max_execution_time = {int(timeout) * 1000}",
            f"SET SESSION lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}",
        ),
    }
    initialise = connection.init_connection_state

    def init_connection_state() -> None:
        if connection.vendor not in statements:
            raise NotSupportedError(f"nothing keeps {connection.vendor} from writing")
        initialise()
        _refuse_pooler(connection)
        with connection.connection.cursor() as cursor:
            for statement in statements[connection.vendor]:
                cursor.execute(statement)
        if not connection.get_autocommit():
            connection.connection.commit()

    connection.init_connection_state = init_connection_state
