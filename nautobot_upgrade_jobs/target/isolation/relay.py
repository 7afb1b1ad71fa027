"""Give a process that runs foreign code sessions on a database in which it cannot write.

The process connects to a socket of the relay, and needs no password. For each of its sessions the
relay logs in itself. The subpackages contain what depends on the database.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from pathlib import Path

from . import SOCKET_NAMES, LiveDatabase
from .stream import ConnectionEnded

CONNECT_SECONDS = 10
MAX_SESSIONS = 10
"""More could use up the connections that the server allows."""
MAX_CLIENTS = 4 * MAX_SESSIONS
"""More could use up the threads of this process."""
MAX_STATEMENT_BYTES = 16 << 20
TOO_MANY_SESSIONS = "too many connections for the isolation"


class LoginFailed(OSError):
    """The connection could not be made. The message contains no password."""


class Relay(ABC):
    """Listens on a socket in a folder until it is closed."""

    is_superuser = False
    """Whether the account can change the database server in spite of the relay."""

    def __init__(self, folder: Path, database: LiveDatabase, timeout_seconds: int) -> None:
        self.folder = folder
        self._database = database
        self._timeout_seconds = timeout_seconds
        self._listener = socket.socket(socket.AF_UNIX)
        self._free = threading.BoundedSemaphore(MAX_SESSIONS)
        self._clients: set[socket.socket] = set()
        self._sessions: dict[int, socket.socket] = {}
        """Connections to the server, by the number of the session there."""

    def __enter__(self) -> Relay:
        """Log in once, so that an error is known before the process starts."""
        try:
            self._try_login()
        except LoginFailed:
            raise
        except (OSError, ConnectionEnded):
            raise LoginFailed("the database server ended the session after the login") from None
        self._listener.bind(str(self.folder / SOCKET_NAMES[self._database.vendor]))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End all sessions, also those that run a statement."""
        running = dict(self._sessions)
        for stream in (self._listener, *list(self._clients), *running.values()):
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
            stream.close()
        if running:
            with contextlib.suppress(OSError, ConnectionEnded):
                self._end_sessions(running)

    @abstractmethod
    def _try_login(self) -> None:
        """Log in and out again. Raise ``LoginFailed`` if this is impossible."""

    @abstractmethod
    def _run_session(self, client: socket.socket) -> None:
        """Log in for a client, and answer it until it ends."""

    @abstractmethod
    def _refuse_session(self, client: socket.socket) -> None:
        """Send an error to a client that has just connected."""

    @abstractmethod
    def _end_sessions(self, numbers: Collection[int]) -> None:
        """End sessions on the server. It may not have noticed that their client is gone."""

    @contextlib.contextmanager
    def _registered(self, number: int, stream: socket.socket) -> Iterator[None]:
        """Remember a connection to the server while its client uses it."""
        self._sessions[number] = stream
        try:
            with stream:
                yield
        finally:
            self._sessions.pop(number, None)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if len(self._clients) >= MAX_CLIENTS:
                    client.close()
                    continue
                self._clients.add(client)
                client.settimeout(CONNECT_SECONDS)  # Until its session begins.
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(Exception):  # The client can send anything.
            if self._free.acquire(blocking=False):
                try:
                    self._run_session(client)
                finally:
                    self._free.release()
            else:
                self._refuse_session(client)
        self._clients.discard(client)


def create_relay(folder: Path, database: LiveDatabase, timeout_seconds: int) -> Relay:
    """Return the relay for a database.

    Raises:
        ImportError: The client library of the database is missing.
    """
    if database.vendor == "postgresql":
        from .postgresql.relay import PostgresqlRelay

        return PostgresqlRelay(folder, database, timeout_seconds)
    from .mysql.relay import MysqlRelay

    return MysqlRelay(folder, database, timeout_seconds)
