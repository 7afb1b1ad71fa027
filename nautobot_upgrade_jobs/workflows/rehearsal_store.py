"""Read and write the records of rehearsals."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ..common.errors import UsageError
from ..common.files import build_file_stem
from ..common.private_files import write_private_file
from ..common.sealed_file import MAX_FILE_BYTES
from ..facts.rehearsal import RehearsalRecord
from ..snapshot.rehearsal_file import RehearsalFileError, dump_record, load_record

PATTERN = "rehearsal-*.json.gz"
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
    name = f"{build_file_stem('rehearsal', record.instance, created)}.json.gz"
    write_private_file(folder / name, dump_record(record))
    for path in _list_newest(folder)[MAX_RECORDS:]:
        path.unlink(missing_ok=True)


def read_kept_records(folder: Path | None) -> tuple[RehearsalRecord, ...]:
    """Return the records of an installation's own folder. A file that is none is ignored."""
    if folder is None or not folder.is_dir():
        return ()
    return tuple(_read_valid(folder))


def read_named_records(path: Path | None) -> tuple[RehearsalRecord, ...]:
    """Return the records that an operator names.

    Args:
        path: A file, or a folder of which the newest records are read. None if none is named.

    Raises:
        UsageError: There is no record, or it cannot be read.
    """
    if path is None:
        return ()
    paths = _list_newest(path)[:MAX_RECORDS] if os.path.isdir(path) else [path]
    if not paths:
        raise UsageError(f"--rehearsed: {path} contains no {PATTERN}.")
    try:
        return tuple(map(_read, paths))
    except (OSError, RehearsalFileError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--rehearsed: {path}: {reason}.".replace("..", ".")) from None


def _read_valid(folder: Path) -> Iterator[RehearsalRecord]:
    for path in _list_newest(folder)[:MAX_RECORDS]:
        try:
            yield _read(path)
        except (OSError, RehearsalFileError):
            continue


def _list_newest(folder: Path) -> list[Path]:
    """Return the files of records, the newest first. Names end with the time."""
    return sorted(folder.glob(PATTERN), key=lambda path: path.name[-24:], reverse=True)


def _read(path: Path) -> RehearsalRecord:
    with path.open("rb") as stream:
        return load_record(stream.read(MAX_FILE_BYTES + 1))
