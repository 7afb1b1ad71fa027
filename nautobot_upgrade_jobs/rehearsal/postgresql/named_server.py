"""A copy on a server that the operator names, for instance because it has the disk for it.

The rehearsal creates a database there and drops it at the end. Its comment marks it, and a lock
shows that its run has not ended. If the run is killed, the next one drops the database.

The code that is rehearsed reaches this database only: through a tunnel, which logs in for it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from ...common.text import plural
from ...target.isolation import POSTGRESQL_PORT, LiveDatabase
from ...target.isolation.postgresql.tunnel import WritableTunnel
from ...target.isolation.relay import LoginFailed
from ..copy_server import CopyNames, require_free
from ..errors import RehearsalFailed, describe_error
from .copies import DATABASES_QUERY, MARK, drop_dead_copies, is_copy, try_lock
from .programs import MAJOR
from .server import PostgresqlServer
from .source import select_parameters

MIN_MAJOR = 15
"""Older servers cannot report at once how many rows a migration has changed."""
PATIENCE = {
    "connect_timeout": 30,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 6,
    "tcp_user_timeout": 90_000,
}
"""Parameters by which a server that has vanished is noticed."""
ACCOUNT_QUERY = """
SELECT r.rolname, r.rolcreatedb, EXISTS (SELECT FROM pg_catalog.pg_roles p
    WHERE (p.rolsuper OR p.rolcreaterole OR p.rolreplication OR p.rolbypassrls
            OR p.rolname IN ('pg_execute_server_program', 'pg_write_server_files',
                'pg_read_server_files', 'pg_signal_backend'))
        AND pg_catalog.pg_has_role(r.oid, p.oid, 'MEMBER'))
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
"""


class NamedServer(PostgresqlServer):
    """A server that runs already. Its account creates the copy, and owns all objects in it."""

    def __init__(self, folder: Path, programs: Path, place: LiveDatabase, database: str) -> None:
        super().__init__(folder, programs)
        self._place = place
        self._stack = contextlib.ExitStack()
        self._has_tunnel = False
        # The first session keeps the lock until this process ends.
        self._session = self._stack.enter_context(contextlib.closing(self.connect()))
        self.names = CopyNames(database, self._session.info.user)
        self.major = self._session.info.server_version // 10000
        if not MIN_MAJOR <= self.major <= MAJOR:
            raise RehearsalFailed(
                f"the server for the copy is PostgreSQL {self.major}. Name one of version "
                f"{MIN_MAJOR} to {MAJOR}"
            )
        self._session.cursor().execute("SET idle_session_timeout = 0")
        self.password = self._session.info.password or ""

    @property
    def address(self) -> str:
        """The account and the server, for reports."""
        info = self._session.info
        return f"the account {info.user} on {info.host or 'this host'}:{info.port}"

    @property
    def login(self) -> dict[str, str]:
        """The variables with which a program of PostgreSQL reaches the tunnel."""
        place = {"PGHOST": str(self.sockets), "PGPORT": str(POSTGRESQL_PORT)}
        return {**place, "PGUSER": self.names.owner}

    def connect(self, database: str = "") -> Any:
        """Return a connection of the account, in autocommit mode.

        Raises:
            psycopg2.Error: The server refuses it.
        """
        return _connect(self._place, database)

    def claim(self) -> None:
        """Check the account, drop the copies of dead runs, and lock the name of the copy.

        Raises:
            RehearsalFailed: The account cannot create a copy, or the code could do damage with it.
        """
        drop_dead_copies(self._session)
        if not self._require_harmless_account():
            raise RehearsalFailed(
                f"the account {self.names.owner} may not create databases. Grant it CREATEDB"
            )
        try_lock(self._session, self.names.database)

    def _require_harmless_account(self, *own: str) -> bool:
        """Return whether the account may create databases.

        Args:
            own: Databases that the account may own.

        Raises:
            RehearsalFailed: The account can change more than the copy.
        """
        with self._session.cursor() as cursor:
            cursor.execute(ACCOUNT_QUERY)
            name, may_create, is_powerful = cursor.fetchone()
            cursor.execute(DATABASES_QUERY)
            others = [
                row[0] for row in cursor.fetchall() if row[0] not in own and not is_copy(*row)
            ]
        if is_powerful:
            raise RehearsalFailed(
                f"the account {name} is, or can become, more than a user of the server for the "
                "copy: a superuser, or an account that manages roles, files or sessions. Name an "
                "account with nothing but LOGIN and CREATEDB, because the code that is rehearsed "
                "can use its rights"
            )
        if others:
            raise RehearsalFailed(
                f"the account {name} owns {plural(len(others), 'other database')}: "
                f"{', '.join(others[:5])}. Name an account that owns none, because the code that "
                "is rehearsed can drop them"
            )
        return bool(may_create)

    def require_version(self, version: str) -> None:
        """Raise an error if the server is older than that of the data.

        Raises:
            RehearsalFailed: The server is older.
        """
        major = version.partition(".")[0]
        if major.isdecimal() and self.major < int(major):
            raise RehearsalFailed(
                f"the server for the copy is PostgreSQL {self.major}, and the data comes "
                f"from PostgreSQL {major}. Name a server that is not older"
            )

    def require_room(self, size_bytes: int) -> None:
        """Raise an error if this host has too little space for a backup of the copy.

        Nothing reports the space of the server.

        Raises:
            RehearsalFailed: There is too little space.
        """
        require_free(self.folder, size_bytes, "a backup of the copy")

    def create_role(self, name: str) -> None:
        """Do nothing, because the account exists."""

    def create_database(self, names: CopyNames) -> None:
        """Create an empty database with our mark, and open the tunnel to it."""
        name = sql.Identifier(names.database)
        with self._session.cursor() as cursor:
            # A killed run can leave it after each of these statements.
            for statement in (
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false",
                "COMMENT ON DATABASE {} IS {}",
                "REVOKE ALL ON DATABASE {} FROM PUBLIC",
                "ALTER DATABASE {} ALLOW_CONNECTIONS true",
            ):
                cursor.execute(sql.SQL(statement).format(name, sql.Literal(MARK)))
        self.open_tunnel()

    def open_tunnel(self) -> None:
        """Let programs and the code reach the database through a socket.

        Raises:
            RehearsalFailed: The tunnel cannot log in.
        """
        if self._has_tunnel:
            return
        self.sockets.mkdir(mode=0o700)
        parameters = {
            **_build_parameters(self._place, self.names.database),
            "password": self.password,
        }
        database = LiveDatabase("postgresql", parameters)
        try:
            self._stack.enter_context(WritableTunnel(self.sockets, database))
        except LoginFailed as error:
            raise RehearsalFailed(f"the copy cannot be reached: {error}") from None
        self._has_tunnel = True

    def allow_connections(self, names: CopyNames) -> None:
        """Do nothing, because only the account can connect to its database."""

    def close(self) -> str:
        """Drop the copy. Return why it could not be dropped, or an empty text."""
        try:
            self.drop_database(self.names.database)
        except psycopg2.Error as error:
            return f"the database {self.names.database}, as {self.address}: {describe_error(error)}"
        finally:
            self.leave()
        return ""

    def leave(self) -> None:
        """Close the tunnel, and release the lock."""
        with contextlib.suppress(psycopg2.Error):
            self._stack.close()


def _build_parameters(place: LiveDatabase, database: str) -> dict[str, Any]:
    return {**PATIENCE, **select_parameters(place), "dbname": database or place.name}


def _connect(place: LiveDatabase, database: str = "") -> Any:
    connection = psycopg2.connect(**_build_parameters(place, database))
    connection.autocommit = True
    return connection


def remove_dead_copies(place: LiveDatabase) -> tuple[str, ...]:
    """Drop the databases of rehearsals that have ended on a server, and return their names.

    Args:
        place: The server, with a database to log in to.

    Raises:
        RehearsalFailed: The server refuses it.
    """
    try:
        with contextlib.closing(_connect(place)) as session:
            return tuple(drop_dead_copies(session))
    except psycopg2.Error as error:
        raise RehearsalFailed(describe_error(error)) from None
