"""Restore a backup as the copy of a rehearsal, which proves the backup."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import Any

import psycopg2

from ...facts.rehearsal import Copy
from ...rollback.backup_file import ARCHIVE_CONTENTS, ARCHIVE_MAGICS, MAGIC_LENGTH
from ...target.deadline import Deadline
from ...target.isolation import LiveDatabase
from ..copy_server import CopyNames, Expected, require_same_state
from ..errors import RehearsalFailed, remaining_seconds
from .server import PostgresqlServer
from .source import connect, measure_tables

CUSTOM, TAR = ARCHIVE_MAGICS
EXTENSION = re.compile(r"^\d+; \d+ \d+ EXTENSION - (\S+)", re.MULTILINE)
SERVER_VERSION = re.compile(r"Dumped from database version: (\S+)")
RESTORE_OPTIONS = ("--exit-on-error", "--no-owner", "--no-privileges", "--no-comments")
IDENTITY_QUERY = "SELECT id::text FROM extras_status ORDER BY id LIMIT 1000"
"""Keys that each installation has drawn at random when it was created."""


def restore_backup(
    file: Path, server: PostgresqlServer, names: CopyNames, expected: Expected, deadline: Deadline
) -> Copy:
    """Restore a backup into a new database.

    Args:
        file: The backup: an archive of ``pg_dump``, as file or folder.
        server: The server of the copy.
        names: The new database, and the role that gets all objects.
        expected: What the backup has to contain.
        deadline: The end of the time limit.

    Raises:
        RehearsalFailed: It cannot be restored, or it is not of this installation and release.
    """
    is_tar = _require_archive(file)
    contents = server.run_program(
        "pg_restore", ["--list", str(file)], remaining_seconds(deadline), {}
    )
    found = SERVER_VERSION.search(contents)
    server.require_version(found[1] if found else "")
    started = time.monotonic()
    server.create_role(names.owner)
    server.create_database(names)
    server.create_extensions(names.database, EXTENSION.findall(contents))
    words = [*RESTORE_OPTIONS, f"--dbname={names.database}", f"--role={names.owner}", str(file)]
    jobs = [] if is_tar else ["--jobs=2"]
    server.run_program("pg_restore", [*jobs, *words], deadline.remaining, server.login)
    with contextlib.closing(server.connect(names.database)) as connection:
        cursor = connection.cursor()
        cursor.execute("ANALYZE")
        seconds = time.monotonic() - started
        require_installation(cursor, expected)
        tables, rows, size = measure_tables(cursor)
    return Copy(
        server_version=found[1] if found else "",
        tables=tables,
        rows=rows,
        size_bytes=size,
        seconds=seconds,
        backup=file.name,
    )


def _require_archive(file: Path) -> bool:
    """Return whether an archive has the tar format.

    Raises:
        RehearsalFailed: It is no archive of ``pg_dump``.
    """
    if file.is_dir() and (file / ARCHIVE_CONTENTS).exists():
        return False
    try:
        with file.open("rb") as stream:
            head = stream.read(MAGIC_LENGTH)
    except OSError as error:
        raise RehearsalFailed(f"the backup {file} cannot be read: {error.strerror}") from None
    if head.startswith(CUSTOM):
        return False
    if head.startswith(TAR):
        return True
    raise RehearsalFailed(
        f"the backup {file.name} is no archive of pg_dump. A plain SQL file can run programs, so "
        "it is not restored. Decompress the file if it is compressed, or back up with "
        "pg_dump --format=custom"
    )


def require_installation(cursor: Any, expected: Expected) -> None:
    """Raise an error for a copy of another installation, or of another state of it.

    Args:
        cursor: A cursor in the copy.
        expected: What the copy has to contain.

    Raises:
        RehearsalFailed: It contains something else.
    """
    try:
        cursor.execute("SELECT app || '.' || name FROM django_migrations")
        recorded = {key for (key,) in cursor.fetchall()}
        cursor.execute(IDENTITY_QUERY)
        keys = {key for (key,) in cursor.fetchall()}
    except psycopg2.errors.UndefinedTable:
        raise RehearsalFailed("it is restored, and it is no database of Nautobot") from None
    require_same_state(recorded, keys, _read_live_keys(expected.live), expected)


def _read_live_keys(live: LiveDatabase) -> set[str]:
    """Return the keys of the live database. Empty if it cannot be read."""
    try:
        with contextlib.closing(connect(live, 30)) as connection, connection.cursor() as cursor:
            cursor.execute(IDENTITY_QUERY)
            return {key for (key,) in cursor.fetchall()}
    except (RehearsalFailed, psycopg2.Error):
        return set()
