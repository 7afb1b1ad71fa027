"""Copy the rows of a table from one server to another, without a file between them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
from psycopg2 import sql

from ..errors import RehearsalFailed, describe_error
from .source import SourceTable, count_rows

Count = Callable[[int], None]
BUFFER_BYTES = 1 << 18
COPY_OUT = sql.SQL("COPY {} ({}) TO STDOUT WITH (FORMAT {})")
COPY_IN = sql.SQL("COPY {} ({}) FROM STDIN WITH (FREEZE, FORMAT {})")
"""``FREEZE`` requires that the table was emptied in the same transaction. Then there is no log."""


def copy_table(source: Any, sink: Any, table: SourceTable, count: Count) -> int:
    """Copy the rows of a table, compute its statistics, and return the number of rows.

    Raises:
        RehearsalFailed: One of the two servers has refused it, or the numbers differ.
    """
    if not table.columns:
        return 0
    with _open_pipe() as (reader, writer):
        sent: list[int | Exception] = []
        sender = threading.Thread(target=_send_rows, args=(source, table, writer, sent))
        sender.start()
        received: int | Exception
        try:
            received = _receive_rows(sink, table, _CountingReader(reader, count))
        except psycopg2.Error as error:
            received = error
        reader.close()  # A sender that still writes ends now.
        sender.join()
    if isinstance(received, Exception):  # The sender then fails as well.
        raise RehearsalFailed(f"{table.name} could not be copied: {describe_error(received)}")
    if isinstance(sent[0], Exception):
        raise RehearsalFailed(f"{table.name} could not be read: {describe_error(sent[0])}")
    if sent[0] != received:
        raise RehearsalFailed(f"{table.name}: {sent[0]} rows were sent and {received} arrived")
    sink.commit()
    with sink.cursor() as cursor:
        cursor.execute(sql.SQL("ANALYZE {}").format(table.identifier))
        arrived = count_rows(cursor, table.identifier)
    sink.commit()
    if arrived != received:
        raise RehearsalFailed(f"the copy of {table.name} is not complete")
    return received


def _send_rows(source: Any, table: SourceTable, writer: Any, sent: list[int | Exception]) -> None:
    try:
        with writer, source.cursor() as cursor:
            cursor.copy_expert(
                COPY_OUT.format(table.identifier, table.column_list, table.copy_format),
                writer,
                BUFFER_BYTES,
            )
            sent.append(cursor.rowcount)
    except (psycopg2.Error, OSError) as error:
        sent.append(error)


def _receive_rows(sink: Any, table: SourceTable, reader: _CountingReader) -> int:
    with sink.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE ONLY {}").format(table.identifier))
        cursor.copy_expert(
            COPY_IN.format(table.identifier, table.column_list, table.copy_format),
            reader,
            BUFFER_BYTES,
        )
        return int(cursor.rowcount)


class _CountingReader:
    """Reads from a pipe, and counts what it reads."""

    def __init__(self, reader: Any, count: Count) -> None:
        self._reader, self._count = reader, count

    def read(self, size: int) -> bytes:
        """Return the next bytes. Empty at the end."""
        data: bytes = self._reader.read1(size)
        self._count(len(data))
        return data


@contextlib.contextmanager
def _open_pipe() -> Iterator[tuple[Any, Any]]:
    read, write = os.pipe()
    with open(read, "rb", BUFFER_BYTES) as reader, open(write, "wb", BUFFER_BYTES) as writer:
        try:
            yield reader, writer
        finally:
            with contextlib.suppress(OSError):
                writer.close()
