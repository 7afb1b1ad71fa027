"""Read snapshot files, and write them atomically."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..common.errors import UsageError
from ..snapshot.file_format import MAX_FILE_BYTES, Snapshot, SnapshotError, load

SCRATCH_FILE_PREFIX = ".snapshot-"
STALE_SCRATCH_SECONDS = 86_400
"""After this time, a scratch file of another host is removed."""


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot file.

    Raises:
        UsageError: The file does not exist or is not a snapshot. The message names the file.
    """
    try:
        with path.open("rb") as stream:
            return load(stream.read(MAX_FILE_BYTES + 1))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from None
    except SnapshotError as error:
        raise UsageError(f"{path}: {error}") from None


def write_snapshot(folder: Path, name: str, data: bytes) -> Path:
    """Write a file atomically. Only its owner can read it.

    Also remove the scratch files of runs that were killed.

    Raises:
        UsageError: The folder cannot be written to.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in _stale_scratch_files(folder):
            leftover.unlink(missing_ok=True)
        handle, scratch = tempfile.mkstemp(
            prefix=f"{SCRATCH_FILE_PREFIX}{_scratch_prefix()}-", dir=folder
        )
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(scratch, path)
        finally:
            Path(scratch).unlink(missing_ok=True)
        _fsync_directory(folder)
    except OSError as error:
        raise UsageError(f"The snapshot cannot be written to {folder}: {error}") from None
    return path


def _scratch_prefix() -> str:
    return f"{platform.node().replace('-', '_')}-{os.getpid()}"


def _stale_scratch_files(folder: Path) -> Iterator[Path]:
    """Yield the scratch files of processes that have ended."""
    for path in folder.glob(f"{SCRATCH_FILE_PREFIX}*"):
        host, _, rest = path.name.removeprefix(SCRATCH_FILE_PREFIX).partition("-")
        pid = rest.partition("-")[0]
        if host == platform.node().replace("-", "_") and pid.isdigit():
            if not _process_exists(int(pid)):
                yield path
        elif time.time() - path.stat().st_mtime > STALE_SCRATCH_SECONDS:
            yield path


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _fsync_directory(folder: Path) -> None:
    """Store the new file name on disk. Some file systems refuse this and do not need it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
