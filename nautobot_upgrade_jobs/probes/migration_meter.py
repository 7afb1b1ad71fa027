"""Measure each migration while Django applies or reverses it."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

MAX_OUTPUT = 4000
"""Characters that are kept of what a migration or a command prints."""
COUNTERS_QUERY = """
SELECT pg_database_size(current_database()),
    pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint,
    (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables
     WHERE relname <> 'django_migrations')
"""
MYSQL_SIZE_QUERY = """
SELECT SUM(data_length + index_length) FROM information_schema.tables
WHERE table_schema = DATABASE()
"""
MYSQL_STATUS_QUERY = """
SHOW GLOBAL STATUS WHERE variable_name IN
    ('Innodb_os_log_written', 'Innodb_rows_inserted', 'Innodb_rows_updated', 'Innodb_rows_deleted')
"""
MYSQL_LOG = "Innodb_os_log_written"
LOCKS_QUERY = """
SELECT DISTINCT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND c.relkind = 'r'
ORDER BY c.relname
"""


class Journal:
    """The events of this process, one JSON line each."""

    def __init__(self, path: str) -> None:
        self._stream = open(path, "a", encoding="utf-8")  # noqa: SIM115 - until the process ends

    def write(self, event: str, **details: Any) -> None:
        """Write an event, so that it survives the end of this process."""
        self._stream.write(json.dumps({"event": event, **details}) + "\n")
        self._stream.flush()


class Meter:
    """Reports each migration to a journal."""

    def __init__(self, journal: Journal, connection: Any) -> None:
        self._journal, self._connection = journal, connection
        self._locked: list[str] = []

    def measure(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap the method of Django's executor that applies or reverses one migration."""

        def apply(executor: Any, state: Any, migration: Any, *args: Any, **options: Any) -> Any:
            key = f"{migration.app_label}.{migration.name}"
            self._journal.write("begin", migration=key)
            self._locked.clear()
            before = self._read_counters()
            wall, cpu = time.monotonic(), time.process_time()
            with captured() as output:
                result = original(executor, state, migration, *args, **options)
            seconds, cpu_seconds = time.monotonic() - wall, time.process_time() - cpu
            growth, log, rows = (
                new - old for new, old in zip(self._read_counters(), before, strict=True)
            )
            self._journal.write(
                "end",
                migration=key,
                seconds=seconds,
                cpu_seconds=cpu_seconds,
                growth_bytes=growth,
                log_bytes=log,
                rows=rows,
                mebibytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
                locked=self._locked,
                output=shorten(output.getvalue()),
            )
            return result

        return apply

    def list_locks(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap the method of a migration that runs its operations, in their transaction."""

        def apply(migration: Any, *args: Any, **options: Any) -> Any:
            result = original(migration, *args, **options)
            if self._connection.vendor == "mysql":
                return result  # Each statement has already released its locks.
            with self._connection.cursor() as cursor:
                cursor.execute(LOCKS_QUERY)
                self._locked.extend(name for (name,) in cursor.fetchall())
            return result

        return apply

    def _read_counters(self) -> tuple[int, int, int]:
        """Return the size of the database, the position of its log, and the changed rows."""
        with self._connection.cursor() as cursor:
            if self._connection.vendor == "mysql":
                return _read_mysql_counters(cursor)
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(COUNTERS_QUERY)
            size, log, rows = cursor.fetchone()
        return int(size), int(log), int(rows or 0)


def _read_mysql_counters(cursor: Any) -> tuple[int, int, int]:
    """Return the same of MySQL. The rows include the record of the migration."""
    cursor.execute("SET SESSION information_schema_stats_expiry = 0")
    cursor.execute(MYSQL_SIZE_QUERY)
    (size,) = cursor.fetchone()
    cursor.execute(MYSQL_STATUS_QUERY)
    status = {name: int(value) for name, value in cursor.fetchall()}
    return int(size or 0), status.pop(MYSQL_LOG), sum(status.values())


@contextlib.contextmanager
def measured(journal: Journal) -> Iterator[None]:
    """Report each migration while it is applied or reversed."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.migration import Migration

    meter = Meter(journal, connection)
    wrapped = (
        (MigrationExecutor, "apply_migration", meter.measure),
        (MigrationExecutor, "unapply_migration", meter.measure),
        (Migration, "apply", meter.list_locks),
        (Migration, "unapply", meter.list_locks),
    )
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in wrapped]
    for owner, name, wrap in wrapped:
        setattr(owner, name, wrap(getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


@contextlib.contextmanager
def captured() -> Iterator[io.StringIO]:
    """Keep what a migration prints. It can be advice of its author."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        yield output


def shorten(text: str) -> str:
    """Return the beginning of an output, without secrets."""
    from ..collect.support.redaction import redact_text

    return redact_text(text.strip()[:MAX_OUTPUT])
