"""The PostgreSQL server of a rehearsal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from ...target.isolation import POSTGRESQL_PORT, LiveDatabase
from ..account import read_own_name, require_other_name
from ..command import run_command
from ..copy_server import CopyNames, require_space
from ..errors import RehearsalFailed
from ..folder import KeptFolder
from ..scratch_server import ADMINISTRATOR, ScratchServer

CLUSTER_OPTIONS = (
    *(f"--username={ADMINISTRATOR}", "--auth=peer", "--no-sync", "--locale=C", "--encoding=UTF8"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
ACCESS = f"""local all {ADMINISTRATOR} scram-sha-256
local all all peer map=rehearsal
"""
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


class PostgresqlServer(ScratchServer):
    """A running server, with its programs."""

    def __init__(self, folder: Path, programs: Path) -> None:
        super().__init__(folder)
        self.programs = programs

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
        command = [str(self.programs / name), *words]
        return run_command(command, seconds, environment=environment)

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

    def require_version(self, version: str) -> None:
        """Do nothing, because the server is as new as its programs."""

    def require_room(self, size_bytes: int) -> None:
        """Raise an error if the host has too little space for a copy.

        Args:
            size_bytes: Size of the rows, without indexes.

        Raises:
            RehearsalFailed: There is too little space.
        """
        require_space(self.folder, size_bytes)

    def create_database(self, names: CopyNames) -> None:
        """Create an empty database, to which only the administrator can connect yet."""
        identifiers = tuple(map(sql.Identifier, names))
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in (
                "CREATE DATABASE {0} TEMPLATE template0 OWNER {1}",
                "REVOKE ALL ON DATABASE {0} FROM PUBLIC",
                "REVOKE CONNECT ON DATABASE {0} FROM {1}",
            ):
                cursor.execute(sql.SQL(statement).format(*identifiers))

    def allow_connections(self, names: CopyNames) -> None:
        """Let the owner of a database connect to it."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            grant_database(cursor, names)

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

    def is_ready(self) -> bool:
        """Return whether the server answers."""
        with contextlib.suppress(psycopg2.OperationalError):
            self.connect().close()
            return True
        return False


def grant_database(cursor: Any, names: CopyNames) -> None:
    """Let the owner of a database use it."""
    cursor.execute(sql.SQL("GRANT ALL ON DATABASE {} TO {}").format(*map(sql.Identifier, names)))


def start_server(folder: KeptFolder, programs: Path) -> PostgresqlServer:
    """Start a new server in a folder. It ends with the folder.

    The account of this process can log in to it as any role but the administrator.

    Args:
        folder: A new folder.
        programs: The folder with the programs of PostgreSQL. The account of the server can read it.

    Raises:
        RehearsalFailed: The server does not start.
    """
    server = PostgresqlServer(folder.path, programs)
    files = ["-D", str(server.data)]
    server.create_files(
        ([str(programs / "initdb"), *files, *CLUSTER_OPTIONS], ""),
        (
            [str(programs / "postgres"), "--single", *files, "postgres"],
            f"ALTER ROLE {ADMINISTRATOR} PASSWORD '{server.password}'\n",
        ),
    )
    (server.data / "pg_hba.conf").write_text(ACCESS, "utf-8")
    (server.data / "pg_ident.conf").write_text(f"rehearsal {read_own_name()} all\n", "utf-8")
    settings = {**SERVER_OPTIONS, "unix_socket_directories": str(server.sockets)}
    words = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    server.start(folder, [str(programs / "postgres"), *files, *words], server.is_ready)
    return server
