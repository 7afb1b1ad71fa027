"""Messages of PostgreSQL, in any pieces in which they arrive."""

import struct

import pytest

from nautobot_upgrade_jobs.target.isolation.postgresql.wire import (
    MessageReader,
    error,
    greeting,
    message,
    read_startup,
    step,
)
from nautobot_upgrade_jobs.target.isolation.stream import ConnectionEnded


def read_all(reader):
    while True:
        try:
            yield reader.read()
        except ConnectionEnded:
            return


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_reader_returns_whole_messages(pair, size, send):
    rows = [message(b"D", bytes([number])) for number in range(5)]
    sent = [message(b"T", b"columns"), *rows, message(b"C", b"SELECT 5\0"), message(b"Z", b"I")]
    send(pair[1], b"".join(sent), size)
    received = list(read_all(MessageReader(pair[0])))
    assert b"".join(whole for _, whole in received) == b"".join(sent)
    assert [kind for kind, _ in received if kind != b"D"] == [b"T", b"C", b"Z"]


@pytest.mark.parametrize("length", [-1, 0, 3, 1001, 0x7FFFFFFF])
def test_reader_refuses_a_message_of_another_size(pair, length):
    pair[1].sendall(struct.pack("!ci", b"Q", length) + b"x" * 2000)
    with pytest.raises(ConnectionEnded):
        MessageReader(pair[0]).read(1000)


def test_reader_returns_rows_together(pair, send):
    send(pair[1], message(b"D", b"1") * 3 + message(b"C"), 1000)
    assert [kind for kind, _ in read_all(MessageReader(pair[0]))] == [b"D", b"C"]


@pytest.mark.parametrize("data", [b"", b"Q\0\0", message(b"Q", b"select 1\0")[:-3]])
def test_reader_of_an_incomplete_message_ends(pair, data, send):
    send(pair[1], data, 1000)
    with pytest.raises(ConnectionEnded):
        MessageReader(pair[0]).read()


def test_step_holds_one_statement_and_asks_for_text():
    assert [part for part in (b"P", b"B", b"D", b"E") if part in step(b"SELECT 1")] == [
        b"P",
        b"B",
        b"D",
        b"E",
    ]
    assert step(b"SELECT 1").count(b"SELECT 1\0") == 1


def startup(code=196608, body=b"user\0nautobot\0database\0n\0\0"):
    return struct.pack("!ii", len(body) + 8, code) + body


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (startup(), {"user": "nautobot", "database": "n"}),
        (startup(80877103, b"") + startup(), {"user": "nautobot", "database": "n"}),
        (startup(80877102, b"12345678"), None),
        (struct.pack("!ii", 2**30, 196608), None),
        (struct.pack("!ii", -1, 196608), None),
    ],
)
def test_read_startup_refuses_what_is_no_session(pair, data, expected):
    pair[1].sendall(data)
    assert read_startup(pair[0]) == expected


def test_greeting_reports_the_parameters_of_the_server():
    sent = b"".join(greeting({"server_version": "18.0"}, 42))
    assert message(b"S", b"server_version\x0018.0\0") in sent
    assert message(b"K", struct.pack("!ii", 42, 0)) in sent
    assert sent.endswith(message(b"Z", b"I"))


def test_error_has_a_severity_a_code_and_a_text():
    assert error("no", "25006") == message(b"E", b"SERROR\0VERROR\0C25006\0Mno\0\0")
