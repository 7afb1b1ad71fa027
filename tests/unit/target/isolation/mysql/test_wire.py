"""Packets of MySQL, in any pieces in which they arrive."""

import pytest

from nautobot_upgrade_jobs.target.isolation.mysql.wire import (
    IN_READ_ONLY_TRANSACTION,
    MAX_PAYLOAD,
    TLS,
    Greeting,
    Packet,
    PacketReader,
    command,
    error,
    error_text,
    is_end,
    ok,
    status_of,
)
from nautobot_upgrade_jobs.target.isolation.stream import ConnectionEnded

END = b"\xfe\0\0\2\0"


@pytest.mark.parametrize("size", [1, 3, 100, 100_000])
def test_reader_returns_whole_packets(pair, size, send):
    sent = [Packet(0, b"a"), Packet(1, b""), Packet(2, b"x" * 70_000)]
    send(pair[0], b"".join(packet.encode() for packet in sent), size)
    reader = PacketReader(pair[1])
    assert [reader.read() for _ in sent] == sent
    with pytest.raises(ConnectionEnded):
        reader.read()


@pytest.mark.parametrize("length", [0, 1, MAX_PAYLOAD - 1, MAX_PAYLOAD, MAX_PAYLOAD + 1])
def test_command_of_any_length_is_read_back(pair, length, send):
    payload = b"x" * length
    send(pair[0], command(payload), 1 << 20)
    assert PacketReader(pair[1]).read_command(2 * MAX_PAYLOAD) == payload


def test_command_that_is_too_long_ends_the_session(pair, send):
    send(pair[0], command(b"x" * MAX_PAYLOAD + b"y"), 1 << 20)
    with pytest.raises(ConnectionEnded):
        PacketReader(pair[1]).read_command(MAX_PAYLOAD)


def test_whole_rows_end_before_the_last_packet(pair):
    rows = [Packet(number, b"\1" + bytes([number])).encode() for number in range(1, 5)]
    last = Packet(5, END)
    pair[0].sendall(b"".join([*rows, last.encode()]))
    reader = PacketReader(pair[1])
    assert reader.read().payload == b"\1\1"
    assert reader.read_whole_rows() == b"".join(rows[1:])
    assert reader.read_whole_rows() == b""
    assert reader.read() == last


def test_row_that_has_not_arrived_is_left(pair):
    row = Packet(1, b"\1a").encode()
    pair[0].sendall(row + row + row[:5])
    reader = PacketReader(pair[1])
    reader.read()
    assert reader.read_whole_rows() == row


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (END, True),
        (b"\xff\0\0", True),
        (b"\xfe" + b"\0" * 8, False),  # A row whose first value has an eight-byte length.
        (b"\1a", False),
        (b"", False),
    ],
)
def test_end_of_rows_is_recognized(payload, expected):
    assert is_end(payload) is expected


@pytest.mark.parametrize(
    "payload",
    [
        ok(1, IN_READ_ONLY_TRANSACTION)[4:],
        b"\0\xfc\1\1\xfd\1\1\1" + IN_READ_ONLY_TRANSACTION.to_bytes(2, "little") + b"\0\0",
        b"\xfe\0\0" + IN_READ_ONLY_TRANSACTION.to_bytes(2, "little"),
    ],
)
def test_status_is_found(payload):
    assert status_of(payload) == IN_READ_ONLY_TRANSACTION


def test_error_has_number_and_text():
    assert error_text(error(1, "refused", 1792, "25006")[4:]) == "(1792) refused"


def test_withheld_greeting_keeps_everything_else():
    capabilities = 0xDFFF_FFFF
    low, high = capabilities.to_bytes(4, "little")[:2], capabilities.to_bytes(4, "little")[2:]
    payload = (
        b"\x0a9.7.4\0"
        + (7).to_bytes(4, "little")
        + b"saltsalt\0"
        + low
        + b"\xff\2\0"
        + high
        + b"\x15"
        + b"\0" * 10
        + b"moresaltmore\0caching_sha2_password\0"
    )
    assert Greeting(payload[:-1] + b"\0another_plugin\0").plugin == ""
    greeting = Greeting(payload)
    assert greeting.session == 7
    assert greeting.capabilities == capabilities
    kept = greeting.withhold()
    assert kept.plugin == greeting.plugin == "caching_sha2_password"
    assert not kept.capabilities & TLS
    assert kept.capabilities & 0x200, "the protocol of version 4.1"
    assert len(kept.payload) == len(payload)
    assert kept.withhold() == kept
