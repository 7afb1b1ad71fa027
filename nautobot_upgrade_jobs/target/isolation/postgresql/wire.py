"""Messages of the PostgreSQL protocol, version 3."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping

from ..stream import ConnectionEnded, StreamReader

HEADER = struct.Struct("!ci")
LENGTH_BYTES = 4
"""The length of a message includes its own bytes."""
MAX_STARTUP_BYTES = 10_000
DATA_ROW = b"D"
SYNC = HEADER.pack(b"S", 4)


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Return a message of one kind, with its length."""
    return HEADER.pack(kind, len(body) + 4) + body


def step(sql: bytes) -> bytes:
    """Return the messages that run exactly one statement. The server refuses a text with two."""
    return b"".join(
        (
            message(b"P", b"\0" + sql + b"\0\0\0"),
            message(b"B", b"\0\0\0\0\0\0\0\0"),
            message(b"D", b"P\0"),
            message(b"E", b"\0\0\0\0\0"),
        )
    )


def error(text: str, sqlstate: str, severity: str = "ERROR") -> bytes:
    """Return the message of an error."""
    fields = {"S": severity, "V": severity, "C": sqlstate, "M": text}
    return message(
        b"E", b"".join(f"{key}{value}\0".encode() for key, value in fields.items()) + b"\0"
    )


def read_error(body: bytes) -> str:
    """Return the text of the message of an error."""
    fields = {field[:1]: field[1:] for field in body.split(b"\0") if field}
    return fields.get(b"M", b"").decode("utf-8", "replace")


class MessageReader(StreamReader):
    """Reads whole messages from a socket."""

    @property
    def is_drained(self) -> bool:
        """Return whether the next message must be waited for."""
        return len(self._buffer) - self._position < HEADER.size

    def read(self, max_bytes: int = 1 << 31) -> tuple[bytes, bytes]:
        """Return the kind of the next message, and the whole message. Rows come several at once.

        Raises:
            ConnectionEnded: There is no further message, or it has another size than a message can
                have.
        """
        self._require(HEADER.size)
        kind, length = HEADER.unpack_from(self._buffer, self._position)
        if not LENGTH_BYTES <= length <= max_bytes:
            raise ConnectionEnded
        self._require(length + 1)
        start, end = self._position, self._position + length + 1
        if kind == DATA_ROW:
            end = self._end_of_rows(end)
        self._position = end
        return kind, self._buffer[start:end]

    def _end_of_rows(self, end: int) -> int:
        """Return the end of the complete rows that follow in the buffer."""
        buffer, size = self._buffer, len(self._buffer) - HEADER.size
        while end <= size and buffer[end] == DATA_ROW[0]:
            following = end + 1 + int.from_bytes(buffer[end + 1 : end + 5], "big")
            if following > len(buffer):
                break
            end = following
        return end


def read_startup(stream: socket.socket) -> dict[str, str] | None:
    """Return the parameters with which a client begins. None if it wants no session.

    Requests to encrypt the connection are refused.
    """
    while True:
        length, code = struct.unpack("!ii", _read_exactly(stream, 8))
        if not 8 <= length <= MAX_STARTUP_BYTES:
            return None
        body = _read_exactly(stream, length - 8)
        if code >> 16 == 3:
            words = body.removesuffix(b"\0\0").decode("utf-8", "replace").split("\0")
            return dict(zip(words[::2], words[1::2], strict=False))
        if code not in (80877103, 80877104):
            return None  # A request to cancel a query, or another protocol.
        stream.sendall(b"N")


def _read_exactly(stream: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = stream.recv(size - len(data))
        if not part:
            raise ConnectionEnded
        data += part
    return data


def greeting(parameters: Mapping[str, str], process_id: int) -> Iterator[bytes]:
    """Yield what a server sends after a login."""
    yield message(b"R", struct.pack("!i", 0))
    for name, value in parameters.items():
        yield message(b"S", f"{name}\0{value}\0".encode())
    yield message(b"K", struct.pack("!ii", process_id, 0))
    yield message(b"Z", b"I")
