"""Reads a file that is said to be a backup; of PostgreSQL by its own tool, of MySQL as text."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from ...facts import Unavailable
from ...facts.backup_file import Backup
from ...rollback.backup_check import of_listing, of_statements, rows_of
from .. import explain

ARCHIVE_MAGIC = b"PGDMP"
"""What a native dump of PostgreSQL begins with."""


class UnreadableBackupError(ValueError):
    """A file cannot be read as a dump; the message says why."""


def read_backup(path: Path, seconds: float) -> Backup:
    """Read a dump.

    Args:
        path: The file.
        seconds: Its rows are counted within this time, or not at all.

    Raises:
        NoBackupError: It is no dump, or nothing here can read it.
    """
    try:
        with path.open("rb") as stream:
            is_archive = stream.read(len(ARCHIVE_MAGIC)) == ARCHIVE_MAGIC
        if is_archive:
            return _read_archive(path, seconds)
        with path.open(encoding="utf-8", errors="replace") as lines:
            return of_statements(path.name, lines)
    except (OSError, subprocess.SubprocessError) as error:
        raise UnreadableBackupError(f"{path}: {explain(error)}") from None


def _read_archive(path: Path, seconds: float) -> Backup:
    words = ["pg_restore", "--list", str(path)]
    done = subprocess.run(  # noqa: S603 - a list of words, no shell
        words, capture_output=True, text=True, errors="replace", timeout=60, check=False
    )
    if done.returncode:
        reason = " ".join(done.stderr.split())[:300]
        raise UnreadableBackupError(f"{path}: its table of contents does not read: {reason}")
    return of_listing(path.name, done.stdout, _count_archive_rows(path, seconds))


def _count_archive_rows(path: Path, seconds: float) -> dict[str, int] | Unavailable:
    """Count the rows as the tool writes them, line by line: memory does not grow with them."""
    words = ["pg_restore", "--data-only", "--file=-", str(path)]
    with subprocess.Popen(  # noqa: S603
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
    ) as running:
        end = threading.Timer(seconds, running.kill)
        end.start()
        try:
            found = rows_of(running.stdout or ())
        finally:
            end.cancel()
    if running.returncode < 0:
        return Unavailable(f"pg_restore was not through after {seconds:.0f} s")
    if running.returncode:
        raise UnreadableBackupError(
            f"{path}: it is damaged; pg_restore ended with {running.returncode}"
        )
    return found
