"""Read a backup file: a PostgreSQL archive with ``pg_restore``, an SQL dump as text."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from ...facts import Unavailable
from ...facts.backup_file import Backup
from ...rollback.backup_check import count_dump_rows, parse_mysqldump, parse_pg_restore_list
from ..context import explain

ARCHIVE_MAGIC = b"PGDMP"
"""The first bytes of an archive that ``pg_dump`` writes."""
LISTING_TIMEOUT_SECONDS = 60
MAX_REASON_LENGTH = 300


class UnreadableBackupError(ValueError):
    """A file cannot be read as a dump. The message gives the reason."""


def read_backup(path: Path, seconds: float) -> Backup:
    """Read a dump.

    Args:
        path: The file.
        seconds: Time limit for counting the rows of a PostgreSQL archive.

    Raises:
        UnreadableBackupError: The file is not a dump, or no tool on this host can read it.
    """
    try:
        with path.open("rb") as stream:
            is_archive = stream.read(len(ARCHIVE_MAGIC)) == ARCHIVE_MAGIC
        if is_archive:
            return _read_archive(path, seconds)
        with path.open(encoding="utf-8", errors="replace") as lines:
            return parse_mysqldump(path.name, lines)
    except (OSError, subprocess.SubprocessError) as error:
        raise UnreadableBackupError(f"{path}: {explain(error)}") from None


def _read_archive(path: Path, seconds: float) -> Backup:
    command = ["pg_restore", "--list", str(path)]
    completed = subprocess.run(  # noqa: S603 - a list of arguments, no shell
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LISTING_TIMEOUT_SECONDS,
        check=False,
    )
    if completed.returncode:
        reason = " ".join(completed.stderr.split())[:MAX_REASON_LENGTH]
        raise UnreadableBackupError(f"{path}: pg_restore cannot read its contents: {reason}")
    return parse_pg_restore_list(path.name, completed.stdout, _count_archive_rows(path, seconds))


def _count_archive_rows(path: Path, seconds: float) -> dict[str, int] | Unavailable:
    """Count the rows line by line while ``pg_restore`` writes them. Memory is constant."""
    command = ["pg_restore", "--data-only", "--file=-", str(path)]
    with subprocess.Popen(  # noqa: S603
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
    ) as process:
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            rows = count_dump_rows(process.stdout or ())
        finally:
            timer.cancel()
    if process.returncode < 0:
        return Unavailable(f"pg_restore did not finish within {seconds:.0f} s")
    if process.returncode:
        raise UnreadableBackupError(
            f"{path}: the file is damaged; pg_restore ended with {process.returncode}"
        )
    return rows
