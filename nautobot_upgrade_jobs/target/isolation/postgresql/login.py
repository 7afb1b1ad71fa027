"""Log in to PostgreSQL, and take over the connection.

The client library logs in, because it knows every method of authentication. It connects through a
tunnel that encrypts the connection on its behalf. After the login, the tunnel owns the connection.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from ..relay import CONNECT_SECONDS, LoginFailed
from ..tls import create_tls_context

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
DEFAULT_SOCKET_FOLDERS = ("/var/run/postgresql", "/tmp")  # noqa: S108 - of the client library
TUNNEL_PARAMETERS = frozenset({"host", "hostaddr", "port", "service", "target_session_attrs"})
"""Connection parameters that the tunnel handles, or that it does not support."""
UNSUPPORTED_PARAMETERS = frozenset({"service", "target_session_attrs"})
REPORTED_PARAMETERS = (
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
)
"""What the server reports to a client at login."""
BUFFER_BYTES = 65536


@dataclass(frozen=True)
class ServerConnection:
    """A connection after the login, with nothing under way."""

    stream: socket.socket
    parameters: Mapping[str, str]
    """What the server reported at login."""
    process_id: int
    """The server process of the session."""


def log_in(parameters: Mapping[str, Any]) -> ServerConnection:
    """Log in with the parameters of the client library.

    Args:
        parameters: As Django passes them to ``psycopg2.connect``.

    Raises:
        LoginFailed: The server cannot be reached, or it refuses the login.
    """
    unsupported = UNSUPPORTED_PARAMETERS & {name for name, value in parameters.items() if value}
    if unsupported:
        raise LoginFailed(f"the parameter {', '.join(sorted(unsupported))} is not supported")
    try:
        stream = _connect(parameters)
    except OSError as error:
        raise LoginFailed(f"the database server cannot be reached: {error}") from None
    with socket.create_server(("127.0.0.1", 0)) as listener, _Pump(listener, stream) as pump:
        port = listener.getsockname()[1]
        try:
            session = psycopg2.connect(
                host="127.0.0.1", port=port, sslmode="disable", **_login_parameters(parameters)
            )
        except psycopg2.Error as error:
            stream.close()
            raise LoginFailed(str(error).strip()) from None
        reported = {name: session.info.parameter_status(name) for name in REPORTED_PARAMETERS}
        process_id = session.info.backend_pid
        pump.stop()
        session.close()
    stream.settimeout(None)
    known = {name: value for name, value in reported.items() if value is not None}
    return ServerConnection(stream, known, process_id)


def _login_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that the client library needs for the login itself."""
    return {
        name: value
        for name, value in parameters.items()
        if isinstance(value, str | int)
        and name not in TUNNEL_PARAMETERS
        and not name.startswith(("ssl", "gssenc", "channel_binding"))
    }


def _connect(parameters: Mapping[str, Any]) -> socket.socket:
    """Connect to the first server that accepts connections, and encrypt the connection."""
    hosts = str(parameters.get("host") or os.environ.get("PGHOST") or "").split(",")
    ports = str(parameters.get("port") or os.environ.get("PGPORT") or 5432).split(",")
    error = OSError("no server is configured")
    for number, host in enumerate(hosts):
        port = int(ports[min(number, len(ports) - 1)])
        for place in [host] if host else DEFAULT_SOCKET_FOLDERS:
            try:
                return _open_stream(place, port, parameters)
            except OSError as problem:
                error = problem
    raise error


def _open_stream(host: str, port: int, parameters: Mapping[str, Any]) -> socket.socket:
    if host.startswith("/"):
        local = socket.socket(socket.AF_UNIX)
        local.settimeout(CONNECT_SECONDS)
        local.connect(str(Path(host, f".s.PGSQL.{port}")))
        return local
    address = str(parameters.get("hostaddr") or host)
    stream = socket.create_connection((address, port), CONNECT_SECONDS)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    mode = str(parameters.get("sslmode") or os.environ.get("PGSSLMODE") or "prefer")
    if mode in ("disable", "allow"):
        return stream
    stream.sendall(SSL_REQUEST)
    if stream.recv(1) == b"S":
        return _tls_context(mode, parameters).wrap_socket(stream, server_hostname=host)
    if mode == "prefer":
        return stream
    stream.close()
    raise ConnectionError("the server does not support TLS")


def _tls_context(mode: str, parameters: Mapping[str, Any]) -> ssl.SSLContext:
    """Return the TLS settings that correspond to those of the client library."""
    root = parameters.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")
    own = parameters.get("sslcert")
    return create_tls_context(
        verifies=mode.startswith("verify") or (mode == "require" and bool(root)),
        checks_host=mode == "verify-full" or root == "system",
        root=root if root != "system" else None,
        certificate=(own, parameters.get("sslkey")) if own else None,
    )


class _Pump:
    """Pass bytes between the client library and the server until the login has ended."""

    def __init__(self, listener: socket.socket, server: socket.socket) -> None:
        self._listener, self._server = listener, server
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Pump:
        self._listener.settimeout(CONNECT_SECONDS)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._wake.close()
        self._waker.close()

    def stop(self) -> None:
        """End the thread. The connection to the server stays open."""
        with contextlib.suppress(OSError):
            self._waker.send(b"x")
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._listener.accept()
            with client:
                self._pass_bytes(client)

    def _pass_bytes(self, client: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            selector.register(client, selectors.EVENT_READ, (client, self._server))
            selector.register(self._server, selectors.EVENT_READ, (self._server, client))
            while True:
                for key, _ in selector.select():
                    if key.data is None or not pass_on(*key.data):
                        return


def pass_on(source: Any, sink: socket.socket, seconds: float | None = CONNECT_SECONDS) -> bool:
    """Pass on what has arrived. Return whether the connection is still open.

    Args:
        source: Where it has arrived.
        sink: Where it goes.
        seconds: The connection ends if a side takes in nothing for this time. None for no limit.
    """
    source.settimeout(0)
    try:
        data = source.recv(BUFFER_BYTES)
        # A TLS record can be larger than one read, and the selector does not see its rest.
        while isinstance(source, ssl.SSLSocket) and source.pending():
            data += source.recv(BUFFER_BYTES)
    except ssl.SSLWantReadError:  # A record without data, such as a ticket of the session.
        return True
    finally:
        source.settimeout(seconds)
    sink.sendall(data)
    return bool(data)
