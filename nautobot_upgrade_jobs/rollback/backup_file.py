"""Read a backup: a PostgreSQL archive with ``pg_restore``, an SQL dump as text."""

from __future__ import annotations

import gzip
import subprocess
import threading
import zlib
from pathlib import Path

from ..facts import Unavailable
from ..facts.backup_file import Backup, BackupFormat
from .dump_file import ArchiveRows, parse_archive, parse_sql_dump, read_archive_rows

ARCHIVE_MAGICS = (b"PGDMP", b"toc.dat")
"""The first bytes of archives that ``pg_dump`` writes: of the custom and of the tar format."""
ARCHIVE_CONTENTS = "toc.dat"
GZIP_MAGIC = b"\x1f\x8b"
OTHER_COMPRESSIONS = {
    "unzstd": b"\x28\xb5\x2f\xfd",
    "unxz": b"\xfd7zXZ",
    "bunzip2": b"BZh",
    "unlz4": b"\x04\x22\x4d\x18",
}
"""First bytes of compressed files that this App does not read, by the program that reads them."""
MAGIC_LENGTH = 8
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
        format_ = _detect_format(path)
        if format_ is BackupFormat.ARCHIVE:
            return _read_archive(path, seconds)
        opened = gzip.open if format_ is BackupFormat.COMPRESSED_SQL else open
        with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
            return parse_sql_dump(path.name, lines, format_)
    except EOFError:
        raise UnreadableBackupError(f"{path}: the compressed file ends too early") from None
    except UnreadableBackupError:
        raise
    except (OSError, ValueError, zlib.error, subprocess.SubprocessError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UnreadableBackupError(f"{path}: {reason}") from None


def _detect_format(path: Path) -> BackupFormat:
    """Return the format of a dump by its first bytes."""
    if path.is_dir():
        if (path / ARCHIVE_CONTENTS).exists():
            return BackupFormat.ARCHIVE
        raise UnreadableBackupError(
            f"{path}: a folder without {ARCHIVE_CONTENTS} is not a dump of pg_dump. Name a dump "
            "that pg_dump wrote, or mysqldump without --tab"
        )
    with path.open("rb") as stream:
        head = stream.read(MAGIC_LENGTH)
    if head.startswith(ARCHIVE_MAGICS):
        return BackupFormat.ARCHIVE
    for program, magic in OTHER_COMPRESSIONS.items():
        if head.startswith(magic):
            raise UnreadableBackupError(f"{path}: it is compressed: decompress it with {program}")
    if not head.startswith(GZIP_MAGIC):
        return BackupFormat.SQL
    with gzip.open(path) as stream:
        if stream.read(MAGIC_LENGTH).startswith(ARCHIVE_MAGICS):
            raise UnreadableBackupError(
                f"{path}: a compressed archive, which pg_restore cannot read: gunzip it first"
            )
    return BackupFormat.COMPRESSED_SQL


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
    return parse_archive(path.name, completed.stdout, _read_archive_rows(path, seconds))


def _read_archive_rows(path: Path, seconds: float) -> ArchiveRows:
    """Read the rows line by line while ``pg_restore`` writes them. Memory is constant."""
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
            rows = read_archive_rows(process.stdout or ())
        finally:
            timer.cancel()
    if process.returncode < 0:
        return ArchiveRows(Unavailable(f"pg_restore did not finish within {seconds:.0f} s"))
    if process.returncode:
        raise UnreadableBackupError(
            f"{path}: pg_restore failed with exit code {process.returncode}. The file may be "
            "damaged"
        )
    return rows
