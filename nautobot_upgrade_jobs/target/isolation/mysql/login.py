"""Log in to MySQL, and take over the connection.

The client library logs in, because it knows the methods of authentication. It connects through a
tunnel that encrypts the connection on its behalf, and that owns the connection after the login.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from MySQLdb import _mysql

from ..relay import CONNECT_SECONDS, ConnectionEnded, LoginFailed
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
DEFAULT_PORT = 3306
UNSUPPORTED_PARAMETERS = frozenset({"read_default_file", "read_default_group", "compress"})
DEFAULT_SOCKETS = ("/run/mysqld/mysqld.sock", "/tmp/mysql.sock")  # noqa: S108 - of the library
LOGIN_PARAMETERS = {
    "user": ("user",),
    "password": ("password", "passwd"),
    "database": ("database", "db"),
}
"""Parameters of the client library, with the names that Django and MySQLdb use."""
SAFE_PLUGINS = frozenset({"mysql_native_password", "caching_sha2_password"})
"""Methods with which the client library sends no password, unless the server requests it."""
SWITCH_PLUGIN = 0xFE
ACCEPTED, REQUEST_PASSWORD = b"\x01\x03", b"\x01\x04"
"""Of ``caching_sha2_password``."""
VERIFYING_MODES = frozenset({"VERIFY_CA", "VERIFY_IDENTITY"})
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
        except (OSError, ConnectionEnded) as error:
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
                client, _ = listener.accept()
                with client:
                    refusals.append(self._carry_login(client, character_set))
            except (OSError, ConnectionEnded) as error:
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
        return refusals[0] or failure

    def _carry_login(self, client: socket.socket, character_set: int | None) -> str:
        """Pass packets until the login has ended. Return why it was refused."""
        from_client = PacketReader(client)
        plugin = self.greeting.plugin
        client.sendall(Packet(0, self.greeting.payload).encode())
        answer = _adapt(from_client.read().payload, character_set)
        if not self._is_secure:
            self._encrypt(answer)
        if not self._may_use(plugin):
            return f"{plugin} needs an encrypted connection"
        self._send(1, answer)
        from_server = PacketReader(self._stream)
        while True:
            packet = from_server.read()
            kind = packet.payload[0]
            if kind == ERROR:
                return error_text(packet.payload)
            if packet.payload == REQUEST_PASSWORD and not self._is_secure:
                return "the server requests the password, and the connection is not encrypted"
            if kind == SWITCH_PLUGIN:
                plugin = packet.payload[1:].partition(b"\0")[0].decode("ascii", "replace")
                if not self._may_use(plugin):
                    return f"{plugin} needs an encrypted connection"
            sequence = (packet.sequence - self._sequence_offset) % 256
            client.sendall(Packet(sequence, packet.payload).encode())
            if kind == OK:
                return ""
            if packet.payload != ACCEPTED:
                following = from_client.read()
                self._send(following.sequence, following.payload)

    def _may_use(self, plugin: str) -> bool:
        return self._is_secure or plugin in SAFE_PLUGINS

    def _send(self, sequence: int, payload: bytes) -> None:
        self._stream.sendall(Packet((sequence + self._sequence_offset) % 256, payload).encode())

    def _connect(self) -> tuple[socket.socket, bool]:
        """Connect to the server. Return whether no other host sees what is sent."""
        if path := self._parameters.get("unix_socket"):
            return _open_socket(path), True
        host = self._parameters.get("host") or "localhost"
        if host == "localhost":  # The client library uses a local socket.
            for place in filter(os.path.exists, DEFAULT_SOCKETS):
                return _open_socket(place), True
        port = int(self._parameters.get("port") or DEFAULT_PORT)
        stream = socket.create_connection((host, port), CONNECT_SECONDS)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream, False

    def _read_greeting(self) -> Greeting:
        """Read what the server sends first, and encrypt the connection."""
        payload = PacketReader(self._stream).read().payload
        if payload[0] != PROTOCOL:
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
    context = ssl.create_default_context(cafile=root, capath=folder)
    verifies = mode in VERIFYING_MODES or (not mode and (root or folder))
    context.check_hostname = mode == "VERIFY_IDENTITY"
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    if files.get("cert"):
        context.load_cert_chain(files["cert"], files.get("key"))
    return context
