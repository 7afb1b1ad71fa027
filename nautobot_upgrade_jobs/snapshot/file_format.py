"""The snapshot file: canonical JSON, sealed with a digest, compressed.

A file comes back from tickets, shares and mailboxes, so reading one trusts nothing: its size, its
depth and its shape are bounded before anything is built from it, and nothing in it is ever run.
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
LARGEST_FILE = 8 * 2**20
LARGEST_TEXT = 32 * 2**20
"""Bytes. A snapshot of Nautobot with a dozen Apps takes a tenth of this."""
MOST_VALUES = 1_000_000
"""JSON values; what bounds the memory that they take once they are read."""


class SnapshotError(ValueError):
    """A file is not a snapshot that can be trusted; the message says why in one line."""


@dataclass(frozen=True)
class Snapshot:
    """The state of one installation at one moment."""

    instance: str
    created: str
    """ISO 8601, UTC."""
    tool: str
    facts: Facts


def seal(snapshot: Snapshot) -> bytes:
    """Return the file of a snapshot; equal snapshots give equal files.

    Raises:
        SnapshotError: The file would be larger than `unseal` accepts.
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
    if len(text) > LARGEST_TEXT or len(data) > LARGEST_FILE:
        raise SnapshotError(f"The snapshot of {len(text) >> 20} MiB is too large for its file.")
    return data


def unseal(data: bytes) -> Snapshot:
    """Read a snapshot file.

    Args:
        data: The whole file.

    Returns:
        The snapshot, exactly as it was sealed.

    Raises:
        SnapshotError: The file is truncated, altered, foreign, too large or of a newer schema.
    """
    document = _parse(_decompress(data))
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SnapshotError("This is not a snapshot of nautobot-upgrade-jobs.")
    if document.get("schema") != SCHEMA:
        raise SnapshotError(
            f"The snapshot has schema {str(document.get('schema'))[:20]}; this release reads "
            f"{SCHEMA}. Upgrade nautobot-upgrade-jobs."
        )
    content = document.get("snapshot")
    try:
        if document.get("sha256") != _digest(content):
            raise SnapshotError("The snapshot was altered after it was sealed: its digest differs.")
        return decode(Snapshot, content)
    except FactsFormatError as error:
        raise SnapshotError(f"The snapshot is not of this schema: {str(error)[:200]}") from None
    except UnicodeEncodeError:
        raise SnapshotError("The snapshot holds text that is no Unicode.") from None
    except OverflowError:
        raise SnapshotError("The snapshot holds a number that JSON cannot.") from None


def _canonical(document: Any) -> bytes:
    try:
        text = json.dumps(
            document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except ValueError as error:  # infinity, by a number too large to be one
        raise OverflowError(str(error)) from None
    return text.encode()


def _digest(content: Any) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _decompress(data: bytes) -> bytes:
    """Return the text; never more of it than allowed, whatever the file claims."""
    if len(data) > LARGEST_FILE:
        raise SnapshotError(f"The file is larger than {LARGEST_FILE >> 20} MiB; not a snapshot.")
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(data, LARGEST_TEXT + 1)
    except zlib.error:
        raise SnapshotError("The file is not gzip, or is damaged.") from None
    if len(text) > LARGEST_TEXT:
        raise SnapshotError(f"The file unpacks to more than {LARGEST_TEXT >> 20} MiB; refused.")
    if not reader.eof:
        raise SnapshotError("The file ends too early: it was truncated.")
    if reader.unused_data:
        raise SnapshotError("Something follows the snapshot in the file; refused.")
    return text


def _parse(text: bytes) -> Any:
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_VALUES:
        raise SnapshotError("The file holds more values than any snapshot; refused.")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise SnapshotError("The file is nested deeper than any snapshot; refused.") from None
    except ValueError:
        raise SnapshotError("The file holds no JSON.") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
