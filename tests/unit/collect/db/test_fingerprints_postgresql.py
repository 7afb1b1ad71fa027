"""Fingerprint queries for PostgreSQL."""

import pytest

from nautobot_upgrade_jobs.collect.db.fingerprints_postgresql import (
    build_fingerprint_query,
    describe_server,
    find_ddl_sessions,
    read_table_info,
    supports_bit_xor,
)
from nautobot_upgrade_jobs.collect.db.table_info import ColumnInfo, TableInfo

KEY = ColumnInfo("id", "uuid", nullable=False, hash_function="uuid_hash_extended")
TEXT = ColumnInfo("name", "varchar", hash_function="hashtextextended")


def query(*columns, key=(KEY,), **options):
    return build_fingerprint_query(options.pop("connection"), "t", key, columns, **options)


def test_build_fingerprint_query_seeds_each_value_with_the_key_hash(canned):
    sql = query(TEXT, connection=canned())
    assert 'uuid_hash_extended("id", 0) AS upgrade_jobs_seed' in sql
    assert 'bit_xor(hashtextextended("name", upgrade_jobs_seed))' in sql


@pytest.mark.parametrize("nullable", [True, False])
def test_build_fingerprint_query_counts_values_of_nullable_columns_only(canned, nullable):
    sql = query(ColumnInfo("name", "varchar", nullable=nullable), connection=canned())
    assert ('count("name")' in sql) is nullable


@pytest.mark.parametrize(
    ("column_type", "expression"),
    [
        pytest.param("bool", "hash_record_extended(ROW(", id="hashed as a record"),
        pytest.param("timestamptz", "hash_record_extended(ROW(", id="time as a record"),
        pytest.param("json", 'hashtextextended("c"::text', id="hashed as text"),
    ],
)
def test_build_fingerprint_query_type_without_own_hash_function(canned, column_type, expression):
    assert expression in query(ColumnInfo("c", column_type), connection=canned())


def test_build_fingerprint_query_without_columns_hashes_keys_only(canned):
    assert query(connection=canned()) == (
        'SELECT 0, count(*), bit_xor(uuid_hash_extended("id", 0)) FROM "t"'
    )


def test_build_fingerprint_query_composite_key_is_hashed_as_a_record(canned):
    sql = query(connection=canned(), key=(KEY, TEXT))
    assert 'hash_record_extended(ROW("id", "name"), 0)' in sql


def test_build_fingerprint_query_table_without_key_has_no_key_hash(canned):
    assert "bit_xor(NULL::bigint)" in query(connection=canned(), key=())


def test_build_fingerprint_query_by_bucket_groups_rows(canned):
    sql = query(TEXT, connection=canned(), by_bucket=True)
    assert sql.startswith("SELECT upgrade_jobs_seed & 255, ")
    assert sql.endswith(" GROUP BY 1")


@pytest.mark.parametrize(
    ("version", "supported", "aggregate"),
    [
        pytest.param(130014, False, "sum((", id="13"),
        pytest.param(140000, True, "bit_xor(", id="14"),
        pytest.param(180000, True, "bit_xor(", id="18"),
    ],
)
def test_supports_bit_xor_since_version_14(canned, version, supported, aggregate):
    connection = canned(pg_version=version)
    assert supports_bit_xor(connection) is supported
    assert f"count(*), {aggregate}" in query(TEXT, connection=connection)


def test_read_table_info_builds_key_and_columns(canned):
    rows = [
        ("t", "id", "uuid", False, "uuid_hash_extended", 1),
        ("t", "name", "varchar", True, "hashtextextended", None),
    ]
    assert read_table_info(canned(rows)) == {"t": TableInfo(("id",), (KEY, TEXT))}


def test_describe_server_returns_the_major_version_and_collation(canned):
    assert describe_server(canned([("150004",)], [("C.UTF-8",)])) == ("postgresql 15", "C.UTF-8")


def test_find_ddl_sessions_names_process_and_application(canned):
    assert find_ddl_sessions(canned([(7, "psql"), (8, "")])) == ["session 7 psql", "session 8"]


def test_find_ddl_sessions_without_locks_returns_nothing(canned):
    assert find_ddl_sessions(canned([])) == []
