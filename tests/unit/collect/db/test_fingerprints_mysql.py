"""Fingerprint queries for MySQL."""

from nautobot_upgrade_jobs.collect.db.fingerprints_mysql import (
    build_fingerprint_query,
    describe_server,
    find_ddl_sessions,
    read_table_info,
    supports_bit_xor,
)
from nautobot_upgrade_jobs.collect.db.table_info import ColumnInfo, TableInfo

KEY, TEXT, JSON = ColumnInfo("id", "char"), ColumnInfo("name", "varchar"), ColumnInfo("c", "json")


def test_build_fingerprint_query_hashes_each_value_with_the_key(canned):
    sql = build_fingerprint_query(canned(), "t", [KEY], [TEXT])
    assert 'BIT_XOR((CRC32("name") + 1) * CRC32("id"))' in sql
    assert sql.endswith(', count("name") FROM "t"')


def test_build_fingerprint_query_joins_the_parts_of_a_key(canned):
    sql = build_fingerprint_query(canned(), "t", [KEY, TEXT], [])
    assert """CRC32(CONCAT_WS('|', "id", "name"))""" in sql


def test_build_fingerprint_query_casts_json_to_text(canned):
    assert 'CAST("c" AS CHAR)' in build_fingerprint_query(canned(), "t", [KEY], [JSON])
    assert "AS CHAR)" not in build_fingerprint_query(canned(), "t", [KEY], [TEXT])


def test_build_fingerprint_query_table_without_key_has_no_key_hash(canned):
    assert build_fingerprint_query(canned(), "t", [], []) == 'SELECT 0, count(*), NULL FROM "t"'


def test_build_fingerprint_query_by_bucket_groups_rows(canned):
    sql = build_fingerprint_query(canned(), "t", [KEY], [], by_bucket=True)
    assert sql.startswith('SELECT CRC32("id") & 255, ')
    assert sql.endswith(" GROUP BY 1")


def test_supports_bit_xor_is_always_true(canned):
    assert supports_bit_xor(canned())


def test_read_table_info_builds_key_and_columns(canned):
    rows = [("t", "id", "char", 1), ("t", "name", "varchar", None)]
    assert read_table_info(canned(rows)) == {"t": TableInfo(("id",), (KEY, TEXT))}


def test_describe_server_returns_the_major_version_and_collation(canned):
    connection = canned([("8.0.36-debian",)], [("utf8mb4_bin",)])
    assert describe_server(connection) == ("mysql 8", "utf8mb4_bin")


def test_find_ddl_sessions_names_process_and_statement(canned):
    assert find_ddl_sessions(canned([(7, "ALTER TABLE t")])) == ["session 7 (ALTER TABLE t)"]
