"""Unusual installations: regression tests for their facts and findings."""

import os
import re
import socket
from copy import deepcopy

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections
from django.test import override_settings
from django.utils.functional import SimpleLazyObject

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.checks.rules import session_settings
from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.collect.db.read_only_session import PooledConnectionError, _refuse_pooler
from nautobot_upgrade_jobs.collect.db.session_settings import collect as collect_session_settings
from nautobot_upgrade_jobs.collect.support.redaction import configured_secrets, redact_text
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.preflight import run_preflight
from tests.support.brokers import sentinel_port
from tests.support.engines import mysql_only, postgresql_only

TARGET = "3.2.7"
ON_3X = settings.VERSION.startswith("3.")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.workers.REPLY_TIMEOUT_SECONDS", 0.05)
    yield
    configured_secrets.cache_clear()


@pytest.fixture
def own_database(clone):
    with clone("sample"):
        yield


def execute(statement, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def finding(key):
    return {
        one.key: one.finding for one in run_preflight(RunRequest(target=TARGET)).findings()
    }.get(key)


class Pooled:
    """A connection whose server process differs from that of its first query."""

    vendor = "postgresql"

    class connection:
        class info:
            backend_pid = 1

        class cursor:
            def __enter__(self):
                return self

            def __exit__(self, *error):
                pass

            def execute(self, statement):
                assert statement == "SELECT pg_backend_pid()"

            def fetchone(self):
                return (2,)


def test_refuse_pooler_pooled_connection_raises():
    with pytest.raises(PooledConnectionError, match="database_alias"):
        _refuse_pooler(Pooled())


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ({"login": {"password": "with/slash/in it"}}, "with/slash/in it"),
        ({"ssh_passphrase": "correct horse"}, "correct horse"),
        ({"api_token": b"bytes-are-text-too"}, "bytes-are-text-too"),
        ({"url": "redis://user:se@cretive@host:1/0"}, "se@cretive"),
        ({"snmp_community": "not-public"}, "not-public"),
    ],
)
def test_redact_text_removes_secrets_of_every_kind(value, secret):
    with override_settings(NAPALM_ARGS=value):
        configured_secrets.cache_clear()
        assert secret not in redact_text(f"error: could not use {secret} here")


@pytest.mark.parametrize("text", ["/opt/nautobot/media is missing", "no table dcim_device", "port"])
def test_redact_text_keeps_harmless_text(text):
    configured_secrets.cache_clear()
    assert redact_text(text) == text


def test_preflight_with_unreadable_settings_still_runs():
    """One setting raises when it is read, and one contains itself."""

    def refuse():
        raise RuntimeError("not now")

    circle = {}
    circle["again"] = circle
    with override_settings(LAZY_ONE=SimpleLazyObject(refuse), CIRCLE=circle):
        configured_secrets.cache_clear()
        assert redact_text("text") == "text"
        assert run_preflight(RunRequest(target=TARGET)).results


@pytest.mark.once
def test_collect_redis_behind_sentinel_reads_the_primary(tmp_path, instance):
    port = int(os.environ["NAUTOBOT_REDIS_PORT"])
    caches = deepcopy(settings.CACHES)
    caches["default"]["LOCATION"] = "redis://primary/0"
    with sentinel_port(tmp_path, instance, port) as own:
        caches["default"]["OPTIONS"] = {
            "CLIENT_CLASS": "django_redis.client.SentinelClient",
            "CONNECTION_POOL_CLASS": "redis.sentinel.SentinelConnectionPool",
            "SENTINELS": [("127.0.0.1", own)],
        }
        factory = "django_redis.pool.SentinelConnectionFactory"
        with override_settings(CACHES=caches, DJANGO_REDIS_CONNECTION_FACTORY=factory):
            facts = collect_facts(topics=("redis",)).redis
    assert (facts.product, facts.unreachable_reason) == ("Valkey", "")


def test_collect_redis_silent_server_times_out():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        caches = deepcopy(settings.CACHES)
        caches["default"]["LOCATION"] = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        with override_settings(CACHES=caches):
            facts = collect_facts(topics=("redis",))
    assert "imeout" in facts.redis.unreachable_reason


