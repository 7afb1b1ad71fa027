"""Give a process that runs foreign code sessions on PostgreSQL in which it cannot write.

The relay sends each statement on its own within a transaction that is read-only:

- The server accepts one statement at a time, because the relay uses the extended protocol.
- A first query precedes the statement. After it, the server refuses to make the transaction
  writable, also in savepoints, functions and DO blocks.
- A transaction that has written nevertheless, such as a large object on PostgreSQL 15, has an id.
  The relay rolls it back.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping

from ..relay import MAX_STATEMENT_BYTES, TOO_MANY_SESSIONS, LoginFailed, Relay
from ..stream import ConnectionEnded
from .login import ServerConnection, log_in
from .statements import classify, isolation_level
from .wire import (
    SYNC,
    MessageReader,
    error,
    greeting,
    message,
    read_error,
    read_startup,
    step,
)

BEGIN = b"BEGIN TRANSACTION READ ONLY"
PIN = b"SELECT 1"
REQUIRE_NO_WRITE = (
    b"SELECT pg_catalog.int4div(1, CASE WHEN pg_catalog.txid_current_if_assigned() IS NULL "
    b"THEN 1 ELSE 0 END)"
)
"""Fails in a transaction that has an id. Only a transaction that writes gets one."""
SERVER_ROLE_QUERY = (
    b"SELECT pg_catalog.bool_or(pg_catalog.pg_has_role(rolname, 'member')) "
    b"FROM pg_catalog.pg_roles "
    b"WHERE rolname IN ('pg_execute_server_program', 'pg_write_server_files')"
)
REFUSED_FUNCTIONS = (b"pg_terminate_backend", b"pg_cancel_backend")
"""Functions that end the sessions of others. No transaction mode refuses them. A text that hides
these names is not recognized."""
REFUSAL = b"DO $$BEGIN RAISE 'the isolation refuses this statement' USING ERRCODE = '25006'; END$$"
EXTENDED_PROTOCOL = "the isolation accepts simple queries only"
IDLE, FAILED = b"I", b"E"
MAX_ANSWER_BYTES = 1 << 20
"""What the relay keeps of an answer before it passes it on."""
MAX_ROW_BYTES = 1 << 26
"""A larger row ends the session, because the relay must keep a whole message in memory."""
SESSION_OPTIONS = "-c default_transaction_read_only=on -c lock_timeout=5s"
PASSED_OPTIONS = ("application_name", "client_encoding")
"""What a client may choose at login. Others could start a replication."""


class PostgresqlRelay(Relay):
    """Listens on a socket of PostgreSQL."""

    def _try_login(self) -> None:
        first = self._log_in({})
        with first.stream:
            self.is_superuser = first.parameters.get("is_superuser") == "on" or _has_server_role(
                first.stream
            )

    def _run_session(self, client: socket.socket) -> None:
        wanted = read_startup(client)
        if wanted is None:
            return
        try:
            server = self._log_in({name: wanted[name] for name in PASSED_OPTIONS if name in wanted})
        except LoginFailed as problem:
            client.sendall(error(str(problem), "08006", "FATAL"))
            return
        with self._registered(server.process_id, server.stream):
            client.settimeout(None)
            self._answer(client, server)

    def _answer(self, client: socket.socket, server: ServerConnection) -> None:
        """Answer the client until it ends."""
        Session(client, server).run()

    def _refuse_session(self, client: socket.socket) -> None:
        if read_startup(client) is not None:
            client.sendall(error(TOO_MANY_SESSIONS, "53300", "FATAL"))

    def _end_sessions(self, numbers: Collection[int]) -> None:
        with self._log_in({}).stream as stream:
            calls = (b"pg_catalog.pg_terminate_backend(%d)" % number for number in numbers)
            stream.sendall(message(b"Q", b"SELECT " + b", ".join(calls) + b"\0"))
            reader = MessageReader(stream)
            while reader.read()[0] != b"Z":
                continue

    def _log_in(self, wanted: Mapping[str, str]) -> ServerConnection:
        configured = self._database.parameters
        options = f"{configured.get('options', '')} {self._session_options}".strip()
        return log_in({**configured, **wanted, "options": options})

    @property
    def _session_options(self) -> str:
        """The settings of a session on the server."""
        return (
            f"{SESSION_OPTIONS} -c statement_timeout={self._timeout_seconds}s "
            f"-c idle_in_transaction_session_timeout={self._timeout_seconds}s"
        )


def _has_server_role(stream: socket.socket) -> bool:
    """Return whether the account may run programs or write files of the database server."""
    stream.sendall(message(b"Q", SERVER_ROLE_QUERY + b"\0"))
    reader = MessageReader(stream)
    answers: list[tuple[bytes, bytes]] = []
    while not answers or answers[-1][0] != b"Z":
        answers.append(reader.read())
        if answers[-1][0] == b"E":  # For instance from a pooler without a free connection.
            raise LoginFailed(read_error(answers[-1][1]))
    return any(kind == b"D" and row.endswith(b"t") for kind, row in answers)


class Session:
    """One session of the process, and the session of the relay on the server."""

    def __init__(self, client: socket.socket, server: ServerConnection) -> None:
        self._client, self._server = client, server.stream
        self._greeting = b"".join(greeting(server.parameters, server.process_id))
        self._from_client, self._from_server = MessageReader(client), MessageReader(server.stream)
        self._status = IDLE

    def run(self) -> None:
        """Answer the statements of the client until it ends."""
        self._client.sendall(self._greeting)
        while True:
            kind, text = self._from_client.read(MAX_STATEMENT_BYTES)
            if kind == b"X":
                return
            if kind != b"Q":
                self._client.sendall(error(EXTENDED_PROTOCOL, "0A000", "FATAL"))
                return
            self._answer(text[5:].partition(b"\0")[0])
            self._client.sendall(message(b"Z", self._status))

    def _answer(self, sql: bytes) -> None:
        """Run one statement of the client."""
        kind = classify(sql)
        if kind == "refused" or any(name in sql.lower() for name in REFUSED_FUNCTIONS):
            kind, sql = "", REFUSAL
        if self._status != IDLE:
            self._answer_in_transaction(kind, sql)
        elif kind == "begin":
            self._begin(sql)
        elif kind:  # The end of a transaction that was not begun.
            self._complete(kind)
        else:
            self._run_alone(sql)

    def _begin(self, sql: bytes) -> None:
        level = isolation_level(sql)
        begin = BEGIN + (b" ISOLATION LEVEL " + level if level else b"")
        self._exchange([begin, PIN], shown=0)

    def _run_alone(self, sql: bytes) -> None:
        """Run a statement in a transaction of its own."""
        self._exchange([BEGIN, PIN, sql, REQUIRE_NO_WRITE, b"COMMIT"], shown=2)
        if self._status != IDLE:
            self._exchange([b"ROLLBACK"])

    def _answer_in_transaction(self, kind: str, sql: bytes) -> None:
        if kind == "begin":
            self._complete("begin")
        elif kind == "rollback" or (kind == "commit" and self._status == FAILED):
            self._exchange([b"ROLLBACK"], shown=0)
        elif kind == "commit":
            self._exchange([REQUIRE_NO_WRITE, b"COMMIT"])
            if self._status != IDLE:
                self._exchange([b"ROLLBACK"])
            self._complete("commit")
        else:
            self._exchange([sql], shown=0)

    def _complete(self, kind: str) -> None:
        self._client.sendall(message(b"C", kind.upper().encode() + b"\0"))

    def _exchange(self, statements: list[bytes], shown: int = -1) -> None:
        """Run statements up to the first error.

        Args:
            statements: The server receives them at once.
            shown: The number of the statement whose answer the client gets. It also gets an error
                of the statements before it.
        """
        self._server.sendall(b"".join([*map(step, statements), SYNC]))
        number, answer, size = 0, [], 0
        while True:
            kind, whole = self._from_server.read(MAX_ROW_BYTES)
            if kind == b"Z":
                self._status = whole[5:6]
                break
            if kind == b"G":  # COPY waits for rows, and only a temporary table could take them.
                raise ConnectionEnded
            if (
                kind == b"S"
                or (number == shown and kind in b"TDCIEHdcN")
                or (kind == b"E" and number < shown)
            ):
                answer.append(whole)
                size += len(whole)
            if kind in b"CI":
                number += 1
            if answer and (self._from_server.is_drained or size > MAX_ANSWER_BYTES):
                self._client.sendall(b"".join(answer))
                answer.clear()
                size = 0
        self._client.sendall(b"".join(answer))
