"""Copy a live database to a server of its own: the schema, the rows in one snapshot, the indexes.

The rows of a table go from one server to the other without a file between them. Indexes and foreign
keys are created afterwards, because this takes less time than to maintain them for each row.
"""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ...facts.rehearsal import Copy
from ...target.isolation import POSTGRESQL_PORT, LiveDatabase
from ...target.isolation.postgresql.tunnel import PostgresqlTunnel
from ...target.isolation.relay import LoginFailed
from ..copy_server import MEBIBYTE, CopyLimits, CopyNames
from ..errors import RehearsalFailed, remaining_seconds
from .rows import copy_table
from .server import PostgresqlServer
from .source import Source, connect, open_source

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
    server: PostgresqlServer
    names: CopyNames
    limits: CopyLimits

    @property
    def remaining(self) -> float:
        """The seconds until the end of the time limit."""
        return self.limits.deadline.remaining


def copy_database(
    database: LiveDatabase, server: PostgresqlServer, names: CopyNames, limits: CopyLimits
) -> Copy:
    """Copy a database to a new one, and return what was copied.

    Args:
        database: The live database. Its account needs only SELECT.
        server: The server of the copy.
        names: The new database, and the role that gets all objects.
        limits: How it is copied.

    Raises:
        RehearsalFailed: The copy is not complete.
    """
    started = time.monotonic()
    with open_source(database, remaining_seconds(limits.deadline)) as source:
        server.require_version(source.server_version)
        server.require_room(source.size_bytes)
        server.create_role(names.owner)
        server.create_database(names)
        job = CopyJob(database, source, server, names, limits)
        dump = server.folder / "schema.dump"
        _dump_schema(job, dump)
        server.create_extensions(names.database, source.extensions)
        _restore(job, dump, "pre-data")
        rows = _copy_rows(job)
    limits.progress("copy: indexes and foreign keys")
    _restore(job, dump, "data")  # The values of sequences.
    _restore(job, dump, "post-data", jobs=limits.workers)
    return Copy(
        server_version=source.server_version,
        tables=len(source.tables),
        rows=sum(rows.values()),
        size_bytes=source.size_bytes,
        seconds=time.monotonic() - started,
    )


def _dump_schema(job: CopyJob, dump: Path) -> None:
    job.limits.progress("copy: schema")
    sockets = job.server.folder / "source"
    sockets.mkdir(mode=0o700)
    try:
        with PostgresqlTunnel(sockets, job.database, remaining_seconds(job.limits.deadline)):
            job.server.run_program(
                "pg_dump",
                [*DUMP_OPTIONS, f"--snapshot={job.source.snapshot}", f"--file={dump}", "source"],
                job.remaining,
                {"PGHOST": str(sockets), "PGPORT": str(POSTGRESQL_PORT), "PGUSER": "source"},
            )
    except LoginFailed as error:
        raise RehearsalFailed(f"the database cannot be read: {error}") from None


def _restore(job: CopyJob, dump: Path, section: str, jobs: int = 1) -> None:
    """Create a part of the schema. Extensions exist already."""
    database, owner = job.names
    job.server.run_program(
        "pg_restore",
        [
            *(f"--section={section}", f"--dbname={database}", f"--role={owner}", f"--jobs={jobs}"),
            *("--no-owner", "--no-privileges", "--exit-on-error", str(dump)),
        ],
        job.remaining,
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
        self._job.limits.progress(
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
        limit = remaining_seconds(job.limits.deadline)
        with (
            contextlib.closing(connect(job.database, limit, job.source.snapshot)) as source,
            contextlib.closing(job.server.connect(job.names.database)) as sink,
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

    with ThreadPoolExecutor(job.limits.workers) as pool:
        for future in as_completed([pool.submit(work) for _ in range(job.limits.workers)]):
            if error := future.exception():
                failed.set()
                if isinstance(error, RehearsalFailed):
                    raise error
                raise RehearsalFailed(
                    f"the rows could not be copied: {' '.join(str(error).split())}"
                ) from None
    return rows