def test_collect_settings_lists_every_setting_in_the_file(tmp_path):
    path = tmp_path / "nautobot_config.py"
    path.write_text("MAINTENANCE_MODE = False\nif True:\n    TIME_ZONE: str = 'UTC'\n")
    with override_settings(SETTINGS_PATH=str(path)):
        values = collect_facts(topics=("settings",)).settings.values
    assert {"MAINTENANCE_MODE", "TIME_ZONE"} <= {setting.name for setting in values}


@postgresql_only("AUTO_INCREMENT cannot fall behind its own column")
@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE django_migrations ALTER id DROP IDENTITY",
        'ALTER TABLE django_migrations ALTER id DROP IDENTITY; CREATE SEQUENCE "It\'s odd"; '
        "ALTER TABLE django_migrations ALTER id SET DEFAULT nextval('\"It''s odd\"')",
    ],
)
def test_sequence_behind_without_own_sequence_is_found_and_fixed(statement):
    key = "database.sequence_behind:django_migrations.id"
    assert finding(key) is None
    execute(statement)
    for command in finding(key).commands:
        execute(command.text)
    assert finding(key) is None
    execute("INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())")


@postgresql_only("MySQL has no schemas in a database")
@pytest.mark.usefixtures("own_database")
def test_collect_database_finds_the_schema_of_the_tables():
    """The tables are in the last schema of the search path."""
    execute("CREATE SCHEMA nb")
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    for table in tables:
        execute(f'ALTER TABLE "{table}" SET SCHEMA nb')
    name = connection.settings_dict["NAME"]
    execute(f'ALTER DATABASE "{name}" SET search_path = public, nb')
    connections["default"].close()
    facts = collect_facts(topics=("database", "tables"))
    assert facts.database.schema == "nb"
    assert {sequence.table for sequence in facts.database.sequences} >= {"django_migrations"}
    assert {table.name for table in facts.tables.tables} >= {"dcim_device"}


@mysql_only("PostgreSQL compares no collations in foreign keys")
@pytest.mark.usefixtures("own_database")
def test_default_collation_that_differs_from_the_tables_is_found_and_fixed():
    key = "database.wrong_character_set:default collation"
    new_table = (
        "CREATE TABLE planted (id char(32) PRIMARY KEY, device_id char(32), "
        "FOREIGN KEY (device_id) REFERENCES dcim_device (id))"
    )
    assert finding(key) is None
    execute(f"ALTER DATABASE `{connection.settings_dict['NAME']}` COLLATE utf8mb4_bin")
    with pytest.raises(OperationalError, match="3780"):
        execute(new_table)
    (command,) = finding(key).commands
    execute(command.text)
    assert finding(key) is None
    execute(new_table)
    execute("DROP TABLE planted")


@postgresql_only("tables have no owner on MySQL")
@pytest.mark.usefixtures("own_database")
def test_collect_database_ignores_tables_of_other_owners():
    execute("CREATE ROLE neighbour")
    try:
        execute("CREATE TABLE backup_of_devices AS SELECT * FROM dcim_device")
        execute("ALTER TABLE backup_of_devices OWNER TO neighbour")
        assert collect_facts(topics=("database",)).database.tables_not_owned == ()
    finally:
        execute("DROP TABLE backup_of_devices")
        execute("DROP ROLE neighbour")


@pytest.mark.usefixtures("own_database")
def test_preflight_unmigrated_code_starts_from_the_old_release():
    """The migration records of the installed line are removed, as if its code were new."""
    catalog = load_catalog()
    old = "2.4.44" if ON_3X else "2.4.10"
    for key in catalog.migrations(settings.VERSION) - catalog.migrations(old):
        app, _, name = key.partition(".")
        execute("DELETE FROM django_migrations WHERE app = %s AND name = %s", [app, name])
    report = run_preflight(RunRequest(target=TARGET))
    assert report.verdict is Verdict.BLOCKED
    ran = {result.check for result in report.results if result.status.value != "not_applicable"}
    assert ran >= {"jobs.pending_approvals", "data.dangling_cables"}


@pytest.mark.usefixtures("own_database")
def test_preflight_old_social_django_labels_are_not_orphaned():
    """social_django once recorded its migrations under labels that no current release has."""
    for label in ("default", "social_auth"):
        execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, '0001_initial', now())",
            [label],
        )
    assert not any(
        re.match("apps.orphaned_data", one.key)
        for one in run_preflight(RunRequest(target=TARGET)).findings()
    )


