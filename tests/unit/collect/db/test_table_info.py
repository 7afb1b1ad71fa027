"""Columns are grouped by table, and key columns are in key order."""

from nautobot_upgrade_jobs.collect.db.table_info import ColumnInfo, TableInfo, build_table_info

ID, NAME, SITE = ColumnInfo("id", "uuid"), ColumnInfo("name", "text"), ColumnInfo("site", "uuid")


def test_build_table_info_keeps_the_order_of_tables_and_columns():
    tables = build_table_info([("b", ID, 1), ("b", NAME, None), ("a", ID, 1)])
    assert list(tables) == ["b", "a"]
    assert tables["b"] == TableInfo(("id",), (ID, NAME))


def test_build_table_info_sorts_a_composite_key_by_position():
    (table,) = build_table_info([("t", NAME, 2), ("t", ID, None), ("t", SITE, 1)]).values()
    assert table.primary_key == ("site", "name")
    assert table.key == (SITE, NAME)


def test_build_table_info_table_without_key_has_an_empty_key():
    (table,) = build_table_info([("t", NAME, None)]).values()
    assert (table.primary_key, table.key) == ((), ())
