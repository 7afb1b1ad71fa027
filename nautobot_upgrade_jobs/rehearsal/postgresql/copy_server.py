"""The server of a copy of a PostgreSQL database. Its programs are in a wheel."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2

from ...facts.rehearsal import Copy
from ...target.deadline import Deadline
from ...target.index_config import create_uv
from ...target.isolation import LiveDatabase
from ..copy_server import CopyLimits, CopyNames, CopyServer, Expected, ServerOptions
from ..errors import RehearsalFailed, describe_error
from ..folder import KeptFolder
from .backup import restore_backup
from .copies import name_copy
from .copy import copy_database
from .existing_copy import ExistingCopy
from .named_server import NamedServer
from .open import open_copy
from .programs import install_programs
from .restore import back_up, restore
from .server import PostgresqlServer, start_server

INSTALL_SECONDS = 300


class PostgresqlCopyServer(CopyServer):
    """The server of a copy of a PostgreSQL database."""

    def __init__(self, server: PostgresqlServer, names: CopyNames) -> None:
        self._server = server
        self.names = names
        self.sockets = server.sockets

    def copy(self, expected: Expected, limits: CopyLimits) -> Copy:
        """Copy a live database."""
        with _reported():
            return copy_database(expected.live, self._server, self.names, limits)

    def restore_backup(self, file: Path, expected: Expected, deadline: Deadline) -> Copy:
        """Restore an archive of ``pg_dump``."""
        with _reported():
            return restore_backup(file, self._server, self.names, expected, deadline)

    def open(self, run: str) -> None:
        """Mark the copy, make it harmless, and let its owner connect."""
        with _reported():
            open_copy(self._server, self.names, run)

    def back_up(self, deadline: Deadline) -> tuple[Path, float]:
        """Back up the copy with ``pg_dump``."""
        return back_up(self._server, self.names.database, deadline)

    def restore(self, file: Path, deadline: Deadline) -> float:
        """Replace the copy by its backup."""
        with _reported():
            return restore(self._server, file, self.names, deadline)

    def describe_database(self) -> LiveDatabase:
        """Return the parameters with which the owner reaches the copy."""
        return self._server.describe_database(*self.names)


class NamedCopyServer(PostgresqlCopyServer):
    """A server of the operator, on which the rehearsal makes the copy."""

    def __init__(self, server: NamedServer) -> None:
        super().__init__(server, server.names)
        self._named = server
        self.credentials = (server.password,)

    def copy(self, expected: Expected, limits: CopyLimits) -> Copy:
        """Copy a live database to the server."""
        return replace(super().copy(expected, limits), server=self._named.address)

    def restore_backup(self, file: Path, expected: Expected, deadline: Deadline) -> Copy:
        """Restore an archive of ``pg_dump`` on the server."""
        copy = super().restore_backup(file, expected, deadline)
        return replace(copy, server=self._named.address)

    def close(self) -> str:
        """Drop the copy, unless the operator has made it."""
        return self._named.close()


class ExistingCopyServer(NamedCopyServer):
    """A copy that the operator has made."""

    def __init__(self, server: ExistingCopy) -> None:
        super().__init__(server)
        self._existing = server

    def copy(self, expected: Expected, limits: CopyLimits) -> Copy:
        """Use the copy as it was made."""
        limits.progress("copy: check the copy that exists")
        with _reported():
            return self._existing.accept(expected)


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Turn an error of the server of the copy into the reason why a stage failed."""
    try:
        yield
    except psycopg2.Error as error:
        raise RehearsalFailed(f"the server of the copy: {describe_error(error)}") from None


def start_postgresql_server(
    kept: KeptFolder, names: CopyNames, run: str, options: ServerOptions
) -> PostgresqlCopyServer:
    """Install the programs, and start or use a server.

    Args:
        kept: A new folder. A server in it ends with it.
        names: The names of a copy in the folder.
        run: The name of the rehearsal.
        options: Which server it is.

    Raises:
        RehearsalFailed: It does not start, or cannot be used.
    """
    uv = create_uv(kept.path, options.wheel_directory, Deadline(INSTALL_SECONDS))
    programs = install_programs(uv, kept.path / "programs")
    with _reported():
        if options.existing:
            existing = ExistingCopy(kept.path, programs, options.existing)
            existing.claim()
            return ExistingCopyServer(existing)
        if options.named:
            named = NamedServer(kept.path, programs, options.named, name_copy(run))
            named.claim()
            return NamedCopyServer(named)
    return PostgresqlCopyServer(start_server(kept, programs), names)
