"""Log in to MySQL, and take over the connection.

The client library logs in, because it knows the methods of authentication. It connects through a
tunnel that encrypts the connection on its behalf, and that owns the connection after the login.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from MySQLdb import _mysql

from ..relay import CONNECT_SECONDS, LoginFailed
from ..stream import ConnectionEnded
from ..tls import create_tls_context
from .wire import (
    ERROR,
    OK,
    TLS,
    WITHHELD_CAPABILITIES,
    Greeting,
    Packet,
    PacketReader,
    error_text,
)

PROTOCOL = 10
NOT_ENCRYPTED = "the server requests the password, and the connection is not encrypted"
DEFAULT_PORT = 3306
UNSUPPORTED_PARAMETERS = frozenset({"read_default_file", "read_default_group", "compress"})
DEFAULT_SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock")
"""Of the client libraries in distributions. Every user could create one in /tmp."""
LOGIN_PARAMETERS = {
    "user": ("user",),
    "password": ("password", "passwd"),
    "database": ("database", "db"),
}
"""Parameters of the client library, with the names that Django and MySQLdb use."""
SAFE_PLUGINS = frozenset({"mysql_native_password", "caching_sha2_password"})
"""Methods with which the client library sends no password, unless the server requests it."""
SWITCH_PLUGIN = 0xFE
ACCEPTED = b"\x01\x03"
"""Of ``caching_sha2_password``: the answer to the challenge was right."""
SCRAMBLE_BYTES = (0, 1, 20, 32)
"""Lengths of the answers of the safe methods. They do not contain the password."""
VERIFYING_MODES = frozenset({"VERIFY_CA", "VERIFY_IDENTITY"})
PEER = struct.Struct("3i")
"""Process, user and group at the other end of a socket."""
CHARACTER_SET_POSITION = 8
TLS_REQUEST_BYTES = 32
"""In the answer of a client to the greeting: a position, and the length of the first part."""


@dataclass(frozen=True)
class ServerConnection:
    """A connection after the login, with nothing under way."""

    stream: socket.socket
    greeting: Greeting
    """What the server sent first, without what the relay does not support."""


class Server:
    """A connection before the login."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        unsupported = {name for name in UNSUPPORTED_PARAMETERS if parameters.get(name)}
        if unsupported:
            raise LoginFailed(f"the parameter {', '.join(sorted(unsupported))} is not supported")
        self._parameters = parameters
        self._sequence_offset = 0
        try:
            self._stream, self._is_secure = self._connect()
            self.greeting = self._read_greeting()
        except (OSError, ConnectionEnded, ValueError, IndexError) as error:
            raise LoginFailed(f"the database server cannot be reached: {error}") from None

    def log_in(self, character_set: int | None = None) -> ServerConnection:
        """Log in with the parameters of the client library.

        Args:
            character_set: The number of the session's character set and collation.

        Raises:
            LoginFailed: The server refuses the login.
        """
        with tempfile.TemporaryDirectory(prefix="nuj-") as folder:
            path = Path(folder, "login.sock")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
                listener.listen(1)
                listener.settimeout(CONNECT_SECONDS)
                reason = self._log_in_through(listener, path, character_set)
        if reason:
            self.close()
            raise LoginFailed(reason)
        self._stream.settimeout(None)
        return ServerConnection(self._stream, self.greeting)

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def _log_in_through(
        self, listener: socket.socket, path: Path, character_set: int | None
    ) -> str:
        """Let the client library log in through a socket. Return why it failed."""
        refusals: list[str] = []

        def carry() -> None:
            try:
                client = _accept_own(listener)
                with client:
                    refusals.append(self._carry_login(client, character_set))
            except (OSError, ConnectionEnded, ValueError, IndexError) as error:
                refusals.append(f"the login was interrupted: {error}")

        thread = threading.Thread(target=carry, daemon=True)
        thread.start()
        known = {
            name: self._parameters[other]
            for name, others in LOGIN_PARAMETERS.items()
            for other in others
            if self._parameters.get(other)
        }
        failure = ""
        try:
            session = _mysql.connect(
                unix_socket=str(path), connect_timeout=CONNECT_SECONDS, **known
            )
        except _mysql.MySQLError as error:
            failure = str(error)
        else:
            with contextlib.suppress(_mysql.MySQLError):
                session.close()
        thread.join()
        return failure if failure and not refusals[0] else refusals[0]

    def _carry_login(self, client: socket.socket, character_set: int | None) -> str:
        """Pass packets until the login has ended. Return why it was refused."""
        from_client = PacketReader(client)
        plugin = self.greeting.plugin
        client.sendall(Packet(0, self.greeting.payload).encode())
        answer = _adapt(from_client.read().payload, character_set)
        if not self._is_secure:
            self._encrypt(answer)
        if reason := self._refusal_of_method(plugin):
            return reason
        self._send(1, answer)
        from_server = PacketReader(self._stream)
        while True:
            packet = from_server.read()
            kind = packet.payload[0] if packet.payload else ERROR
            if kind == ERROR:
                return error_text(packet.payload)
            if reason := self._refusal_of_packet(packet.payload):
                return reason
            sequence = (packet.sequence - self._sequence_offset) % 256
            client.sendall(Packet(sequence, packet.payload).encode())
            if kind == OK:
                return ""
            if packet.payload != ACCEPTED:
                following = from_client.read()
                if not self._is_secure and len(following.payload) not in SCRAMBLE_BYTES:
                    return NOT_ENCRYPTED
                self._send(following.sequence, following.payload)

    def _refusal_of_packet(self, payload: bytes) -> str:
        """Return why the client library must not see a packet of the login.

        The library believes that the connection is encrypted. It could answer with the password.
        """
        if payload[0] == SWITCH_PLUGIN:
            name = payload[1:].partition(b"\0")[0].decode("ascii", "replace")
            return self._refusal_of_method(name)
        if self._is_secure or payload[0] == OK or payload == ACCEPTED:
            return ""
        return NOT_ENCRYPTED

    def _refusal_of_method(self, plugin: str) -> str:
        is_safe = self._is_secure or plugin in SAFE_PLUGINS
        return "" if is_safe else f"{plugin} needs an encrypted connection"

    def _send(self, sequence: int, payload: bytes) -> None:
        self._stream.sendall(Packet((sequence + self._sequence_offset) % 256, payload).encode())

    def _connect(self) -> tuple[socket.socket, bool]:
        """Connect to the server. Return whether no other host sees what is sent."""
        if path := self._parameters.get("unix_socket"):
            return _open_socket(path), True
        host = self._parameters.get("host") or "localhost"
        if host == "localhost":  # The client library uses a local socket.
            configured = os.environ.get("MYSQL_UNIX_PORT", "")
            for place in filter(os.path.exists, (configured, *DEFAULT_SOCKETS)):
                return _open_socket(place), True
        port = int(self._parameters.get("port") or DEFAULT_PORT)
        stream = socket.create_connection((host, port), CONNECT_SECONDS)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream, False

    def _read_greeting(self) -> Greeting:
        """Read what the server sends first, and encrypt the connection."""
        payload = PacketReader(self._stream).read().payload
        if payload[:1] != bytes([PROTOCOL]):
            raise LoginFailed(error_text(payload))
        self._supports_tls = bool(Greeting(payload).capabilities & TLS)
        return Greeting(payload).withhold()

    def _encrypt(self, answer: bytes) -> None:
        """Encrypt the connection, if it is configured or the server supports it.

        Args:
            answer: Of the client to the greeting. The server takes capabilities and character set
                from the request, and not from the encrypted answer.
        """
        tls = self._parameters.get("ssl") or {}
        mode = str(self._parameters.get("ssl_mode") or "").upper()
        if mode == "DISABLED":
            return
        if not self._supports_tls:
            if mode in ("", "PREFERRED") and not tls:
                return
            raise ConnectionError("the server does not support TLS")
        flags = int.from_bytes(answer[:4], "little") | TLS
        request = flags.to_bytes(4, "little") + answer[4:TLS_REQUEST_BYTES]
        self._stream.sendall(Packet(1, request).encode())
        host = str(self._parameters.get("host"))
        self._stream = _tls_context(mode, tls).wrap_socket(self._stream, server_hostname=host)
        self._is_secure = True
        self._sequence_offset = 1


