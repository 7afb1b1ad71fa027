"""Give a process that runs foreign code sessions on a database in which it cannot write.

The process connects to a socket of the relay, and needs no password. For each of its sessions the
relay logs in itself. The subpackages contain what depends on the database.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from pathlib import Path

from . import SOCKET_NAMES, LiveDatabase

CONNECT_SECONDS = 10


class LoginFailed(OSError):
    """The connection could not be made. The message contains no password."""


class ConnectionEnded(Exception):
    """The other side has closed the connection."""


class Relay(ABC):
    """Listens on a socket in a folder until it is closed."""

    is_superuser = False
    """Whether the account can write files of the database server in spite of the relay."""

    def __init__(self, folder: Path, database: LiveDatabase, timeout_seconds: int) -> None:
        self.folder = folder
        self._database = database
        self._timeout_seconds = timeout_seconds
        self._listener = socket.socket(socket.AF_UNIX)
        self._open: set[socket.socket] = {self._listener}

    def __enter__(self) -> Relay:
        """Log in once, so that an error is known before the process starts."""
        self._try_login()
        self._listener.bind(str(self.folder / SOCKET_NAMES[self._database.vendor]))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End all sessions."""
        for stream in list(self._open):
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
            stream.close()

    @abstractmethod
    def _try_login(self) -> None:
        """Log in and out again. Raise ``LoginFailed`` if this is impossible."""

    @abstractmethod
    def _run_session(self, client: socket.socket) -> None:
        """Log in for a client, and answer it until it ends."""

    def _end_with_relay(self, stream: socket.socket) -> None:
        """End a connection when the relay is closed."""
        self._open.add(stream)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._end_with_relay(client)
        with client, contextlib.suppress(OSError, ConnectionEnded):
            self._run_session(client)


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
