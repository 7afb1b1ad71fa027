"""Files of JSON in ASCII with a SHA-256 digest, compressed.

Users exchange such a file by tickets, shares and mail, so it is untrusted input. Size, depth and
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

SCHEMA = 1
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


class SealedFileError(ValueError):
    """A file is not valid. The message gives the reason in one line."""


@dataclass(frozen=True)
class SealedFormat:
    """A kind of such files."""

    noun: str
    """What a file contains, in one word."""

    def write(self, document: Any) -> bytes:
        """Return a file. Equal documents have equal files.

        Args:
            document: The content, of plain JSON types.

        Raises:
            SealedFileError: The file would be larger than `read` accepts.
        """
        content = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
        text = self.seal(content.encode())
        data = gzip.compress(text, mtime=0)
        if len(text) > MAX_TEXT_BYTES or len(data) > MAX_FILE_BYTES:
            raise SealedFileError(
                f"The {self.noun} of {len(text) >> 20} MiB is too large for its file."
            )
        return data

    def read(self, data: bytes) -> Any:
        """Return the content of a file.

        Raises:
            SealedFileError: The file is truncated, altered, too large, of a newer schema or of
                another kind.
        """
        return self._parse(self._unseal(self._decompress(data)))

    def require_past_time(self, text: str) -> None:
        """Refuse a time at which no file can have been made.

        Raises:
            SealedFileError: It is no time in UTC, or such a time.
        """
        no_time = f"The time of the {self.noun} is not a date with the time zone UTC."
        try:
            created = datetime.fromisoformat(text)
        except ValueError:
            raise SealedFileError(no_time) from None
        if created.utcoffset() != timedelta(0):
            raise SealedFileError(no_time)
        if created < FIRST_TIME:
            raise SealedFileError(
                f"The time of the {self.noun} ({text}) is before the first {self.noun}."
            )
        if created > datetime.now(timezone.utc) + MAX_CLOCK_DIFFERENCE:
            raise SealedFileError(
                f"The {self.noun} is from the future ({text}). Check the clock of this host and of "
                f"the host that made the {self.noun}."
            )

    def seal(self, content: bytes) -> bytes:
        """Return the text of a file: the content with its digest. The digest is no secret."""
        digest = hashlib.sha256(content).hexdigest()
        header = f'{{"format":"{self._name}","schema":{SCHEMA},"sha256":"{digest}","{self.noun}":'
        return header.encode() + content + b"}"

    @property
    def _name(self) -> str:
        return f"nautobot-upgrade-jobs {self.noun}"

    @property
    def _header(self) -> re.Pattern[bytes]:
        """The start of each text. The digest is that of the bytes that follow, without the last."""
        return re.compile(
            rf'{{"format":"{self._name}","schema":(\d{{1,9}}),"sha256":"([^"]{{1,100}})"'
            rf',"{self.noun}":'.encode()
        )

    def _unseal(self, text: bytes) -> str:
        """Verify the digest of the content, and return the content unparsed."""
        header = self._header.match(text)
        if not header or not text.endswith(b"}"):
            raise SealedFileError(f"This is not a {self.noun} of nautobot-upgrade-jobs.")
        if int(header[1]) != SCHEMA:
            raise SealedFileError(
                f"The {self.noun} has schema {int(header[1])}, but this release reads schema "
                f"{SCHEMA}. Upgrade nautobot-upgrade-jobs."
            )
        content = memoryview(text)[header.end() : -1]
        if hashlib.sha256(content).hexdigest().encode() != header[2]:
            raise SealedFileError(
                f"The {self.noun} was altered after it was written: its digest differs."
            )
        try:
            return str(content, "ascii")
        except UnicodeDecodeError:
            raise SealedFileError(f"The {self.noun} contains characters outside ASCII.") from None

    def _decompress(self, data: bytes) -> bytes:
        """Return the text, limited to the allowed size."""
        if len(data) > MAX_FILE_BYTES:
            raise SealedFileError(
                f"The file is larger than {MAX_FILE_BYTES >> 20} MiB, so it is not a {self.noun}."
            )
        reader = zlib.decompressobj(wbits=31)
        try:
            text = reader.decompress(data, MAX_TEXT_BYTES + 1)
        except zlib.error:
            raise SealedFileError("The file is not gzip, or is damaged.") from None
        if len(text) > MAX_TEXT_BYTES:
            raise SealedFileError(f"The file unpacks to more than {MAX_TEXT_BYTES >> 20} MiB.")
        if not reader.eof:
            raise SealedFileError("The file is truncated.")
        if reader.unused_data:
            raise SealedFileError(f"Data follows the {self.noun} in the file.")
        return text

    def _parse(self, text: str) -> Any:
        if sum(map(text.count, ",[{")) > MAX_JSON_VALUES:
            raise SealedFileError(f"The file contains more values than any {self.noun}.")
        try:
            return json.loads(
                text, parse_int=_integer, parse_float=_float, parse_constant=_refuse_constant
            )
        except RecursionError:
            raise SealedFileError(f"The file is nested deeper than any {self.noun}.") from None
        except OverflowError:
            raise SealedFileError(
                f"The {self.noun} contains a number that is too long or large."
            ) from None
        except ValueError:
            raise SealedFileError("The file contains no JSON.") from None


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
