"""Read and write the record of a rehearsal, which later runs use."""

from __future__ import annotations

from ..common.sealed_file import SealedFileError, SealedFormat
from ..facts.rehearsal import RehearsalRecord
from ..facts.serialization import FactsFormatError, decode, encode

FORMAT = SealedFormat("rehearsal")


class RehearsalFileError(ValueError):
    """A file is not the record of a rehearsal. The message gives the reason in one line."""


def dump_record(record: RehearsalRecord) -> bytes:
    """Return a record as file content. Equal records have equal files.

    Raises:
        RehearsalFileError: The file would be larger than `load_record` accepts.
    """
    try:
        return FORMAT.write(encode(record))
    except SealedFileError as error:
        raise RehearsalFileError(str(error)) from None


def load_record(data: bytes) -> RehearsalRecord:
    """Read the file of a record.

    Args:
        data: The whole file.

    Returns:
        The record, equal to the record that was written.

    Raises:
        RehearsalFileError: The file is truncated, altered, of another release or no record.
    """
    try:
        record = decode(RehearsalRecord, FORMAT.read(data))
        FORMAT.require_past_time(record.created)
    except SealedFileError as error:
        raise RehearsalFileError(str(error)) from None
    except FactsFormatError as error:
        raise RehearsalFileError(
            f"The rehearsal does not match the schema: {str(error)[:200]}"
        ) from None
    return record
