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

from .. import LiveDatabase
from .login import ServerConnection, pass_on
from .relay import PostgresqlRelay
from .wire import greeting


class PostgresqlTunnel(PostgresqlRelay):
    """Listens on a socket of PostgreSQL, and passes on what arrives."""

    def _answer(self, client: socket.socket, server: ServerConnection) -> None:
        client.sendall(b"".join(greeting(server.parameters, server.process_id)))
        with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(client, selectors.EVENT_READ, server.stream)
            selector.register(server.stream, selectors.EVENT_READ, client)
            while all(pass_on(key.fileobj, key.data) for key, _ in selector.select()):
                continue


class WritableTunnel(PostgresqlTunnel):
    """A tunnel to a copy, which its clients write."""

    def __init__(self, folder: Path, database: LiveDatabase) -> None:
        super().__init__(folder, database, 0)

    @property
    def _session_options(self) -> str:
        return ""
