"""Examples of the rules in ``database``."""

import pytest

from nautobot_upgrade_jobs.checks.remediation import sql
from nautobot_upgrade_jobs.checks.rules.database import missing_privileges, sequence_behind
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.database import EventTrigger, IdSequence, Transaction
from tests.support.builders import database, facts, mysql, target


@pytest.mark.parametrize(
    ("server", "wanted", "expected"),
    [
        (database(version="14.0"), "3.2.7", []),
        (database(version="18.4"), "3.2.7", []),
        (database(version="12.22"), "3.0.11", []),
        (database(version="13.16"), "2.4.44", []),
        (mysql(version="8.0.11"), "3.2.7", []),
        (mysql(version="9.7.4"), "3.2.7", []),
        (database(version="13.16"), "3.2.7", [("blocker", "postgresql")]),
        (database(version="11.22"), "2.4.44", [("blocker", "postgresql")]),
        (mysql(version="8.0.4"), "3.2.7", [("blocker", "mysql")]),
        (mysql(version="5.7.44"), "2.4.44", [("blocker", "mysql")]),
        (mysql(vendor="mariadb", version="10.11.6"), "3.2.7", "not_applicable"),
    ],
)
def test_unsupported_server_version_below_the_minimum_blocks(findings_of, server, wanted, expected):
    state = facts(database=server)
    assert (
        findings_of("database.unsupported_server_version", state, target(wanted, "2.4.43"))
        == expected
    )


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (database(), []),
        (mysql(), []),
        (mysql(vendor="mariadb", version="10.11.6"), [("blocker", "mariadb")]),
    ],
)
def test_unsupported_mariadb_blocks_mariadb_only(findings_of, server, expected):
    assert findings_of("database.unsupported_mariadb", facts(database=server)) == expected


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (database(), []),
        (database(encoding="utf-8"), []),
        (mysql(), []),
        (database(encoding="SQL_ASCII"), [("warning", "encoding")]),
        (
            mysql(encoding="latin1", collations_in_use={"latin1_swedish_ci": 3}),
            [("warning", "encoding"), ("blocker", "collations")],
        ),
        (
            mysql(collation="latin1_swedish_ci", collations_in_use={"latin1_swedish_ci": 3}),
            [("warning", "collations")],
        ),
        (
            mysql(collations_in_use={"utf8mb4_0900_ai_ci": 200, "utf8mb4_general_ci": 5}),
            [("blocker", "collations")],
        ),
        (
            mysql(collations_in_use={"utf8mb4_general_ci": 205}),
            [("blocker", "default collation")],
        ),
        (mysql(collation="utf8mb4_general_ci", collations_in_use={"utf8mb4_general_ci": 9}), []),
        (database(collation="de_DE.UTF-8", collations_in_use={"utf8mb4": 9}), []),
    ],
)
def test_wrong_character_set_warns_of_encodings_and_blocks_collations(
    findings_of, server, expected
):
    assert findings_of("database.wrong_character_set", facts(database=server)) == expected


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (database(), []),
        (mysql(), []),
        (database(can_create_tables=False), [("blocker", "create")]),
        (mysql(can_create_tables=False), [("blocker", "create")]),
        (database(tables_not_owned=("dcim_cable",)), [("blocker", "ownership")]),
    ],
)
def test_missing_privileges_of_the_migrating_role_block(findings_of, server, expected):
    assert findings_of("database.missing_privileges", facts(database=server)) == expected


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (database(), []),
        (database(schema="app", creation_schema="app"), []),
        (mysql(schema="nautobot", creation_schema="nautobot"), []),
        (database(creation_schema="nautobot"), [("warning", "search_path")]),
        (database(creation_schema=""), [("warning", "search_path")]),
        (database(creation_schema=Unavailable("denied")), "skipped"),
    ],
)
def test_tables_in_two_schemas_warns_before_new_tables_go_elsewhere(findings_of, server, expected):
    assert findings_of("database.tables_in_two_schemas", facts(database=server)) == expected


@pytest.mark.parametrize(
    ("triggers", "expected"),
    [
        ((), []),
        (
            (EventTrigger("audit", "ddl_command_end", "log()"),),
            [("warning", "audit (ddl_command_end, log())")],
        ),
        (Unavailable("denied"), "skipped"),
    ],
)
def test_event_triggers_warn(findings_of, triggers, expected):
    state = facts(database=database(event_triggers=triggers))
    assert findings_of("database.event_triggers", state) == expected


@pytest.mark.parametrize(
    ("last", "highest", "expected"),
    [
        (10, 10, []),
        (11, 10, []),
        (0, 0, []),
        (9, 10, [("blocker", "django_migrations.id")]),
        (0, 1, [("blocker", "django_migrations.id")]),
    ],
)
def test_sequence_behind_its_rows_blocks(findings_of, last, highest, expected):
    sequence = IdSequence("django_migrations", "id", "django_migrations_id_seq", last, highest)
    state = facts(database=database(sequences=(sequence,)))
    assert findings_of("database.sequence_behind", state) == expected


def test_long_transactions_of_other_sessions_warn(findings_of):
    open_ = Transaction(4711, "celery", "idle in transaction", 7200)
    assert findings_of(
        "database.long_transactions", facts(database=database(transactions=(open_,)))
    ) == [("warning", "celery")]
    assert findings_of("database.long_transactions") == []


def test_sequence_behind_for_a_key_without_a_sequence_blocks(findings_of):
    sequence = IdSequence("django_migrations", "id", "", 0, 421)
    state = facts(database=database(sequences=(sequence,)))
    assert findings_of("database.sequence_behind", state) == [("blocker", "django_migrations.id")]


def test_database_commands_with_hostile_names_quote_them():
    hostile = database(can_create_tables=False, schema='s"x', role='r"y', tables_not_owned=('t"z',))
    create, ownership = missing_privileges(hostile)
    assert create.commands == (sql('GRANT CREATE ON SCHEMA "s""x" TO "r""y";'),)
    assert ownership.commands == (sql('ALTER TABLE "t""z" OWNER TO "r""y";'),)
    behind = database(sequences=(IdSequence("t", "id", '"it\'s"', 1, 2),))
    (finding,) = sequence_behind(behind)
    assert finding.commands == (sql("SELECT setval('\"it''s\"', 2);"),)
