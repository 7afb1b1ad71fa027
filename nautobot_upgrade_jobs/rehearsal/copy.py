"""Copy a live database to a server of its own: the schema, the rows in one snapshot, the indexes.

The rows of a table go from one server to the other without a file between them. Indexes and foreign
keys are created afterwards, because this takes less time than to maintain them for each row.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..facts.rehearsal import Copy
from ..target.deadline import Deadline
from ..target.isolation import POSTGRESQL_PORT, LiveDatabase
from ..target.isolation.postgresql.tunnel import PostgresqlTunnel
from ..target.isolation.relay import LoginFailed
from .errors import RehearsalFailed, remaining_seconds
from .rows import copy_table
from .server import ScratchServer
from .source import Source, connect, count_rows, open_source

MEBIBYTE = 1 << 20
PROGRESS_SECONDS = 2
DUMP_OPTIONS = (
    *("--format=custom", "--schema-only", "--sequence-data", "--compress=0"),
    *("--no-owner", "--no-privileges", "--no-comments", "--no-publications", "--no-subscriptions"),
    *("--no-security-labels", "--no-tablespaces", "--lock-wait-timeout=5s"),
)


class CopyJob(NamedTuple):
    """A copy that is being made."""

    database: LiveDatabase
    source: Source
    server: ScratchServer
    name: str
    """The name of the copy on its server."""
    deadline: Deadline
    progress: Callable[[str], None]
    workers: int


def copy_database(  # noqa: PLR0913 - keyword-only
    database: LiveDatabase,
    server: ScratchServer,
    name: str,
    owner: str,
    *,
    deadline: Deadline,
    progress: Callable[[str], None] = lambda activity: None,
    workers: int = 2,
) -> Copy:
    """Copy a database, and return what was copied.

    Args:
        database: The live database. Its account needs only SELECT.
        server: The server of the copy.
        name: The name of the new database.
        owner: The role that gets all objects.
        deadline: The end of the time limit.
        progress: Called with what is copied.
        workers: The number of tables to copy at the same time.

    Raises:
        RehearsalFailed: The copy is not complete.
    """
    started = time.monotonic()
    limit = remaining_seconds(deadline)
    with open_source(database, limit) as source:
        _require_space(server.folder, source)
        server.create_role(owner, is_superuser=source.is_superuser)
        server.create_database(name, owner=owner)
        job = CopyJob(database, source, server, name, deadline, progress, workers)
        dump = server.folder / "schema.dump"
        _dump_schema(job, dump)
        server.create_extensions(name, source.extensions)
        _restore(job, dump, "pre-data", owner)
        rows = _copy_rows(job)
    progress("copy: indexes and foreign keys")
    _restore(job, dump, "data", owner)  # The values of sequences.
    _restore(job, dump, "post-data", owner, jobs=workers)
    progress("copy: statistics")
    _finish(job, rows)
    return Copy(
        server_version=source.server_version,
        tables=len(source.tables),
        rows=sum(rows.values()),
        size_bytes=source.size_bytes,
        seconds=time.monotonic() - started,
    )


def _require_space(folder: Path, source: Source) -> None:
    """Raise an error if the copy would use up the space of its file system."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    needed = required_bytes(source.size_bytes)
    if free < needed:
        raise RehearsalFailed(
            f"the copy needs {needed // MEBIBYTE} MiB, and {folder.parent} has "
            f"{free // MEBIBYTE} MiB. Name a folder on a larger disk with --directory"
        )


def required_bytes(size: int) -> int:
    """Return the space that a rehearsal needs for rows of a size: two copies and a reserve.

    With indexes a copy has about twice the size of its rows, and a migration can rewrite tables.
    """
    return 5 * size + (1 << 30)


def _dump_schema(job: CopyJob, dump: Path) -> None:
    job.progress("copy: schema")
    sockets = job.server.folder / "source"
    sockets.mkdir(mode=0o700)
    try:
        with PostgresqlTunnel(sockets, job.database, remaining_seconds(job.deadline)):
            job.server.run_program(
                "pg_dump",
                [*DUMP_OPTIONS, f"--snapshot={job.source.snapshot}", f"--file={dump}", "source"],
                job.deadline.remaining,
                {"PGHOST": str(sockets), "PGPORT": str(POSTGRESQL_PORT), "PGUSER": "source"},
            )
    except LoginFailed as error:
        raise RehearsalFailed(f"the database cannot be read: {error}") from None


def _restore(job: CopyJob, dump: Path, section: str, owner: str, jobs: int = 1) -> None:
    """Create a part of the schema. Extensions exist already."""
    job.server.run_program(
        "pg_restore",
        [
            *(f"--section={section}", f"--dbname={job.name}", f"--role={owner}", f"--jobs={jobs}"),
            *("--no-owner", "--no-privileges", "--exit-on-error", str(dump)),
        ],
        job.deadline.remaining,
        job.server.login,
    )


class _Progress:
    """Counts what was copied, and reports it from time to time."""

    def __init__(self, job: CopyJob) -> None:
        self._job, self._copied = job, 0
        self._lock = threading.Lock()
        self._started = self._reported = time.monotonic()

    def add(self, table: str, number: int) -> None:
        """Count bytes of a table."""
        with self._lock:
            self._copied += number
            now = time.monotonic()
            if now - self._reported < PROGRESS_SECONDS:
                return
            self._reported = now
            rate = self._copied / max(0.1, now - self._started) / MEBIBYTE
        size = self._job.source.size_bytes // MEBIBYTE
        self._job.progress(
            f"copy: {table}, {self._copied // MEBIBYTE} of about {size} MiB, {rate:.0f} MiB/s"
        )


def _copy_rows(job: CopyJob) -> dict[str, int]:
    """Copy the rows of all tables, and return their numbers by table.

    Raises:
        RehearsalFailed: The rows of a table could not be copied. No other table is begun.
    """
    counter = _Progress(job)
    remaining = list(job.source.tables)
    rows: dict[str, int] = {}
    lock = threading.Lock()
    failed = threading.Event()

    def work() -> None:
        limit = remaining_seconds(job.deadline)
        with (
            contextlib.closing(connect(job.database, limit, job.source.snapshot)) as source,
            contextlib.closing(job.server.connect(job.name)) as sink,
        ):
            sink.autocommit = False
            while not failed.is_set():
                with lock:
                    table = remaining.pop(0) if remaining else None
                if table is None:
                    return
                rows[f"{table.schema}.{table.name}"] = copy_table(
                    source, sink, table, partial(counter.add, table.name)
                )

    with ThreadPoolExecutor(job.workers) as pool:
        for future in as_completed([pool.submit(work) for _ in range(job.workers)]):
            if error := future.exception():
                failed.set()
                if isinstance(error, RehearsalFailed):
                    raise error
                raise RehearsalFailed(
                    f"the rows could not be copied: {' '.join(str(error).split())}"
                ) from None
    return rows


def _finish(job: CopyJob, rows: dict[str, int]) -> None:
    """Compute statistics, and count what has arrived.

    Raises:
        RehearsalFailed: A table has another number of rows than were sent.
    """
    with contextlib.closing(job.server.connect(job.name)) as connection:
        cursor = connection.cursor()
        cursor.execute("ANALYZE")
        for table in job.source.tables:
            if count_rows(cursor, table.identifier) != rows[f"{table.schema}.{table.name}"]:
                raise RehearsalFailed(f"the copy of {table.name} is not complete")
