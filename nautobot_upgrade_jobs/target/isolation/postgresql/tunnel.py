"""Pass sessions of a client program on to a server that the program cannot reach by itself.

The programs of a scratch server support no TLS, and get no password. The tunnel logs in for them.
It does not restrict what a session does, so it is for programs of PostgreSQL only.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
from collections.abc import Collection, Mapping

from ..relay import TOO_MANY_SESSIONS, LoginFailed, Relay
from .login import BUFFER_BYTES, ServerConnection, log_in
from .wire import error, greeting, read_startup

SESSION_OPTIONS = "-c default_transaction_read_only=on -c lock_timeout=5s"


class PostgresqlTunnel(Relay):
    """Listens on a socket of PostgreSQL, and passes on what arrives."""

    def _try_login(self) -> None:
        self._log_in({}).stream.close()

    def _run_session(self, client: socket.socket) -> None:
        wanted = read_startup(client)
        if wanted is None:
            return
        try:
            server = self._log_in({"application_name": wanted.get("application_name", "")})
        except LoginFailed as problem:
            client.sendall(error(str(problem), "08006", "FATAL"))
            return
        with self._registered(server.process_id, server.stream):
            client.settimeout(None)
            client.sendall(b"".join(greeting(server.parameters, server.process_id)))
            pass_on(client, server.stream)

    def _refuse_session(self, client: socket.socket) -> None:
        if read_startup(client) is not None:
            client.sendall(error(TOO_MANY_SESSIONS, "53300", "FATAL"))

    def _end_sessions(self, numbers: Collection[int]) -> None:
        """Do nothing: a read-only session ends by itself when it cannot answer."""

    def _log_in(self, wanted: Mapping[str, str]) -> ServerConnection:
        configured = self._database.parameters
        timeout = f"-c statement_timeout={self._timeout_seconds}s"
        options = f"{configured.get('options', '')} {SESSION_OPTIONS} {timeout}"
        return log_in({**configured, **wanted, "options": options})


def pass_on(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes between two connections until one of them ends."""
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                data = _receive(key.fileobj)
                if data == b"":
                    return
                key.data.sendall(data)


def _receive(stream: object) -> bytes | None:
    """Return what has arrived. None if a TLS record contained no data."""
    assert isinstance(stream, socket.socket)  # noqa: S101 - only sockets are registered
    try:
        data = stream.recv(BUFFER_BYTES)
        # A TLS record can be larger than one read, and the selector does not see its rest.
        while isinstance(stream, ssl.SSLSocket) and stream.pending():
            data += stream.recv(BUFFER_BYTES)
    except ssl.SSLWantReadError:
        return None
    return data
