"""Packets of the MySQL protocol, version 10.

A packet is a length of three bytes, a sequence number and a payload. A payload of 16 MiB or more is
split into several packets.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..stream import ConnectionEnded, StreamReader

HEADER_BYTES = 4
MAX_PAYLOAD = 0xFFFFFF
OK, LOCAL_FILE, END_OF_ROWS, ERROR = 0x00, 0xFB, 0xFE, 0xFF
MAX_END_BYTES = 8
"""A longer payload that begins with ``END_OF_ROWS`` is a row."""
IN_READ_ONLY_TRANSACTION = 0x2000
"""Flag of the server's status."""
TLS = 0x800
WITHHELD_CAPABILITIES = (
    TLS
    | 0x20  # compression
    | 0x80  # files of the client
    | 0x10000  # several statements in one text
    | 0x40000  # several results of a prepared statement
    | 0x800000  # changes of the session's state
    | 0x1000000  # no packet between columns and rows
    | 0x2000000  # results without metadata
    | 0x4000000  # compression by zstd
    | 0x8000000  # attributes of queries
    | 0x10000000  # more than one factor at login
)
"""What neither side of the relay may use."""


@dataclass(frozen=True)
class Packet:
    """One packet."""

    sequence: int
    payload: bytes

    def encode(self) -> bytes:
        """Return the bytes of the packet."""
        return len(self.payload).to_bytes(3, "little") + bytes([self.sequence]) + self.payload


def command(payload: bytes) -> bytes:
    """Return the packets of a command, which may be longer than one packet."""
    packets = []
    for number, start in enumerate(range(0, len(payload) + 1, MAX_PAYLOAD)):
        packets.append(Packet(number % 256, payload[start : start + MAX_PAYLOAD]).encode())
    return b"".join(packets)


def ok(sequence: int, status: int) -> bytes:
    """Return the packet of a success without rows."""
    return Packet(sequence, struct.pack("<BBBHH", OK, 0, 0, status, 0)).encode()


def error(sequence: int, text: str, number: int, sqlstate: str) -> bytes:
    """Return the packet of an error."""
    payload = struct.pack("<BH", ERROR, number) + f"#{sqlstate}{text}".encode()
    return Packet(sequence, payload).encode()


def error_text(payload: bytes) -> str:
    """Return number and text of an error."""
    number = int.from_bytes(payload[1:3], "little")
    text = payload[3:].decode("utf-8", "replace")
    return f"({number}) {text[6:] if text.startswith('#') else text}"


def status_of(payload: bytes) -> int:
    """Return the server's status in a packet of success, or at the end of rows."""
    if payload[0] == END_OF_ROWS:
        return int.from_bytes(payload[3:5], "little")
    position = 1
    for _ in ("affected rows", "inserted id"):
        position += integer_size(payload[position])
    return int.from_bytes(payload[position : position + 2], "little")


def integer_size(first: int) -> int:
    """Return the number of bytes of an integer that begins with a byte."""
    return {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(first, 1)


def is_end(payload: bytes) -> bool:
    """Return whether a packet ends columns or rows."""
    return payload[:1] == bytes([ERROR]) or (
        payload[:1] == bytes([END_OF_ROWS]) and len(payload) <= MAX_END_BYTES
    )


@dataclass(frozen=True)
class Greeting:
    """What a server sends first."""

    payload: bytes

    @property
    def session(self) -> int:
        """The number of the session on the server."""
        start = self.payload.index(b"\0", 1) + 1
        return int.from_bytes(self.payload[start : start + 4], "little")

    @property
    def capabilities(self) -> int:
        """What the server supports."""
        start = self._capabilities_start
        low, high = self.payload[start : start + 2], self.payload[start + 5 : start + 7]
        return int.from_bytes(low + high, "little")

    @property
    def plugin(self) -> str:
        """The method of authentication. Empty if the greeting has another form."""
        start = self._capabilities_start
        length = self.payload[start + 7] if len(self.payload) > start + 7 else 0
        rest = self.payload[start + 18 + max(13, length - 8) :]
        name, _, more = rest.partition(b"\0")
        return "" if more else name.decode("ascii", "replace")

    def withhold(self) -> Greeting:
        """Return the greeting without the capabilities that the relay does not support."""
        start = self._capabilities_start
        kept = (self.capabilities & ~WITHHELD_CAPABILITIES).to_bytes(4, "little")
        return Greeting(
            self.payload[:start]
            + kept[:2]
            + self.payload[start + 2 : start + 5]
            + kept[2:]
            + self.payload[start + 7 :]
        )

    @property
    def _capabilities_start(self) -> int:
        return self.payload.index(b"\0", 1) + 1 + 4 + 8 + 1


class PacketReader(StreamReader):
    """Reads packets from a socket."""

    def read(self) -> Packet:
        """Return the next packet.

        Raises:
            ConnectionEnded: There is no further packet.
        """
        self._require(HEADER_BYTES)
        start = self._position + HEADER_BYTES
        length = int.from_bytes(self._buffer[start - 4 : start - 1], "little")
        self._require(HEADER_BYTES + length)
        start = self._position + HEADER_BYTES
        self._position = start + length
        return Packet(self._buffer[start - 1], self._buffer[start : self._position])

    def read_command(self, max_bytes: int) -> bytes:
        """Return the payload of a command, which may be longer than one packet."""
        parts = [self.read().payload]
        while len(parts[-1]) == MAX_PAYLOAD:
            parts.append(self.read().payload)
            if sum(map(len, parts)) > max_bytes:
                raise ConnectionEnded
        return b"".join(parts)

    def read_whole_rows(self) -> bytes:
        """Return the packets of rows that have arrived, up to the packet that ends the rows."""
        buffer, start = self._buffer, self._position
        end, last = start, len(buffer) - HEADER_BYTES
        while end < last and buffer[end + HEADER_BYTES] < END_OF_ROWS:
            length = int.from_bytes(buffer[end : end + 3], "little")
            following = end + HEADER_BYTES + length
            if not length or length == MAX_PAYLOAD or following > len(buffer):
                break
            end = following
        self._position = end
        return buffer[start:end]