SCHEMA_TOPICS = ("schema", "fingerprints", "tables")


def facts_about_tables():
    facts = collect_facts(topics=(*SCHEMA_TOPICS, "database"))
    fingerprints = facts.fingerprints.tables
    assert len(fingerprints) > 100
    return facts.database, (facts.schema, set(fingerprints), facts.tables)


@postgresql_only("a database of MySQL has no schemas")
@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize("table", ["", "tenancy_tenant", "someones_table"])
def test_schema_that_is_earlier_in_the_search_path_hides_no_table(table):
    """The default search path begins with a schema of the name of the role."""
    before, expected = facts_about_tables()
    name = connection.ops.quote_name(before.role)
    execute(f"CREATE SCHEMA {name}")
    database, found = facts_about_tables()
    assert found == expected
    assert (database.schema, database.creation_schema) == (before.schema, before.role)
    assert finding("database.tables_in_two_schemas:search_path")
    if table:  # A table of the same name is the one that Django now reads and alters.
        execute(f"CREATE TABLE {name}.{table} (id integer PRIMARY KEY)")
        _, (schema, fingerprints, _) = facts_about_tables()
        columns = {key for key in schema.columns.items if key.startswith(f"{table}.")}
        assert columns == {f"{table}.id"}
        assert fingerprints == expected[1] | {table}


@postgresql_only("MySQL enforces foreign keys without triggers")
@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(("triggers", "expected"), [("ALL", ("dcim_device",)), ("USER", ())])
def test_foreign_keys_that_are_not_enforced_are_found(triggers, expected):
    execute(f"ALTER TABLE dcim_device DISABLE TRIGGER {triggers}")
    assert collect_facts(topics=("database",)).database.disabled_triggers == expected


SET_STATEMENTS = {
    "role in database": "ALTER ROLE {role} IN DATABASE {database} {change}",
    "role": "ALTER ROLE {role} {change}",
    "database": "ALTER DATABASE {database} {change}",
}


@postgresql_only("MySQL has one value for the whole server")
@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize("source", SET_STATEMENTS)
@pytest.mark.parametrize(
    ("check", "name", "value"),
    [
        (session_settings.time_limits, "statement_timeout", "'5s'"),
        (session_settings.time_limits, "lock_timeout", "500"),
        (session_settings.read_only, "default_transaction_read_only", "on"),
        (session_settings.ignored_foreign_keys, "session_replication_role", "replica"),
    ],
)
def test_setting_of_new_sessions_is_found(check, name, value, source):
    server = collect_facts(topics=("database",)).database
    names = {
        "role": connection.ops.quote_name(server.role),
        "database": connection.ops.quote_name(server.name),
    }
    assert not list(check(server))
    execute(SET_STATEMENTS[source].format(change=f"SET {name} = {value}", **names))
    connection.close()
    try:
        changed = collect_facts(topics=("database",)).database
    finally:
        execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        execute(SET_STATEMENTS[source].format(change=f"RESET {name}", **names))
        connection.close()
    assert [found.subject for found in check(changed)] == [name]
    assert (name, source) in {(one.name, one.source) for one in changed.session_settings}


@mysql_only("a setting of MySQL")
@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    ("check", "name", "value"),
    [
        (session_settings.time_limits, "wait_timeout", 60),
        (session_settings.time_limits, "max_execution_time", 5000),
        (session_settings.ignored_foreign_keys, "foreign_key_checks", 0),
    ],
)
def test_setting_of_new_sessions_of_mysql_is_found(check, name, value):
    assert not list(check(collect_facts(topics=("database",)).database))
    execute(f"SET GLOBAL {name} = {value}")
    try:
        changed = collect_facts(topics=("database",)).database
    finally:
        execute(f"SET GLOBAL {name} = DEFAULT")
    assert [found.subject for found in check(changed)] == [name]


