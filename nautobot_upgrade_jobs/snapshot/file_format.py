"""Read and write the snapshot file: JSON in ASCII with a SHA-256 digest, compressed.

Users exchange the file by tickets, shares and mail, so the file is untrusted input. Size, depth and
structure are limited before any object is built, and no content is ever run. The limits keep the
reader within 200 MiB and two seconds.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ..facts import Facts
from ..facts.serialization import FactsFormatError, decode, encode

FORMAT = "nautobot-upgrade-jobs snapshot"
SCHEMA = 1
NO_TIME = "The time of the snapshot is not a date with the time zone UTC."
FIRST_TIME = datetime(2026, 1, 1, tzinfo=timezone.utc)
MAX_CLOCK_DIFFERENCE = timedelta(days=1)
MAX_FILE_BYTES = 8 * 2**20
MAX_TEXT_BYTES = 24 * 2**20
"""Maximum size of the JSON text. A snapshot of Nautobot with two Apps has a third of this."""
MAX_JSON_VALUES = 400_000
"""Maximum number of JSON values, which limits the memory after parsing. A snapshot of Nautobot with
two Apps has a quarter of this."""
MAX_NUMBER_LENGTH = 32
"""Maximum length of a number. The time to convert a number grows with the square of its length."""
HEADER = re.compile(
    rf'{{"format":"{FORMAT}","schema":(\d{{1,9}}),"sha256":"([^"]{{1,100}})","snapshot":'.encode()
)
"""The start of each text. The digest is that of the bytes that follow, without the last brace."""


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
    content = json.dumps(encode(snapshot), sort_keys=True, separators=(",", ":"), allow_nan=False)
    text = seal(content.encode())
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
    try:
        snapshot = decode(Snapshot, _parse(_unseal(_decompress(data))))
    except FactsFormatError as error:
        raise SnapshotError(f"The snapshot does not match the schema: {str(error)[:200]}") from None
    _require_past_time(snapshot.created)
    return snapshot


def seal(content: bytes) -> bytes:
    """Return the text of a file: the content with its digest. The digest is no secret."""
    digest = hashlib.sha256(content).hexdigest()
    header = f'{{"format":"{FORMAT}","schema":{SCHEMA},"sha256":"{digest}","snapshot":'
    return header.encode() + content + b"}"


def _unseal(text: bytes) -> str:
    """Verify the digest of the content, and return the content unparsed."""
    header = HEADER.match(text)
    if not header or not text.endswith(b"}"):
        raise SnapshotError("This is not a snapshot of nautobot-upgrade-jobs.")
    if int(header[1]) != SCHEMA:
        raise SnapshotError(
            f"The snapshot has schema {int(header[1])}, but this release reads schema {SCHEMA}. "
            "Upgrade nautobot-upgrade-jobs."
        )
    content = memoryview(text)[header.end() : -1]
    if hashlib.sha256(content).hexdigest().encode() != header[2]:
        raise SnapshotError("The snapshot was altered after it was written: its digest differs.")
    try:
        return str(content, "ascii")
    except UnicodeDecodeError:
        raise SnapshotError("The snapshot contains characters outside ASCII.") from None


def _require_past_time(text: str) -> None:
    """Refuse a time that no snapshot can have. What was written since then would be missed."""
    try:
        created = datetime.fromisoformat(text)
    except ValueError:
        raise SnapshotError(NO_TIME) from None
    if created.utcoffset() != timedelta(0):
        raise SnapshotError(NO_TIME)
    if created < FIRST_TIME:
        raise SnapshotError(f"The time of the snapshot ({text}) is before the first snapshot.")
    if created > datetime.now(timezone.utc) + MAX_CLOCK_DIFFERENCE:
        raise SnapshotError(
            f"The snapshot is from the future ({text}). Check the clock of this host and of the "
            "host that made the snapshot."
        )


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


def _parse(text: str) -> Any:
    if sum(map(text.count, ",[{")) > MAX_JSON_VALUES:
        raise SnapshotError("The file contains more values than any snapshot.")
    try:
        return json.loads(
            text, parse_int=_integer, parse_float=_float, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise SnapshotError("The file is nested deeper than any snapshot.") from None
    except OverflowError:
        raise SnapshotError("The snapshot contains a number that is too long or large.") from None
    except ValueError:
        raise SnapshotError("The file contains no JSON.") from None


def _integer(text: str) -> int:
    return int(_limited(text))


def _float(text: str) -> float:
    value = float(_limited(text))
    if value in (float("inf"), float("-inf")):
        raise OverflowError(text)
    return value


def _limited(number: str) -> str:
    if len(number) > MAX_NUMBER_LENGTH:
        raise OverflowError(number[:MAX_NUMBER_LENGTH])
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
