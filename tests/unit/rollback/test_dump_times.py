"""Times in the rows of a dump."""

from datetime import datetime, timezone

import pytest

from nautobot_upgrade_jobs.rollback.dump_times import NewestChange, parse_timestamp, time_columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22 08:40:00+00", (8, 40, 0, 0)),
        ("2026-11-22 09:40:00.5+01", (8, 40, 0, 500_000)),
        ("2026-11-22 14:10:00.123456+05:30", (8, 40, 0, 123_456)),
        ("2026-11-22 03:40:00-05", (8, 40, 0, 0)),
        ("2026-11-22 08:40:00.000001", (8, 40, 0, 1)),
        ("2026-11-22", None),
        ("2026-13-22 08:40:00+00", None),
        ("2026-11-22 08:40:00+00 and more", None),
        ("\\N", None),
        ("", None),
    ],
)
def test_parse_timestamp_returns_utc(text, expected):
    found = parse_timestamp(text)
    assert found == (expected and datetime(2026, 11, 22, *expected, tzinfo=timezone.utc))


@pytest.mark.parametrize(
    ("table", "columns", "expected"),
    [
        ("extras_objectchange", ("id", "time", "user_name"), (1,)),
        ("dcim_device", ("id", "created", "name", "last_updated"), (1, 3)),
        ("dcim_device", ("id", "created"), ()),
        ("users_token", ("id", "time"), ()),
    ],
)
def test_time_columns_are_those_that_a_change_sets(table, columns, expected):
    assert time_columns(table, columns) == expected


def test_newest_change_is_independent_of_the_order_and_the_time_zone():
    newest = NewestChange()
    for text in (
        "2026-11-22 23:00:00-11",
        "2026-11-23 09:59:00+00",
        "2026-11-23 12:00:00+14",
        "2026-01-01 00:00:00+00",
    ):
        newest.read_row([text], [0])
    assert newest.time == datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