@postgresql_only("MySQL shows the values of the server")
@pytest.mark.usefixtures("own_database")
def test_own_limit_of_a_reader_hides_that_of_the_server():
    reader = connection.ops.quote_name(connection.settings_dict["USER"])
    execute(f"ALTER ROLE {reader} SET statement_timeout = '5s'")
    connection.close()
    try:
        found = collect_session_settings(connection, {"USER": "another"})
    finally:
        execute(f"ALTER ROLE {reader} RESET statement_timeout")
        connection.close()
    hidden = {one.name for one in found if isinstance(one.value, Unavailable)}
    assert hidden == {"statement_timeout"}


@pytest.mark.usefixtures("own_database")
def test_time_limit_in_the_options_of_the_connection_is_found(instance, monkeypatch):
    option, value, name = {
        "postgresql": ("options", "-c statement-timeout=5s", "statement_timeout"),
        "mysql": ("init_command", "SET SESSION wait_timeout = 60", "wait_timeout"),
    }[instance.engine]
    configured = settings.DATABASES["default"]
    monkeypatch.setitem(configured, "OPTIONS", {**configured.get("OPTIONS", {}), option: value})
    found = session_settings.time_limits(collect_facts(topics=("database",)).database)
    assert [one.subject for one in found] == [name]


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    ("trigger", "is_required"),
    [("BEFORE INSERT", False), ("AFTER INSERT", True), ("BEFORE UPDATE", True), ("", True)],
)
def test_added_column_that_a_trigger_fills_stops_no_insert(instance, trigger, is_required):
    execute("DELETE FROM extras_note")
    execute("ALTER TABLE extras_note ADD COLUMN ours integer NOT NULL")
    if instance.engine == "mysql":
        execute("ALTER TABLE extras_note ALTER COLUMN ours DROP DEFAULT")
    event = f"CREATE TRIGGER fill_ours {trigger} ON extras_note FOR EACH ROW"
    new_value = "SET @ours = 1" if trigger.startswith("AFTER") else "SET NEW.ours = 1"
    if trigger and instance.engine == "mysql":
        execute(f"{event} {new_value}")
    elif trigger:
        execute(
            "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN NEW.ours = 1; RETURN NEW; END $$; {event} EXECUTE FUNCTION fill()"
        )
    required = collect_facts(topics=("schema",)).schema.required_columns
    assert ("extras_note.ours" in required) == is_required


@postgresql_only("MySQL has no event triggers")
@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    ("state", "expected"), [("ENABLE", 1), ("ENABLE REPLICA", 0), ("DISABLE", 0)]
)
def test_event_trigger_that_can_stop_migrate_is_found(state, expected):
    execute(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'not in production'; END $$; "
        "CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION refuse()"
    )
    execute(f"ALTER EVENT TRIGGER guard {state}")
    found = collect_facts(topics=("database",)).database.event_triggers
    assert [str(trigger) for trigger in found] == ["guard (ddl_command_start, refuse())"] * expected


@pytest.mark.parametrize(("root", "is_usual"), [("", True), (None, False), ("/elsewhere", False)])
def test_configuration_that_the_plan_would_not_find_is_a_fact(monkeypatch, root, is_usual):
    if root is None:
        monkeypatch.delenv("NAUTOBOT_ROOT")
    elif root:
        monkeypatch.setenv("NAUTOBOT_ROOT", root)
    found = collect_facts(topics=("runtime",)).runtime.config_file
    assert found == ("" if is_usual else settings.SETTINGS_PATH)


@pytest.mark.usefixtures("own_database")
def test_migration_that_runs_during_the_run_makes_it_incomplete():
    """The facts would be of two states of the schema."""

    other = connections.create_connection("default")

    def record(topic):
        if topic == "schema":
            with other.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO django_migrations (app, name, applied) "
                    "VALUES ('dcim', '0999', now())"
                )
            other.close()

    found = collect_facts(topics=("migrations", "schema"), progress=record).migrations
    assert isinstance(found, Unavailable)
    assert "dcim.0999" in found.reason


@postgresql_only("a statement of MySQL ends before the collection does")
@pytest.mark.usefixtures("own_database")
def test_session_that_changes_the_schema_makes_the_run_incomplete():
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("ALTER TABLE extras_note ADD COLUMN begun integer")
            found = collect_facts(topics=("migrations",)).migrations
    finally:
        other.rollback()
        other.close()
    assert isinstance(found, Unavailable)
    assert "seems to be running" in found.reason
    assert not isinstance(collect_facts(topics=("migrations",)).migrations, Unavailable)
