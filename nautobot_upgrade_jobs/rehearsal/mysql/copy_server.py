"""The server of a copy of a MySQL database. Its programs are those of this host."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ...facts.rehearsal import EMPTIED_TABLES, MARK_TABLE, Copy
from ...target.deadline import Deadline
from ...target.isolation import LiveDatabase
from ..copy_server import (
    DISABLED_TABLES,
    MEBIBYTE,
    CopyLimits,
    CopyNames,
    CopyServer,
    Expected,
    require_same_state,
    require_space,
)
from ..errors import RehearsalFailed
from ..folder import KeptFolder
from .dump import (
    dump_command,
    load,
    load_command,
    login_file,
    run_program,
)
from .programs import find_programs
from .server import LOADER, MysqlServer, quote, start_server
from .source import (
    CHARACTERS_QUERY,
    COLLATION_QUERY,
    IDENTITY_QUERY,
    MIGRATIONS_QUERY,
    TABLES_QUERY,
    Source,
    read_identity,
    read_source,
)

BACKUP_FILE = "before-upgrade.sql"
HEAD = b"-- MySQL dump"
"""What ``mysqldump`` writes first."""
PROGRESS_SECONDS = 2


class MysqlCopyServer(CopyServer):
    """The server of a copy of a MySQL database."""

    def __init__(self, server: MysqlServer, names: CopyNames) -> None:
        self._server = server
        self.names = names
        self.sockets = server.sockets

    def copy(self, expected: Expected, limits: CopyLimits) -> Copy:
        """Copy a live database with ``mysqldump``, in one snapshot, and without a file."""
        started, database = time.monotonic(), expected.live
        source = read_source(database)
        if source.version > self._server.programs.version:
            raise RehearsalFailed(
                f"the live server is MySQL {_join(source.version)}, and that of this host is "
                f"{_join(self._server.programs.version)}. Install the same release line"
            )
        require_space(self._server.folder, source.size_bytes)
        self._server.create_database(database.name, source.character_set, source.collation)
        progress = _Progress(limits, source.size_bytes)
        with self._login(database.parameters) as live, self._login() as own:
            dump = dump_command(self._server, live, database.name)
            client = load_command(self._server, own, database.name)
            with run_program(dump, limits.deadline, stdout=subprocess.PIPE) as process:
                load(client, process.stdout, limits.deadline, progress.report)
        self._use_settings(source)
        tables, rows = self._count_rows(database.name)
        if missing := sorted(set(source.tables) - set(tables)):
            raise RehearsalFailed(f"the copy has no table {missing[0]}. Grant the account SELECT")
        return Copy(
            server_version=_join(source.version),
            tables=len(tables),
            rows=rows,
            size_bytes=source.size_bytes,
            seconds=time.monotonic() - started,
        )

    def restore_backup(self, file: Path, expected: Expected, deadline: Deadline) -> Copy:
        """Restore a dump of ``mysqldump``."""
        started, name = time.monotonic(), self.names.database
        _require_dump(file)
        require_space(self._server.folder, file.stat().st_size)
        self._server.create_database(name, "utf8mb4", "utf8mb4_0900_ai_ci")
        loader = self._server.create_loader(name)
        with self._login(loader) as login, file.open("rb") as stream:
            load(load_command(self._server, login, name), stream, deadline)
        seconds = time.monotonic() - started
        tables, rows = self._count_rows(name)
        if not {"django_migrations", "extras_status"} <= set(tables):
            raise RehearsalFailed("it is restored, and it is no database of Nautobot")
        with self._server.connect(name) as cursor:
            cursor.execute(f"DROP USER {LOADER}@'localhost'")
            cursor.execute(COLLATION_QUERY)
            (collation,) = cursor.fetchone()  # New tables get that of the database.
            cursor.execute(f"ALTER DATABASE {quote(name)} COLLATE {collation}")
            cursor.execute(MIGRATIONS_QUERY)
            recorded = {key for (key,) in cursor.fetchall()}
            cursor.execute(IDENTITY_QUERY)
            keys = {key for (key,) in cursor.fetchall()}
        require_same_state(recorded, keys, read_identity(expected.live), expected)
        return Copy(
            server_version="",
            tables=len(tables),
            rows=rows,
            size_bytes=sum(tables.values()),
            seconds=seconds,
            backup=file.name,
        )

    def open(self, run: str) -> None:
        """Mark the copy, make it harmless, and let its owner connect.

        Only the administrator can connect before, so this needs no transaction. MySQL has none for
        tables and accounts.
        """
        with self._server.connect(self.names.database) as cursor:
            cursor.execute(f"CREATE TABLE {MARK_TABLE} (run VARCHAR(100) PRIMARY KEY)")
            cursor.execute(f"INSERT INTO {MARK_TABLE} VALUES (%s)", [run])  # noqa: S608
            cursor.execute(TABLES_QUERY)
            tables = {table for table, _ in cursor.fetchall()}
            cursor.execute("SET foreign_key_checks = 0")
            for table in sorted(tables & {*DISABLED_TABLES}):
                statement = f"UPDATE {quote(table)} SET enabled = FALSE WHERE enabled"  # noqa: S608
                cursor.execute(statement)
            for table in sorted(tables & {*EMPTIED_TABLES}):
                cursor.execute(f"DELETE FROM {quote(table)}")  # noqa: S608 - quoted
        self._server.grant(*self.names)

    def back_up(self, deadline: Deadline) -> tuple[Path, float]:
        """Back up the copy with ``mysqldump``."""
        started, path = time.monotonic(), self._server.folder / BACKUP_FILE
        with self._login() as login, path.open("wb") as file:
            command = dump_command(self._server, login, self.names.database)
            with run_program(command, deadline, stdout=file):
                pass
        return path, time.monotonic() - started

    def restore(self, file: Path, deadline: Deadline) -> float:
        """Replace the copy by its backup."""
        started, name = time.monotonic(), self.names.database
        with self._server.connect(name) as cursor:
            cursor.execute(CHARACTERS_QUERY)
            character_set, collation = cursor.fetchone()
            cursor.execute(f"DROP DATABASE {quote(name)}")
        self._server.create_database(name, character_set, collation)
        with self._login() as login, file.open("rb") as stream:
            load(load_command(self._server, login, name), stream, deadline)
        self._server.grant(*self.names)
        return time.monotonic() - started

    def describe_database(self) -> LiveDatabase:
        """Return the parameters with which the owner reaches the copy."""
        return self._server.describe_database(*self.names)

    def _login(self, parameters: Mapping[str, Any] | None = None) -> AbstractContextManager[Path]:
        """Write the file with which a program logs in, by default as the administrator."""
        return login_file(self._server.folder, parameters or self._server.administrator)

    def _use_settings(self, source: Source) -> None:
        """Use the settings of the live server that decide which values a column accepts."""
        with self._server.connect() as cursor:
            cursor.execute("SET GLOBAL sql_mode = %s", [source.sql_mode])

    def _count_rows(self, database: str) -> tuple[dict[str, int], int]:
        """Return the size of each table in bytes, and the number of all rows."""
        with self._server.connect(database) as cursor:
            cursor.execute("SET information_schema_stats_expiry = 0")
            cursor.execute(TABLES_QUERY)
            tables = {table: int(size or 0) for table, size in cursor.fetchall()}
            rows = 0
            for table in tables:
                cursor.execute(f"SELECT COUNT(*) FROM {quote(table)}")  # noqa: S608 - quoted
                rows += int(cursor.fetchone()[0])
        return tables, rows


class _Progress:
    """Reports from time to time what was copied."""

    def __init__(self, limits: CopyLimits, size: int) -> None:
        self._limits, self._size = limits, size
        self._reported = time.monotonic()

    def report(self, table: str, copied: int) -> None:
        """Report the current table, and how many bytes of text were copied."""
        if time.monotonic() - self._reported >= PROGRESS_SECONDS:
            self._reported = time.monotonic()
            self._limits.progress(
                f"copy: {table}, {copied // MEBIBYTE} MiB of text, of about "
                f"{self._size // MEBIBYTE} MiB of rows"
            )


def _require_dump(file: Path) -> None:
    """Raise an error for a file that is no plain dump of MySQL."""
    try:
        with file.open("rb") as stream:
            head = stream.read(len(HEAD))
    except OSError as error:
        raise RehearsalFailed(f"the backup {file} cannot be read: {error.strerror}") from None
    if head != HEAD:
        raise RehearsalFailed(
            f"the backup {file.name} is no dump of mysqldump. Decompress the file if it is "
            "compressed. A dump of MariaDB and a folder of MySQL Shell cannot be rehearsed"
        )


def _join(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def start_mysql_server(kept: KeptFolder, names: CopyNames, programs: str) -> MysqlCopyServer:
    """Start a server in a folder. It ends with the folder.

    Args:
        kept: A new folder.
        names: The names of the copy.
        programs: The folder with the programs of MySQL. Empty to search for them.

    Raises:
        RehearsalFailed: It does not start, or this host has no such programs.
    """
    return MysqlCopyServer(start_server(kept, find_programs(programs)), names)
