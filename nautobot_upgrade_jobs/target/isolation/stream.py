"""Read from a connection, in any pieces in which the data arrives."""

from __future__ import annotations

import socket

BUFFER_BYTES = 262_144


class ConnectionEnded(Exception):
    """The other side has closed the connection."""


class StreamReader:
    """Reads from a socket into a buffer."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._buffer = b""
        self._position = 0

    def _require(self, size: int) -> None:
        """Read until the buffer contains a number of bytes.

        Raises:
            ConnectionEnded: The other side sends no more.
        """
        missing = size - (len(self._buffer) - self._position)
        if missing <= 0:
            return
        parts = [self._buffer[self._position :]]
        while missing > 0:
            data = self._stream.recv(BUFFER_BYTES)
            if not data:
                raise ConnectionEnded
            parts.append(data)
            missing -= len(data)
        self._buffer, self._position = b"".join(parts), 0
