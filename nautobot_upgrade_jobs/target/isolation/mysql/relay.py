"""Give a process that runs foreign code sessions on MySQL in which it cannot write.

The relay sends each statement on its own within a transaction that is read-only:

- The server accepts one statement at a time, because the relay does not request more at login.
- The relay refuses statements that are not known to read.
- The server reports with each result whether the transaction is still open and read-only. If it is
  not, the relay begins a new one before the next statement.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection

from ..relay import MAX_STATEMENT_BYTES, TOO_MANY_SESSIONS, LoginFailed, Relay
from ..stream import ConnectionEnded
from .login import CHARACTER_SET_POSITION, Server, ServerConnection
from .statements import Statement, classify, is_administrative
from .wire import (
    END_OF_ROWS,
    ERROR,
    IN_READ_ONLY_TRANSACTION,
    LOCAL_FILE,
    MAX_PAYLOAD,
    OK,
    Packet,
    PacketReader,
    command,
    error,
    error_text,
    integer_size,
    is_end,
    ok,
    status_of,
)

COM_QUIT, COM_QUERY, COM_PING = 1, 3, 14
BEGIN = b"START TRANSACTION READ ONLY"
ROLLBACK = b"ROLLBACK"
ASK_STATUS = b"DO 0"
REFUSAL = 1792, "25006", "the isolation refuses this statement"
"""Number and state are those of a write in a transaction that is read-only."""
ONLY_QUERIES = 1047, "08S01", "the isolation accepts simple queries only"
NO_LOGIN = 2003, "HY000"
TOO_MANY = 1040, "08004"
STATUS_AUTOCOMMIT = 2
LOCK_TIMEOUT_SECONDS = 5


class MysqlRelay(Relay):
    """Listens on a socket of MySQL."""

    _greeting = b""
    """What the server sent first. A client gets it before the relay connects again, because MySQL
    refuses a host that often connects and does not log in."""

    def _try_login(self) -> None:
        connection = self._log_in()
        self._greeting = connection.greeting.payload
        with connection.stream:
            grants = Session(connection.stream, connection).ask_texts(b"SHOW GRANTS")
        self.is_superuser = any(map(is_administrative, grants))

    def _run_session(self, client: socket.socket) -> None:
        client.sendall(Packet(0, self._greeting).encode())
        answer = PacketReader(client).read()
        following = (answer.sequence + 1) % 256
        try:
            connection = self._log_in(answer.payload[CHARACTER_SET_POSITION])
        except LoginFailed as problem:
            number, sqlstate = NO_LOGIN
            client.sendall(error(following, str(problem), number, sqlstate))
            return
        with self._registered(connection.greeting.session, connection.stream):
            client.sendall(ok(following, STATUS_AUTOCOMMIT))
            client.settimeout(None)
            Session(client, connection).run()

    def _refuse_session(self, client: socket.socket) -> None:
        client.sendall(error(0, TOO_MANY_SESSIONS, *TOO_MANY))

    def _end_sessions(self, numbers: Collection[int]) -> None:
        connection = self._log_in()
        session = Session(connection.stream, connection)
        with connection.stream:
            for number in numbers:
                with contextlib.suppress(LoginFailed):  # It has ended.
                    session.ask(b"KILL %d" % number)

    def _log_in(self, character_set: int | None = None) -> ServerConnection:
        connection = Server(self._database.parameters).log_in(character_set)
        session = Session(connection.stream, connection)
        for statement in (
            f"SET SESSION max_execution_time = {self._timeout_seconds * 1000}",
            f"SET SESSION lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}",
            f"SET SESSION innodb_lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}",
            "SET SESSION TRANSACTION READ ONLY",
        ):
            session.ask(statement.encode())
        return connection


class Session:
    """One session of the process, and the session of the relay on the server."""

    def __init__(self, client: socket.socket, connection: ServerConnection) -> None:
        self._client, self._server = client, connection.stream
        self._from_client = PacketReader(client)
        self._from_server = PacketReader(connection.stream)
        self._status = 0
        self._autocommit = True

    def run(self) -> None:
        """Answer the statements of the client until it ends."""
        while True:
            payload = self._from_client.read_command(MAX_STATEMENT_BYTES)
            kind = payload[0] if payload else COM_QUIT
            if kind == COM_QUIT:
                return
            if kind == COM_PING:
                self._succeed()
            elif kind == COM_QUERY:
                self._answer(payload[1:])
            else:
                self._fail(*ONLY_QUERIES)

    def ask(self, sql: bytes) -> None:
        """Run a statement of the relay, which has no rows."""
        self._server.sendall(command(bytes([COM_QUERY]) + sql))
        payload = self._from_server.read().payload
        if payload[0] != OK:
            raise LoginFailed(error_text(payload))
        self._status = status_of(payload)

    def ask_texts(self, sql: bytes) -> list[str]:
        """Run a statement of the relay, and return the first column of its rows."""
        self._server.sendall(command(bytes([COM_QUERY]) + sql))
        first = self._from_server.read().payload
        if first[0] in (OK, ERROR):
            raise LoginFailed(error_text(first))
        for _ in range(first[0] + 1):  # The columns, and the packet that ends them.
            self._from_server.read()
        texts = []
        while not is_end(payload := self._from_server.read().payload):
            width = integer_size(payload[0])
            length = int.from_bytes(payload[1:width] if width > 1 else payload[:1], "little")
            texts.append(payload[width : width + length].decode("utf-8", "replace"))
        return texts

    def _answer(self, sql: bytes) -> None:
        """Run one statement of the client."""
        kind = classify(sql)
        if kind is Statement.REFUSED:
            self._fail(*REFUSAL)
            return
        if kind is not Statement.READ:
            self._end()
        if kind is Statement.READ:
            self._read(sql)
        elif kind is Statement.BEGIN:
            self._begin()
            self._succeed()
        else:
            if kind is not Statement.END:
                self._autocommit = kind is Statement.AUTOCOMMIT_ON
                self.ask(sql)
            self._succeed()

    @property
    def _is_read_only(self) -> bool:
        """Whether the server refuses to write until the transaction ends."""
        return bool(self._status & IN_READ_ONLY_TRANSACTION)

    def _begin(self) -> None:
        self.ask(BEGIN)
        if not self._is_read_only:
            raise ConnectionEnded

    def _end(self) -> None:
        self.ask(ROLLBACK)

    def _read(self, sql: bytes) -> None:
        """Run a statement in the transaction of the client, or in one of its own."""
        is_alone = self._autocommit and not self._is_read_only
        if not self._is_read_only:
            self._begin()
        self._forward(sql)
        if is_alone:
            self._end()

    def _forward(self, sql: bytes) -> None:
        """Run a statement, and pass its result to the client."""
        self._server.sendall(command(bytes([COM_QUERY]) + sql))
        first = self._from_server.read()
        kind = first.payload[0]
        if kind == LOCAL_FILE:
            raise ConnectionEnded
        if kind not in (OK, ERROR):
            self._client.sendall(first.encode())
            first = self._forward_rows(first.payload)
        self._client.sendall(first.encode())
        if first.payload[0] == ERROR:  # An error can end the transaction.
            self.ask(ASK_STATUS)
        else:
            self._status = status_of(first.payload)

    def _forward_rows(self, first: bytes) -> Packet:
        """Pass columns and rows to the client. Return the last packet."""
        width = integer_size(first[0])
        columns = int.from_bytes(first[1:width] if width > 1 else first, "little")
        for _ in range(columns):
            self._client.sendall(self._from_server.read().encode())
        ends_columns = self._from_server.read()
        if ends_columns.payload[0] != END_OF_ROWS:
            return ends_columns
        self._client.sendall(ends_columns.encode())
        is_continued = False
        while True:
            packet = self._from_server.read()
            if not is_continued and is_end(packet.payload):
                return packet
            is_continued = len(packet.payload) == MAX_PAYLOAD
            rows = b"" if is_continued else self._from_server.read_whole_rows()
            self._client.sendall(packet.encode() + rows)

    def _succeed(self) -> None:
        self._client.sendall(ok(1, STATUS_AUTOCOMMIT if self._autocommit else 0))

    def _fail(self, number: int, sqlstate: str, text: str) -> None:
        self._client.sendall(error(1, text, number, sqlstate))
