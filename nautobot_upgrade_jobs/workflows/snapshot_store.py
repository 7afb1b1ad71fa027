"""Read and write snapshot files."""

from __future__ import annotations

from pathlib import Path

from ..common.errors import UsageError
from ..common.private_files import write_private_file
from ..snapshot.file_format import MAX_FILE_BYTES, Snapshot, SnapshotError, load


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
    """Write a snapshot file.

    Raises:
        UsageError: The folder cannot be written to.
    """
    path = folder / name
    try:
        write_private_file(path, data)
    except OSError as error:
        raise UsageError(f"The snapshot cannot be written to {folder}: {error}") from None
    return path
