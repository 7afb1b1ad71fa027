"""A database server of a rehearsal: in a private folder, on a socket, without a network.

Nothing on it has to survive a crash, so it does not wait for the disk. A keeper process runs it,
and removes it when this process ends.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from ...target.isolation import POSTGRESQL_PORT, LiveDatabase
from ...target.isolation.sandbox import MAX_FOLDER_BYTES
from ..account import find_account, require_other_name
from ..errors import RehearsalFailed, shorten_output
from ..folder import KeptFolder
from .cluster import ADMINISTRATOR, create_cluster

START_SECONDS = 60
SERVER_OPTIONS = {
    "listen_addresses": "",
    "port": str(POSTGRESQL_PORT),
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "maintenance_work_mem": "256MB",
    "jit": "off",
    # A statement of a process that was killed ends, and releases its locks.
    "client_connection_check_interval": "1s",
    # A container can have a very small /dev/shm.
    "dynamic_shared_memory_type": "mmap",
}


class ScratchServer:
    """A running server, with its programs."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.programs = programs
        self.sockets = folder / "socket"
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.password = secrets.token_hex(16)
        """Of the administrator. It is in no file, since rehearsed code could read it there."""

    def connect(self, database: str = "postgres") -> Any:
        """Return a connection of the administrator, in autocommit mode."""
        connection = psycopg2.connect(
            dbname=database, user=ADMINISTRATOR, password=self.password, **self._address
        )
        connection.autocommit = True
        return connection

    def describe_database(self, name: str, user: str) -> LiveDatabase:
        """Return the parameters with which a user reaches a database of this server."""
        return LiveDatabase("postgresql", {"dbname": name, "user": user, **self._address})

    def run_program(
        self, name: str, words: Sequence[str], seconds: float, environment: dict[str, str]
    ) -> str:
        """Run a program of PostgreSQL, such as ``pg_restore``, and return its output.

        Args:
            name: The program.
            words: Its arguments.
            seconds: It is killed after this time.
            environment: Its variables.

        Raises:
            RehearsalFailed: It failed, with what it has written.
        """
        if seconds <= 0:
            raise RehearsalFailed(f"{name} did not end in time")
        try:
            done = subprocess.run(  # noqa: S603 - a program of the verified wheel
                [str(self.programs / name), *words],
                env={"LC_ALL": "C", "PATH": os.defpath, **environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RehearsalFailed(f"{name} did not end in time") from None
        except OSError as error:
            raise RehearsalFailed(f"{name} cannot be run: {error}") from None
        if done.returncode:
            output = shorten_output(done.stderr) or f"exit code {done.returncode}"
            raise RehearsalFailed(f"{name} failed: {output}")
        return done.stdout

    @property
    def login(self) -> dict[str, str]:
        """The variables with which a program of PostgreSQL logs in as the administrator."""
        place = {"PGHOST": str(self.sockets), "PGPORT": str(POSTGRESQL_PORT)}
        return {**place, "PGUSER": ADMINISTRATOR, "PGPASSWORD": self.password}

    def create_role(self, name: str) -> None:
        """Create a role that the account of this process can log in as, if it does not exist.

        It is no superuser, also if it is one on the live server, since a superuser runs programs.

        Raises:
            RehearsalFailed: It has the name of the administrator.
        """
        require_other_name(name, ADMINISTRATOR)
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            if not cursor.fetchone():
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))

    def create_database(self, name: str, *, owner: str) -> None:
        """Create an empty database, to which only the administrator can connect yet."""
        names = tuple(map(sql.Identifier, (name, owner)))
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in (
                "CREATE DATABASE {0} TEMPLATE template0 OWNER {1}",
                "REVOKE ALL ON DATABASE {0} FROM PUBLIC",
                "REVOKE CONNECT ON DATABASE {0} FROM {1}",
            ):
                cursor.execute(sql.SQL(statement).format(*names))

    def allow_connections(self, database: str, owner: str) -> None:
        """Let the owner of a database connect to it."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            grant_database(cursor, database, owner)

    def create_extensions(self, database: str, names: Iterable[str]) -> None:
        """Create extensions in a database. Its owner may not create all of them.

        Raises:
            RehearsalFailed: The wheel does not contain one.
        """
        with contextlib.closing(self.connect(database)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT name FROM pg_catalog.pg_available_extensions")
            available = {name for (name,) in cursor.fetchall()}
            if missing := sorted(set(names) - available):
                raise RehearsalFailed(
                    f"the server of the copy has no extension {', '.join(missing)}"
                )
            for name in names:
                statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE")
                cursor.execute(statement.format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Drop a database, and end all sessions that use it."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    @property
    def _address(self) -> dict[str, str]:
        return {"host": str(self.sockets), "port": str(POSTGRESQL_PORT), "sslmode": "disable"}

    def read_log(self) -> str:
        """Return the end of what the server has written."""
        return shorten_output(self.log.read_text("utf-8", "replace")) if self.log.exists() else ""


def grant_database(cursor: Any, database: str, owner: str) -> None:
    """Let a role use a database."""
    cursor.execute(
        sql.SQL("GRANT ALL ON DATABASE {} TO {}").format(*map(sql.Identifier, (database, owner)))
    )


def start_server(folder: KeptFolder, programs: Path) -> ScratchServer:
    """Start a new server in a folder. It ends with the folder.

    Args:
        folder: A new folder.
        programs: The folder with the programs of PostgreSQL. The account of the server can read it.

    Raises:
        RehearsalFailed: The server does not start.
    """
    server = ScratchServer(folder.path, programs)
    if len(os.fsencode(server.sockets)) > MAX_FOLDER_BYTES:
        raise RehearsalFailed(
            f"the path {folder.path} is too long for a socket. Name a shorter folder"
        )
    account = find_account()
    create_cluster(server.data, server.sockets, programs, account, server.password)
    settings = {**SERVER_OPTIONS, "unix_socket_directories": str(server.sockets)}
    command = [str(server.programs / "postgres"), "-D", str(server.data)]
    folder.start_server(
        command=[
            *command,
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ],
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        log=str(server.log),
    )
    _wait_until_ready(server, folder)
    return server


def _wait_until_ready(server: ScratchServer, folder: KeptFolder) -> None:
    deadline = time.monotonic() + START_SECONDS
    while folder.is_kept and time.monotonic() < deadline:
        with contextlib.suppress(psycopg2.OperationalError):
            server.connect().close()
            return
        time.sleep(0.1)
    raise RehearsalFailed(f"the database server for the copy does not start: {server.read_log()}")
