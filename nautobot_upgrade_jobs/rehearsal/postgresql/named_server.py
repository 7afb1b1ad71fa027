"""A copy on a server that the operator names, for instance because it has the disk for it.

The rehearsal creates a database there and drops it at the end. Its comment marks it, and a lock
shows that its run has not ended. If the run is killed, the next one drops the database.

The code that is rehearsed reaches this database only: through a tunnel, which logs in for it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from ...common.text import plural
from ...target.isolation import POSTGRESQL_PORT, LiveDatabase
from ...target.isolation.postgresql.tunnel import WritableTunnel
from ...target.isolation.relay import LoginFailed
from ..copy_server import CopyNames
from ..errors import RehearsalFailed, describe_error
from .programs import MAJOR
from .server import PostgresqlServer
from .source import CLIENT_OPTIONS, Source

PREFIX = "nautobot_rehearsal_"
NAME = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")
MARK = "Copy of an upgrade rehearsal of Nautobot. It is dropped when its run has ended."
MIN_MAJOR = 13
"""Older servers cannot end the sessions of a database that is dropped."""
CONNECT_SECONDS = 30
LOCK_SPACE = 1_853_188_178
"""The first number of our advisory locks, so that those of others have another one."""
ACCOUNT_QUERY = """
SELECT r.rolname, r.rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_roles p
        WHERE p.rolname IN ('pg_execute_server_program', 'pg_write_server_files',
            'pg_read_server_files') AND pg_catalog.pg_has_role(p.oid, 'MEMBER')),
    r.rolcreatedb
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
"""
DATABASES_QUERY = """
SELECT datname, pg_catalog.shobj_description(oid, 'pg_database')
FROM pg_catalog.pg_database WHERE pg_catalog.pg_has_role(datdba, 'MEMBER') ORDER BY datname
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
        connection = psycopg2.connect(**_build_parameters(self._place, database))
        connection.autocommit = True
        return connection

    def claim(self) -> None:
        """Check the account, drop the copies of dead runs, and lock the name of the copy.

        Raises:
            RehearsalFailed: The account cannot create a copy, or the code could do damage with it.
        """
        if not MIN_MAJOR <= self.major <= MAJOR:
            raise RehearsalFailed(
                f"the server for the copy is PostgreSQL {self.major}. Name one of version "
                f"{MIN_MAJOR} to {MAJOR}"
            )
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
            name, is_powerful, may_create = cursor.fetchone()
            cursor.execute(DATABASES_QUERY)
            others = [
                database
                for database, comment in cursor.fetchall()
                if database not in own and not _is_copy(database, comment)
            ]
        if is_powerful:
            raise RehearsalFailed(
                f"the account {name} is a superuser of the server for the copy, or may use its "
                "files. Name an account with nothing but LOGIN and CREATEDB, because the code that "
                "is rehearsed can use its rights"
            )
        if others:
            raise RehearsalFailed(
                f"the account {name} owns {plural(len(others), 'other database')}: "
                f"{', '.join(others[:5])}. Name an account that owns none, because the code that "
                "is rehearsed can drop them"
            )
        return bool(may_create)

    def require_room(self, source: Source) -> None:
        """Raise an error if the server is older than that of the source. Its disk is unknown.

        Raises:
            RehearsalFailed: The server is older.
        """
        needed = int(source.server_version.partition(".")[0])
        if self.major < needed:
            raise RehearsalFailed(
                f"the server for the copy is PostgreSQL {self.major}, and the live one is "
                f"{needed}. Name one that is not older"
            )

    def create_role(self, name: str) -> None:
        """Do nothing, because the account exists."""

    def create_database(self, names: CopyNames) -> None:
        """Create an empty database with our mark, and open the tunnel to it."""
        name = sql.Identifier(names.database)
        with self._session.cursor() as cursor:
            for statement in (
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'",
                "COMMENT ON DATABASE {} IS {}",
                "REVOKE ALL ON DATABASE {} FROM PUBLIC",
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
            "password": self._session.info.password or "",
        }
        database = LiveDatabase("postgresql", parameters)
        try:
            self._stack.enter_context(WritableTunnel(self.sockets, database))
        except LoginFailed as error:
            raise RehearsalFailed(f"the copy cannot be reached: {error}") from None
        self._has_tunnel = True

    def allow_connections(self, names: CopyNames) -> None:
        """Do nothing, because only the account can connect to its database."""

    def close(self) -> None:
        """Drop the copy. If this fails, the next run does it."""
        with contextlib.suppress(psycopg2.Error):
            self.drop_database(self.names.database)
        self.leave()

    def leave(self) -> None:
        """Close the tunnel, and release the lock."""
        with contextlib.suppress(psycopg2.Error):
            self._stack.close()


def _build_parameters(place: LiveDatabase, database: str) -> dict[str, Any]:
    parameters: Mapping[str, Any] = place.parameters
    known = {name: value for name, value in parameters.items() if name not in CLIENT_OPTIONS}
    return {"connect_timeout": CONNECT_SECONDS, **known, "dbname": database or place.name}


def remove_dead_copies(place: LiveDatabase) -> tuple[str, ...]:
    """Drop the databases of rehearsals that have ended on a server, and return their names.

    Args:
        place: The server, with a database to log in to.

    Raises:
        RehearsalFailed: The server refuses it.
    """
    try:
        with contextlib.closing(psycopg2.connect(**_build_parameters(place, ""))) as session:
            session.autocommit = True
            return tuple(drop_dead_copies(session))
    except psycopg2.Error as error:
        raise RehearsalFailed(describe_error(error)) from None


def drop_dead_copies(session: Any) -> list[str]:
    """Drop the databases that have our mark, and whose run does not hold its lock.

    Args:
        session: A session on the server, in autocommit mode.

    Returns:
        Their names.

    Raises:
        psycopg2.Error: The server refuses it.
    """
    with session.cursor() as cursor:
        cursor.execute(DATABASES_QUERY)
        copies = [name for name, comment in cursor.fetchall() if _is_copy(name, comment)]
    return list(_drop_if_dead(session, copies))


def _drop_if_dead(session: Any, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        if not try_lock(session, name):
            continue
        with session.cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [LOCK_SPACE, name])
        yield name


def try_lock(session: Any, name: str) -> bool:
    """Return whether this session holds the lock of a copy from now on.

    Args:
        session: A session on its server, in autocommit mode.
        name: The database.

    Raises:
        psycopg2.Error: The server refuses it.
    """
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCK_SPACE, name])
        return bool(cursor.fetchone()[0])


def name_copy(run: str) -> str:
    """Return the name of the copy of a rehearsal."""
    return f"{PREFIX}{run}"


def _is_copy(name: str, comment: str | None) -> bool:
    """Return whether a database is the copy of a rehearsal."""
    return comment == MARK and NAME.fullmatch(name) is not None
