"""Read and write the snapshot file."""

from __future__ import annotations

from dataclasses import dataclass

from ..common.sealed_file import SealedFileError, SealedFormat
from ..facts import Facts
from ..facts.serialization import FactsFormatError, decode, encode

FORMAT = SealedFormat("snapshot")


class SnapshotError(ValueError):
    """A file is not a valid snapshot. The message gives the reason in one line."""


@dataclass(frozen=True)
class Snapshot:
    """The state of one installation at one time."""

    instance: str
    created: str
    """ISO 8601, UTC."""
    tool: str
    facts: Facts


def dump(snapshot: Snapshot) -> bytes:
    """Return a snapshot as file content. Equal snapshots have equal files.

    Raises:
        SnapshotError: The file would be larger than `load` accepts.
    """
    try:
        return FORMAT.write(encode(snapshot))
    except SealedFileError as error:
        raise SnapshotError(str(error)) from None


def load(data: bytes) -> Snapshot:
    """Read a snapshot file.

    Args:
        data: The whole file.

    Returns:
        The snapshot, equal to the snapshot that was written.

    Raises:
        SnapshotError: The file is truncated, altered, too large, of a newer schema or no snapshot.
    """
    try:
        snapshot = decode(Snapshot, FORMAT.read(data))
        FORMAT.require_past_time(snapshot.created)
    except SealedFileError as error:
        raise SnapshotError(str(error)) from None
    except FactsFormatError as error:
        raise SnapshotError(f"The snapshot does not match the schema: {str(error)[:200]}") from None
    return snapshot
