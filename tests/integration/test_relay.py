"""A session of the relay, with a server that is played by the test."""

import contextlib
import socket
import threading

import pytest

from nautobot_upgrade_jobs.target.isolation.postgresql import relay
from nautobot_upgrade_jobs.target.isolation.postgresql.login import ServerConnection
from nautobot_upgrade_jobs.target.isolation.postgresql.relay import MAX_ANSWER_BYTES, Session
from nautobot_upgrade_jobs.target.isolation.postgresql.wire import MessageReader, message
from nautobot_upgrade_jobs.target.isolation.stream import ConnectionEnded

pytestmark = pytest.mark.once


class Client(socket.socket):
    """Remembers the size of the largest part that it is sent."""

    largest = 0

    def sendall(self, data, *rest):
        self.largest = max(self.largest, len(data))
        super().sendall(data, *rest)


@contextlib.contextmanager
def session_with(answer):
    """A session whose server answers each exchange with these messages."""
    ours, theirs = socket.socketpair()
    relayed, server = socket.socketpair()
    client = Client(fileno=ours.detach())

    def serve():
        with contextlib.suppress(ConnectionEnded, OSError):
            reader = MessageReader(server)
            while True:
                if reader.read()[0] == b"S":
                    server.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    with client, theirs, relayed, server:
        yield Session(client, ServerConnection(relayed, {}, 1)), client, theirs


def drain(stream):
    def read():
        with contextlib.suppress(OSError):
            while stream.recv(1 << 16):
                continue

    threading.Thread(target=read, daemon=True).start()


def test_answer_of_any_size_is_passed_on_in_parts():
    rows = message(b"D", b"x" * 100_000) * 200
    steps = message(b"C", b"BEGIN\0") + message(b"C", b"SELECT 1\0")
    answer = steps + rows + message(b"C", b"SELECT 200\0") + message(b"Z", b"I")
    with session_with(answer) as (session, client, theirs):
        drain(theirs)
        session._run_alone(b"SELECT repeat('x', 100000) FROM generate_series(1, 200)")
        assert 0 < client.largest < 2 * MAX_ANSWER_BYTES


def test_row_that_is_too_large_ends_the_session(monkeypatch):
    monkeypatch.setattr(relay, "MAX_ROW_BYTES", 1000)
    with session_with(message(b"D", b"x" * 2000)) as (session, _, theirs):
        drain(theirs)
        with pytest.raises(ConnectionEnded):
            session._run_alone(b"SELECT repeat('x', 2000)")
