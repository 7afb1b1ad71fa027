"""The MySQL server of a rehearsal.

The plugin ``auth_socket`` lets the account of this process log in as the owner of a copy without a
password, and no other account of the host.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import MySQLdb

from ...target.isolation import SOCKET_NAMES, LiveDatabase
from ..account import read_own_name, require_other_name
from ..errors import RehearsalFailed, describe_error
from ..folder import KeptFolder
from ..scratch_server import ADMINISTRATOR, ScratchServer
from .programs import Programs

LOADER = f"{ADMINISTRATOR}_loader"
LOCK_SECONDS = 60
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


class MysqlServer(ScratchServer):
    """A running server, with its programs."""

    def __init__(self, folder: Path, programs: Programs) -> None:
        super().__init__(folder)
        self.programs = programs

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
        """Let an account use a database. The account of this process can log in as it."""
        require_other_name(owner, ADMINISTRATOR)
        with self.connect() as cursor:
            cursor.execute(
                "CREATE USER IF NOT EXISTS %s@'localhost' IDENTIFIED WITH auth_socket AS %s",
                [owner, read_own_name()],
            )
            cursor.execute(_grant(database), [owner])

    def create_loader(self, database: str) -> dict[str, str]:
        """Create an account that can use nothing but a database. Return how it logs in.

        The statements of a backup can be those of an attacker, so they do not run as administrator.
        """
        password = secrets.token_hex(16)
        with self.connect() as cursor:
            cursor.execute("CREATE USER %s@'localhost' IDENTIFIED BY %s", [LOADER, password])
            cursor.execute(_grant(database), [LOADER])
        return {"unix_socket": self.socket, "user": LOADER, "password": password}

    def is_ready(self) -> bool:
        """Return whether the server answers."""
        with contextlib.suppress(RehearsalFailed), self.connect():
            return True
        return False


def quote(name: str) -> str:
    """Return a name with the quotes that a statement needs."""
    return "`{}`".format(name.replace("`", "``"))


def _grant(database: str) -> str:
    """Return the statement that gives the account of its parameter all rights on a database."""
    return f"GRANT ALL ON {quote(database).replace('%', '%%')}.* TO %s@'localhost'"


def start_server(kept: KeptFolder, programs: Programs) -> MysqlServer:
    """Start a new server in a folder. It ends with the folder.

    Raises:
        RehearsalFailed: The server does not start.
    """
    server = MysqlServer(kept.path, programs)
    command = [programs.server, "--no-defaults", f"--datadir={server.data}"]
    server.create_files(([*command, "--initialize-insecure"], ""))
    text = CREATE_ADMINISTRATOR.format(name=ADMINISTRATOR, password=server.password)
    statements = server.write_file("create-administrator.sql", text)
    place = [f"--socket={server.socket}", f"--init-file={statements}", f"--tmpdir={server.data}"]
    pid = f"--pid-file={server.data / 'pid'}"
    server.start(kept, [*command, *place, pid, *SERVER_OPTIONS], server.is_ready)
    statements.unlink()
    return server
