"""A database server of a rehearsal: in a private folder, on a socket, without a network.

Nothing on it has to survive a crash, so it does not wait for the disk. A keeper process runs it,
and removes it when this process ends.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import pwd
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from ..target.isolation import POSTGRESQL_PORT, LiveDatabase
from ..target.isolation.sandbox import MAX_FOLDER_BYTES
from ..target.uv import find_interpreter
from .errors import RehearsalFailed

KEEPER = Path(__file__).with_name("keeper.py")
ADMINISTRATOR = "rehearsal"
UNPRIVILEGED_USER_ID = 65534
"""PostgreSQL refuses to run as root, so root lets this account run it. It owns no files."""
START_SECONDS = 60
STOP_SECONDS = 30
OUTPUT_CHARACTERS = 600
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

    def connect(self, database: str = "postgres") -> Any:
        """Return a connection of the administrator, in autocommit mode."""
        connection = psycopg2.connect(dbname=database, user=ADMINISTRATOR, **self._address)
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
            output = " ".join(done.stderr.split())[-OUTPUT_CHARACTERS:]
            raise RehearsalFailed(f"{name} failed: {output or f'exit code {done.returncode}'}")
        return done.stdout

    @property
    def login(self) -> dict[str, str]:
        """The variables with which a program of PostgreSQL logs in as the administrator."""
        return {
            "PGHOST": str(self.sockets),
            "PGPORT": str(POSTGRESQL_PORT),
            "PGUSER": ADMINISTRATOR,
        }

    def create_role(self, name: str, *, is_superuser: bool) -> None:
        """Create a role that the account of this process can log in as, if it does not exist."""
        rights = sql.SQL("SUPERUSER" if is_superuser else "NOSUPERUSER")
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            if not cursor.fetchone():
                cursor.execute(
                    sql.SQL("CREATE ROLE {} LOGIN {}").format(sql.Identifier(name), rights)
                )

    def create_database(self, name: str, *, template: str = "template0", owner: str) -> None:
        """Create a database from another one, to which only the administrator can connect yet."""
        statement = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY"
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            names = (sql.Identifier(each) for each in (name, template, owner))
            cursor.execute(sql.SQL(statement).format(*names))
            cursor.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
            )
            # The owner of a database can always connect, unless it loses even this.
            cursor.execute(
                sql.SQL("REVOKE CONNECT ON DATABASE {} FROM {}").format(
                    sql.Identifier(name), sql.Identifier(owner)
                )
            )

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
        with contextlib.suppress(OSError):
            text = self.log.read_text("utf-8", "replace")
            return " ".join(text.split())[-OUTPUT_CHARACTERS:]
        return ""


@contextlib.contextmanager
def run_server(folder: Path, programs: Path) -> Iterator[ScratchServer]:
    """Run a new server in a folder, and remove the folder at the end.

    Args:
        folder: A new folder. A keeper process removes it when this process ends, in whatever way.
        programs: The folder with the programs of PostgreSQL. The account of the server can read it.

    Raises:
        RehearsalFailed: The server does not start.
    """
    server = ScratchServer(folder, programs)
    if len(os.fsencode(server.sockets)) > MAX_FOLDER_BYTES:
        raise RehearsalFailed(f"the path {folder} is too long for a socket. Name a shorter folder")
    account = _find_account()
    _initialize(server, account)
    with _keep(server, account):
        yield server


def _find_account() -> pwd.struct_passwd | None:
    """Return the account that runs the server. None for that of this process."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwuid(UNPRIVILEGED_USER_ID)
    except KeyError:
        raise RehearsalFailed(
            "PostgreSQL does not run as root, and this host has no account "
            f"with the number {UNPRIVILEGED_USER_ID}. Run the rehearsal as the account of Nautobot"
        ) from None


def _initialize(server: ScratchServer, account: pwd.struct_passwd | None) -> None:
    """Create the files of the server, and let the account of this process log in as anybody."""
    for path in (server.data, server.sockets):
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)
    if account:  # The other account must reach these two folders, and can read no others.
        server.folder.chmod(0o711)
        server.sockets.chmod(0o711)
        _require_reachable(server.folder, account)
    words = [f"--pgdata={server.data}", f"--username={ADMINISTRATOR}", "--auth=peer", "--no-sync"]
    words += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    words += ["--locale=C"]
    done = subprocess.run(  # noqa: S603 - a program of the verified wheel
        [str(server.programs / "initdb"), *words],
        env={"LC_ALL": "C", "PATH": os.defpath},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd=server.sockets,
        **_run_as(account),
    )
    if done.returncode:
        output = " ".join(done.stderr.split())[-OUTPUT_CHARACTERS:]
        raise RehearsalFailed(f"the database server for the copy cannot be created: {output}")
    (server.data / "pg_hba.conf").write_text("local all all peer map=rehearsal\n", "utf-8")
    (server.data / "pg_ident.conf").write_text(f"rehearsal {getpass.getuser()} all\n", "utf-8")


def _require_reachable(folder: Path, account: pwd.struct_passwd) -> None:
    """Raise an error for a folder that the account of the server cannot enter."""
    closed = [each for each in folder.parents if not each.stat().st_mode & 0o001]
    if closed:
        raise RehearsalFailed(
            f"the account {account.pw_name} runs the database server for root, and cannot enter "
            f"{closed[-1]}. Name another folder with --directory, or run the rehearsal as the "
            "account of Nautobot"
        )


def _run_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def _keep(server: ScratchServer, account: pwd.struct_passwd | None) -> Iterator[None]:
    """Start the keeper, which starts the server. Both end with this process or at the end."""
    settings = {**SERVER_OPTIONS, "unix_socket_directories": str(server.sockets)}
    command = [str(server.programs / "postgres"), "-D", str(server.data)]
    command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    options = {
        "folder": str(server.folder),
        "command": command,
        "user": account.pw_uid if account else None,
        "group": account.pw_gid if account else None,
        "log": str(server.log),
    }
    keeper = subprocess.Popen(  # noqa: S603 - our own file
        [find_interpreter(), "-I", "-S", str(KEEPER), json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    try:
        _wait_until_ready(server, keeper)
        yield
    finally:
        for stream in (keeper.stdin, keeper.stdout):
            if stream:
                stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            keeper.wait(STOP_SECONDS)


def _wait_until_ready(server: ScratchServer, keeper: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while keeper.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg2.OperationalError):
            server.connect().close()
            return
        time.sleep(0.1)
    raise RehearsalFailed(f"the database server for the copy does not start: {server.read_log()}")
