"""Find the newest change in the rows of a dump.

The time in the head of a dump does not help: it is the local time of the host that made the dump,
without its time zone. The rows have the times of the database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

CHANGE_LOG = "extras_objectchange"
CHANGE_LOG_COLUMNS = ("time",)
MODEL_COLUMNS = ("created", "last_updated")
"""The columns that each change of a Nautobot object sets."""
TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::?(\d\d))?)?$"
)
INSERTED_CHANGE = re.compile(
    r"\('[0-9a-f-]{32,36}', ?'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[0-9.:+-]{0,16})'"
)
"""The key and the time of a row of the change log, at the begin of its values."""


@dataclass
class NewestChange:
    """The newest time in rows that are read one after the other."""

    time: datetime | None = None
    _oldest_day: str = ""
    """Times before this day cannot be newer. Time zones differ by at most a day."""

    def read_row(self, values: Sequence[str], columns: Sequence[int]) -> None:
        """Read the times at some positions of a row."""
        for column in columns:
            if column < len(values):
                self._read(values[column])

    def read_insert(self, line: str) -> None:
        """Read the times of all changes that a line inserts into the change log."""
        for text in INSERTED_CHANGE.findall(line):
            self._read(text)

    def _read(self, text: str) -> None:
        if text < self._oldest_day:
            return
        found = parse_timestamp(text)
        if found and (self.time is None or found > self.time):
            self.time = found
            self._oldest_day = (found - timedelta(days=1)).date().isoformat()


def time_columns(table: str, columns: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of the columns that a change of an object sets."""
    names = CHANGE_LOG_COLUMNS if table == CHANGE_LOG else MODEL_COLUMNS
    if not {*names} <= {*columns}:
        return ()
    return tuple(number for number, name in enumerate(columns) if name in names)


def parse_timestamp(text: str) -> datetime | None:
    """Parse a time as PostgreSQL or MySQL write it. Without a time zone it is UTC."""
    parts = TIMESTAMP.match(text)
    if parts is None:
        return None
    clock, fraction, sign, hours, minutes = parts.groups()
    try:
        found = datetime.fromisoformat(clock).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    offset = -offset if sign == "-" else offset
    return found + timedelta(microseconds=int((fraction or "0").ljust(6, "0"))) - offset