def _accept_own(listener: socket.socket) -> socket.socket:
    """Return the connection of the client library. Close those of other processes."""
    while True:
        client, _ = listener.accept()
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size)
        if PEER.unpack(credentials)[0] == os.getpid():
            return client
        client.close()


def _open_socket(path: str) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(CONNECT_SECONDS)
    stream.connect(path)
    return stream


def _adapt(payload: bytes, character_set: int | None) -> bytes:
    """Return the answer of a client to the greeting, without what the relay does not support."""
    flags = int.from_bytes(payload[:4], "little") & ~WITHHELD_CAPABILITIES
    number = payload[CHARACTER_SET_POSITION] if character_set is None else character_set
    rest = payload[CHARACTER_SET_POSITION + 1 :]
    return flags.to_bytes(4, "little") + payload[4:8] + bytes([number]) + rest


def _tls_context(mode: str, parameters: Mapping[str, Any] | bool) -> ssl.SSLContext:
    """Return the TLS settings that correspond to those of the client library."""
    files: Mapping[str, Any] = {} if isinstance(parameters, bool) else parameters
    root, folder = files.get("ca"), files.get("capath")
    return create_tls_context(
        verifies=mode in VERIFYING_MODES or (not mode and bool(root or folder)),
        checks_host=mode == "VERIFY_IDENTITY",
        root=root,
        folder=folder,
        certificate=(files["cert"], files.get("key")) if files.get("cert") else None,
    )
