"""Pass sessions of a client program on to a server that the program cannot reach by itself.

The programs of a scratch server support no TLS, and get no password. The tunnel logs in for them.
To a live database, it is for programs of PostgreSQL only, because only the session's default is
read-only.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from pathlib import Path
from typing import Any

from .. import LiveDatabase
from .login import ServerConnection, pass_on
from .relay import PostgresqlRelay
from .wire import greeting, message

NEW_IN_17 = b"SET transaction_timeout = 0;"


class PostgresqlTunnel(PostgresqlRelay):
    """Listens on a socket of PostgreSQL, and passes on what arrives."""

    def _answer(self, client: socket.socket, server: ServerConnection) -> None:
        client.sendall(b"".join(greeting(server.parameters, server.process_id)))
        with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(client, selectors.EVENT_READ, self._choose_sink(server))
            selector.register(server.stream, selectors.EVENT_READ, client)
            # A server can take its time, for instance for a checkpoint.
            while all(pass_on(key.fileobj, key.data, None) for key, _ in selector.select()):
                continue

    def _choose_sink(self, server: ServerConnection) -> Any:
        """Return where the statements of a client go."""
        return server.stream


class WritableTunnel(PostgresqlTunnel):
    """A tunnel to a copy, which its clients write."""

    def __init__(self, folder: Path, database: LiveDatabase) -> None:
        super().__init__(folder, database, 0)

    @property
    def _session_options(self) -> str:
        return ""

    def _choose_sink(self, server: ServerConnection) -> Any:
        major = server.parameters.get("server_version", "").partition(".")[0]
        return (
            _OlderServer(server.stream) if major.isdecimal() and int(major) < 17 else server.stream
        )


class _OlderServer:
    """A server without a setting that ``pg_restore`` sets to its default."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream

    def sendall(self, data: bytes) -> None:
        """Send what a client has sent. Replace a statement that the server does not know."""
        is_unknown = data[:1] == b"Q" and data[5:].rstrip(b"\n\0") == NEW_IN_17
        self._stream.sendall(message(b"Q", b"SET statement_timeout = 0\0") if is_unknown else data)
