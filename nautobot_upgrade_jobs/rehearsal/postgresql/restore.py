"""Back up a copy and restore it, with the commands of the plan."""

from __future__ import annotations

import time
from pathlib import Path

from ...target.deadline import Deadline
from ..copy_server import CopyNames
from .server import PostgresqlServer

DUMP_FILE = "before-upgrade.dump"


def back_up(server: PostgresqlServer, database: str, deadline: Deadline) -> tuple[Path, float]:
    """Dump a database as the upgrade plan does.

    Returns:
        The file, and the seconds that it took.

    Raises:
        RehearsalFailed: It could not be dumped.
    """
    started = time.monotonic()
    file = server.folder / DUMP_FILE
    words = ["--format=custom", f"--file={file}", database]
    server.run_program("pg_dump", words, deadline.remaining, server.login)
    return file, time.monotonic() - started


def restore(server: PostgresqlServer, file: Path, names: CopyNames, deadline: Deadline) -> float:
    """Replace a database by a dump, as the rollback plan does. Return the seconds that it took.

    Raises:
        RehearsalFailed: It could not be restored.
    """
    started = time.monotonic()
    server.drop_database(names.database)
    server.create_database(names)
    words = ["--single-transaction", f"--dbname={names.database}", str(file)]
    server.run_program("pg_restore", words, deadline.remaining, server.login)
    server.allow_connections(names)
    return time.monotonic() - started
