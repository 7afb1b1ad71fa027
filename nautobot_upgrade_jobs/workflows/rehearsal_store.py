"""Read and write the records of rehearsals."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from ..common.errors import UsageError
from ..common.files import build_file_stem, list_newest
from ..common.private_files import write_private_file
from ..common.sealed_file import MAX_FILE_BYTES, SealedFileError
from ..facts.rehearsal import RehearsalRecord
from ..snapshot.rehearsal_file import REHEARSAL_FILE

KIND, EXTENSION = "rehearsal", ".json.gz"
MAX_RECORDS = 10
"""The number of records that are kept in the folder of the settings, and read from a folder."""


def results_folder(rehearsal_directory: str) -> Path | None:
    """Return the folder in which an installation keeps its records. None if it has none."""
    return Path(rehearsal_directory).expanduser() / "results" if rehearsal_directory else None


def keep_record(record: RehearsalRecord, folder: Path) -> None:
    """Write a record to the folder of an installation, and remove the oldest records.

    Raises:
        OSError: The folder cannot be written to.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    created = datetime.fromisoformat(record.created)
    name = f"{build_file_stem(KIND, record.instance, created)}{EXTENSION}"
    write_private_file(folder / name, REHEARSAL_FILE.dump(record))
    for path in list_newest(folder, KIND, EXTENSION)[MAX_RECORDS:]:
        path.unlink(missing_ok=True)


def read_kept_records(folder: Path | None) -> tuple[RehearsalRecord, ...]:
    """Return the records of an installation's own folder. A file that is none is ignored."""
    if folder is None or not folder.is_dir():
        return ()
    records = []
    for path in list_newest(folder, KIND, EXTENSION)[:MAX_RECORDS]:
        with contextlib.suppress(OSError, SealedFileError):
            records.append(_read(path))
    return tuple(records)


def read_named_records(path: Path | None) -> tuple[RehearsalRecord, ...]:
    """Return the records that an operator names.

    Args:
        path: A file, or a folder of which the newest records are read. None if none is named.

    Raises:
        UsageError: There is no record, or it cannot be read.
    """
    if path is None:
        return ()
    paths = list_newest(path, KIND, EXTENSION)[:MAX_RECORDS] if path.is_dir() else [path]
    if not paths:
        raise UsageError(f"--rehearsed: {path} contains no {KIND}-*{EXTENSION}.")
    return tuple(map(_read_named, paths))


def _read_named(path: Path) -> RehearsalRecord:
    try:
        return _read(path)
    except OSError as error:
        raise UsageError(f"--rehearsed: {path}: {error.strerror}.") from None
    except SealedFileError as error:
        raise UsageError(f"--rehearsed: {path}: {error}") from None


def _read(path: Path) -> RehearsalRecord:
    with path.open("rb") as stream:
        return REHEARSAL_FILE.load(stream.read(MAX_FILE_BYTES + 1))
