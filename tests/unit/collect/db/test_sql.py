"""SQL helpers return rows, single values and column names."""

import pytest

from nautobot_upgrade_jobs.collect.db.sql import fetch_rows, fetch_value, list_columns


def test_fetch_rows_passes_query_and_parameters(canned):
    connection = canned([(1, "a"), (2, "b")])
    assert fetch_rows(connection, "SELECT %s", ["x"]) == [(1, "a"), (2, "b")]
    assert connection.queries == [("SELECT %s", ["x"])]


def test_fetch_value_returns_the_only_value(canned):
    assert fetch_value(canned([(5,)]), "SELECT 5") == 5


@pytest.mark.parametrize(
    "rows", [[], [(1,), (2,)], [(1, 2)]], ids=["none", "two rows", "two columns"]
)
def test_fetch_value_anything_but_one_value_fails(canned, rows):
    with pytest.raises(ValueError, match="unpack"):
        fetch_value(canned(rows), "SELECT")


def test_list_columns_existing_table_returns_its_columns(canned):
    connection = canned(tables={"dcim_device": ["id", "name"]})
    assert list_columns(connection, "dcim_device") == {"id", "name"}


def test_list_columns_missing_table_returns_nothing(canned):
    assert list_columns(canned(tables={"dcim_device": ["id"]}), "dcim_cable") == set()
