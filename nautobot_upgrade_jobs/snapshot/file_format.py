"""Read and write the snapshot file: canonical JSON with a SHA-256 digest, compressed.

Users exchange the file by tickets, shares and mail, so the file is untrusted input. Size, depth and
structure are limited before any object is built, and no content is ever run.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any

from ..facts import Facts
from ..facts.serialization import FactsFormatError, decode, encode

FORMAT = "nautobot-upgrade-jobs snapshot"
SCHEMA = 1
MAX_FILE_BYTES = 8 * 2**20
MAX_TEXT_BYTES = 32 * 2**20
"""Maximum size of the JSON text. A snapshot of Nautobot with a dozen Apps has a tenth of this."""
MAX_JSON_VALUES = 1_000_000
"""Maximum number of JSON values, which limits the memory after parsing."""


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
    content = encode(snapshot)
    document = {
        "format": FORMAT,
        "schema": SCHEMA,
        "sha256": _digest(content),
        "snapshot": content,
    }
    text = _canonical(document)
    data = gzip.compress(text, mtime=0)
    if len(text) > MAX_TEXT_BYTES or len(data) > MAX_FILE_BYTES:
        raise SnapshotError(f"The snapshot of {len(text) >> 20} MiB is too large for its file.")
    return data


def load(data: bytes) -> Snapshot:
    """Read a snapshot file.

    Args:
        data: The whole file.

    Returns:
        The snapshot, equal to the snapshot that was written.

    Raises:
        SnapshotError: The file is truncated, altered, too large, of a newer schema or no snapshot.
    """
    document = _parse(_decompress(data))
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SnapshotError("This is not a snapshot of nautobot-upgrade-jobs.")
    if document.get("schema") != SCHEMA:
        raise SnapshotError(
            f"The snapshot has schema {str(document.get('schema'))[:20]}, but this release reads "
            f"schema {SCHEMA}. Upgrade nautobot-upgrade-jobs."
        )
    content = document.get("snapshot")
    try:
        if document.get("sha256") != _digest(content):
            raise SnapshotError(
                "The snapshot was altered after it was written: its digest differs."
            )
        return decode(Snapshot, content)
    except FactsFormatError as error:
        raise SnapshotError(f"The snapshot does not match the schema: {str(error)[:200]}") from None
    except UnicodeEncodeError:
        raise SnapshotError("The snapshot contains text that is not Unicode.") from None
    except OverflowError:
        raise SnapshotError("The snapshot contains a number that JSON cannot represent.") from None


def _canonical(document: Any) -> bytes:
    try:
        text = json.dumps(
            document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except ValueError as error:  # A number that is too large has become infinity.
        raise OverflowError(str(error)) from None
    return text.encode()


def _digest(content: Any) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _decompress(data: bytes) -> bytes:
    """Return the text, limited to the allowed size."""
    if len(data) > MAX_FILE_BYTES:
        raise SnapshotError(
            f"The file is larger than {MAX_FILE_BYTES >> 20} MiB, so it is not a snapshot."
        )
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(data, MAX_TEXT_BYTES + 1)
    except zlib.error:
        raise SnapshotError("The file is not gzip, or is damaged.") from None
    if len(text) > MAX_TEXT_BYTES:
        raise SnapshotError(f"The file unpacks to more than {MAX_TEXT_BYTES >> 20} MiB.")
    if not reader.eof:
        raise SnapshotError("The file is truncated.")
    if reader.unused_data:
        raise SnapshotError("Data follows the snapshot in the file.")
    return text


def _parse(text: bytes) -> Any:
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MAX_JSON_VALUES:
        raise SnapshotError("The file contains more values than any snapshot.")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise SnapshotError("The file is nested deeper than any snapshot.") from None
    except ValueError:
        raise SnapshotError("The file contains no JSON.") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
