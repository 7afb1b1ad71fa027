"""A MySQL server of a rehearsal: in a private folder, on a socket, without a network.

Nothing on it has to survive a crash, so it does not wait for the disk. The plugin ``auth_socket``
lets the account of this process log in as the owner of the copy, and no other account of the host.
The code that is rehearsed runs as the same account. So the administrator has a password.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import MySQLdb

from ...target.isolation import SOCKET_NAMES, LiveDatabase
from ...target.isolation.sandbox import MAX_FOLDER_BYTES
from ..account import (
    create_folders,
    find_account,
    read_own_name,
    require_other_name,
    run_as,
)
from ..errors import RehearsalFailed, describe_error, shorten_output
from ..folder import KeptFolder
from .programs import Programs

ADMINISTRATOR, LOADER = "nautobot_rehearsal", "nautobot_rehearsal_loader"
LOCK_SECONDS = 60
CREATE_SECONDS, START_SECONDS = 120, 60
SERVER_OPTIONS = (
    "--skip-networking",
    "--mysqlx=OFF",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=OFF",
    "--innodb-buffer-pool-size=512M",
    "--character-set-server=utf8mb4",
    "--max-allowed-packet=1G",
    "--local-infile=OFF",
    "--secure-file-priv=NULL",  # No statement reads or writes files of the host.
    "--plugin-load-add=auth_socket.so",
)
CREATE_ADMINISTRATOR = """
CREATE USER '{name}'@'localhost' IDENTIFIED BY '{password}';
GRANT ALL ON *.* TO '{name}'@'localhost' WITH GRANT OPTION;
DROP USER 'root'@'localhost';
"""


class MysqlServer:
    """A running server, with its programs."""

    def __init__(self, folder: Path, programs: Programs) -> None:
        self.folder = folder
        self.programs = programs
        self.sockets = folder / "socket"
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.password = secrets.token_hex(16)
        """Of the administrator."""

    @property
    def socket(self) -> str:
        """The path of the socket."""
        return str(self.sockets / SOCKET_NAMES["mysql"])

    @property
    def administrator(self) -> dict[str, str]:
        """The parameters with which the client library logs in as the administrator."""
        return {"unix_socket": self.socket, "user": ADMINISTRATOR, "password": self.password}

    @contextlib.contextmanager
    def connect(self, database: str = "") -> Iterator[Any]:
        """Yield a cursor of the administrator, which commits each statement.

        Raises:
            RehearsalFailed: A statement is refused.
        """
        session = {"database": database, "charset": "utf8mb4", "autocommit": True}
        try:
            with contextlib.closing(MySQLdb.connect(**self.administrator, **session)) as connection:
                cursor = connection.cursor()
                cursor.execute("SET SESSION lock_wait_timeout = %s", [LOCK_SECONDS])
                yield cursor
        except MySQLdb.Error as error:
            raise RehearsalFailed(f"the server of the copy: {describe_error(error)}") from None

    def describe_database(self, name: str, user: str) -> LiveDatabase:
        """Return the parameters with which a user reaches a database of this server."""
        return LiveDatabase("mysql", {"database": name, "user": user, "unix_socket": self.socket})

    def create_database(self, name: str, character_set: str, collation: str) -> None:
        """Create an empty database, to which only the administrator can connect yet."""
        with self.connect() as cursor:
            cursor.execute(
                f"CREATE DATABASE {quote(name)} CHARACTER SET {character_set} COLLATE {collation}"
            )

    def grant(self, database: str, owner: str) -> None:
        """Let an account use a database. It logs in like the administrator."""
        require_other_name(owner, ADMINISTRATOR)
        place = quote(database).replace("%", "%%")
        with self.connect() as cursor:
            cursor.execute(
                "CREATE USER IF NOT EXISTS %s@'localhost' IDENTIFIED WITH auth_socket AS %s",
                [owner, read_own_name()],
            )
            cursor.execute(f"GRANT ALL ON {place}.* TO %s@'localhost'", [owner])

    def create_loader(self, database: str) -> dict[str, str]:
        """Create an account that can use nothing but a database. Return how it logs in.

        The statements of a backup are those of another one, so they do not run as administrator.
        """
        password, place = secrets.token_hex(16), quote(database).replace("%", "%%")
        with self.connect() as cursor:
            cursor.execute(f"CREATE USER {LOADER}@'localhost' IDENTIFIED BY %s", [password])
            cursor.execute(f"GRANT ALL ON {place}.* TO {LOADER}@'localhost'", ())
        return {"unix_socket": self.socket, "user": LOADER, "password": password}

    def read_log(self) -> str:
        """Return the end of what the server has written."""
        return shorten_output(self.log.read_text("utf-8", "replace")) if self.log.exists() else ""


def quote(name: str) -> str:
    """Return a name with the quotes that a statement needs."""
    return "`{}`".format(name.replace("`", "``"))


def start_server(kept: KeptFolder, programs: Programs) -> MysqlServer:
    """Start a new server in a folder. It ends with the folder.

    Raises:
        RehearsalFailed: The server does not start.
    """
    server = MysqlServer(kept.path, programs)
    if len(os.fsencode(server.sockets)) > MAX_FOLDER_BYTES:
        raise RehearsalFailed(
            f"the path {kept.path} is too long for a socket. Name a shorter folder"
        )
    account = find_account()
    create_folders(server.data, server.sockets, account)
    command = [programs.server, "--no-defaults", f"--datadir={server.data}"]
    _create_files([*command, "--initialize-insecure"], run_as(account), server.sockets)
    statements = server.data / "create-administrator.sql"
    statements.touch(mode=0o600)
    if account:
        os.chown(statements, account.pw_uid, account.pw_gid)
    text = CREATE_ADMINISTRATOR.format(name=ADMINISTRATOR, password=server.password)
    statements.write_text(text, "utf-8")
    place = [f"--socket={server.socket}", f"--init-file={statements}", f"--tmpdir={server.data}"]
    kept.start_server(
        command=[*command, *place, f"--pid-file={server.data / 'pid'}", *SERVER_OPTIONS],
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        log=str(server.log),
    )
    _wait_until_ready(server, kept)
    statements.unlink()
    return server


def _create_files(command: Sequence[str], account: dict[str, Any], folder: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the server that the copy needs
            [*command],
            env={"LC_ALL": "C", "PATH": os.defpath},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CREATE_SECONDS,
            check=False,
            cwd=folder,
            **account,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RehearsalFailed(f"the database server cannot be created: {error}") from None
    if done.returncode:
        reason = shorten_output(done.stderr) or f"exit code {done.returncode}"
        raise RehearsalFailed(f"the database server for the copy cannot be created: {reason}")


def _wait_until_ready(server: MysqlServer, kept: KeptFolder) -> None:
    deadline = time.monotonic() + START_SECONDS
    while kept.is_kept and time.monotonic() < deadline:
        with contextlib.suppress(RehearsalFailed), server.connect():
            return
        time.sleep(0.1)
    raise RehearsalFailed(f"the database server for the copy does not start: {server.read_log()}")
