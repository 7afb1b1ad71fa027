"""Read and write snapshot files."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from ..common.errors import UsageError
from ..common.files import build_file_stem, list_newest
from ..common.private_files import write_private_file
from ..common.sealed_file import MAX_FILE_BYTES, SealedFileError
from ..snapshot.file_format import Snapshot, load


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
    except SealedFileError as error:
        raise UsageError(f"{path}: {error}") from None


def snapshot_file_name(snapshot: Snapshot) -> str:
    """Return the name of the file that the capture of a snapshot hands out."""
    created = datetime.fromisoformat(snapshot.created)
    return f"{build_file_stem('snapshot', snapshot.instance, created)}.json.gz"


def newest_snapshot(path: Path) -> Path:
    """Return the newest snapshot of a folder, or the path itself if it is no folder.

    Raises:
        UsageError: There is no snapshot in the folder.
    """
    if not os.path.isdir(path):
        return path
    found = list_newest(path, "snapshot", ".json.gz")
    if not found:
        raise UsageError(f"{path} contains no snapshot-*.json.gz.")
    return found[0]


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
