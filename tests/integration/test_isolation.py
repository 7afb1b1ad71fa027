"""Foreign code and the live installation: the relay, and an App that tries to change it."""

import hashlib
import io
import os
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.target.inspect import BuildLimits, inspect_installed
from nautobot_upgrade_jobs.target.isolation import sandbox
from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation
from tests.support.builders import app
from tests.support.nautobot import rows_of_every_table
from tests.support.tls_proxy import tls_proxy, write_certificate

SUPPORT = Path(__file__).parents[1] / "support"
CHANGE = "UPDATE django_content_type SET model = 'x'"


@pytest.fixture
def postgresql(instance):
    if instance.engine != "postgresql":
        pytest.skip("only PostgreSQL has a relay")


@pytest.fixture(scope="module", autouse=True)
def _unchanged(nautobot):
    """No test of this module changes a row."""
    before = rows()
    yield
    assert rows() == before


@pytest.fixture
def relayed(postgresql, tmp_path):
    """A function that opens a session through a relay."""
    import psycopg2

    from nautobot_upgrade_jobs.target.isolation.relay import Relay

    opened = []

    def connect(**parameters):
        words = {"user": "any", "dbname": "any", "password": "", **parameters}
        opened.append(psycopg2.connect(host=str(tmp_path), **words))
        return opened[-1]

    with Relay(tmp_path, connection.get_connection_params(), 30):
        yield connect
        for each in opened:
            each.close()


def rows():
    with connection.cursor() as cursor:
        return rows_of_every_table(cursor)


def database_state():
    """Return what the statements of these tests would change."""
    queries = (
        "SELECT * FROM django_content_type ORDER BY id",
        "SELECT relname FROM pg_class ORDER BY 1",
        "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
        "SELECT oid FROM pg_largeobject_metadata ORDER BY 1",
        "SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory'",
        "SELECT gid FROM pg_prepared_xacts",
    )
    with connection.cursor() as cursor:
        return {
            (query, row) for query in queries for row in (cursor.execute(query), *cursor.fetchall())
        }


@pytest.mark.parametrize(
    "statements",
    [
        [CHANGE],
        ["BEGIN", CHANGE, "COMMIT"],
        ["BEGIN READ WRITE", CHANGE, "COMMIT"],
        ["SET default_transaction_read_only = off", CHANGE],
        ["SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", CHANGE],
        ["BEGIN", "SET TRANSACTION READ WRITE", CHANGE, "COMMIT"],
        ["BEGIN", "SAVEPOINT a", "SET transaction_read_only = off", CHANGE, "COMMIT"],
        ["BEGIN", "SELECT set_config('transaction_read_only', 'off', true)", CHANGE, "COMMIT"],
        ["COMMIT AND CHAIN", "SET TRANSACTION READ WRITE", CHANGE, "COMMIT"],
        ["BEGIN", "COMMIT AND CHAIN", "SET TRANSACTION READ WRITE", CHANGE, "COMMIT"],
        ["BEGIN", "/* */ ROLLBACK AND CHAIN", "SET TRANSACTION READ WRITE", CHANGE, "COMMIT"],
        [f"COMMIT; {CHANGE}"],
        [f"SELECT 1; COMMIT; BEGIN READ WRITE; {CHANGE}; COMMIT"],
        [f"DO $$BEGIN COMMIT; {CHANGE}; END$$"],
        [f"DO $$BEGIN SET TRANSACTION READ WRITE; {CHANGE}; END$$"],
        ["BEGIN", f"PREPARE q AS {CHANGE}", "EXECUTE q", "COMMIT"],
        [f"EXPLAIN ANALYZE {CHANGE}"],
        ["SELECT lo_create(4711)"],
        ["BEGIN", "SELECT lo_create(4711)", "COMMIT"],
        ["SELECT nextval('django_migrations_id_seq')"],
        ["SELECT setval('django_migrations_id_seq', 1)"],
        ["BEGIN", "PREPARE TRANSACTION 'kept'"],
        ["PREPARE TRANSACTION 'kept'"],
        ["SELECT * FROM django_content_type FOR UPDATE"],
        ["CREATE TEMP TABLE t (a int)", "COPY t FROM STDIN"],
        ["COPY django_content_type FROM STDIN"],
        ["TRUNCATE django_content_type CASCADE"],
        ["CREATE TABLE planted (a int)"],
        ["VACUUM"],
        ["SELECT pg_advisory_lock(1)"],
        ["DISCARD ALL", CHANGE],
        ["RESET ALL", CHANGE],
    ],
    ids=" | ".join,
)
def test_relayed_session_changes_nothing(relayed, statements):
    before = database_state()
    session = relayed()
    session.autocommit = True
    for statement in statements:
        try:
            session.cursor().execute(statement)
        except Exception as error:  # noqa: BLE001 - the next statement follows
            assert statement not in ("BEGIN", "COMMIT"), error
    session.close()
    deadline = time.monotonic() + 5
    while (after := database_state()) != before and time.monotonic() < deadline:
        time.sleep(0.1)  # The server ends a session shortly after its client.
    assert after == before


def test_relayed_transaction_that_got_an_id_is_rolled_back(relayed):
    """A large object on PostgreSQL 15 gets one as well. Settings show the rollback."""
    session = relayed()
    cursor = session.cursor()
    cursor.execute("SET application_name = 'kept'")
    session.commit()
    cursor.execute("SELECT txid_current()")
    cursor.execute("SET application_name = 'lost'")
    session.commit()
    cursor.execute("SHOW application_name")
    assert cursor.fetchall() == [("kept",)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1, 2.50, NULL, now() > '2000-01-01', ARRAY[1, 2], 'é'::text, '\\x00'::bytea::text",
        "SELECT * FROM django_content_type ORDER BY id",
        "SELECT repeat('x', 3000000)",
        "SELECT g, repeat('y', 50) FROM generate_series(1, 50000) g",
        "SELECT 1 WHERE false",
        "SHOW server_version",
        "EXPLAIN (COSTS OFF) SELECT 1",
        "VALUES (1), (2)",
        "TABLE django_migrations",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "-- comment\nSELECT 1;",
    ],
)
@pytest.mark.parametrize("autocommit", [True, False])
def test_relayed_query_has_the_same_result(relayed, query, autocommit):
    session = relayed()
    session.autocommit = autocommit
    with session.cursor() as own, connection.cursor() as direct:
        own.execute(query)
        direct.execute(query)
        assert own.description == direct.description
        assert own.fetchall() == direct.fetchall()
        assert own.statusmessage == direct.statusmessage


def test_relayed_session_supports_what_django_uses(relayed):
    session = relayed()
    with session.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', 'UTC', false)")
        session.commit()
        cursor.execute("SHOW TimeZone")
        assert cursor.fetchall() == [("UTC",)]
        with pytest.raises(Exception, match="does not exist"):
            cursor.execute("SELECT * FROM missing")
        session.rollback()
        cursor.execute("SAVEPOINT a")
        with pytest.raises(Exception, match="division by zero"):
            cursor.execute("SELECT 1/0")
        cursor.execute("ROLLBACK TO SAVEPOINT a")
        cursor.execute("SELECT 1")
    session.commit()
    with session.cursor("streamed") as cursor:
        cursor.execute("SELECT generate_series(1, 5000)")
        assert len(list(cursor)) == 5000
    session.commit()
    session.autocommit = True
    with session.cursor("held", withhold=True) as cursor:
        cursor.execute("SELECT generate_series(1, 5000)")
        assert len(list(cursor)) == 5000
    copied = io.StringIO()
    session.cursor().copy_expert("COPY (SELECT generate_series(1, 3)) TO STDOUT", copied)
    assert copied.getvalue() == "1\n2\n3\n"
    assert session.info.backend_pid == _backend_pid(session)


def _backend_pid(session):
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_relayed_session_keeps_the_isolation_level(relayed):
    session = relayed()
    session.set_session(isolation_level="REPEATABLE READ")
    with session.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchall() == [("repeatable read",)]


def test_statements_of_many_sessions_at_once_do_not_mix(relayed):
    sessions = [relayed() for _ in range(8)]
    cursors = [session.cursor() for session in sessions]
    for _ in range(3):
        for number, cursor in enumerate(cursors):
            cursor.execute(f"SELECT {number}, generate_series(1, 100)")
    for number, cursor in enumerate(cursors):
        assert {row[0] for row in cursor.fetchall()} == {number}


@pytest.mark.usefixtures("postgresql")
def test_login_that_the_server_refuses_names_the_reason(tmp_path):
    from nautobot_upgrade_jobs.target.isolation.login import LoginFailed
    from nautobot_upgrade_jobs.target.isolation.relay import Relay

    parameters = connection.get_connection_params()
    with (
        pytest.raises(LoginFailed, match="no_such_database"),
        Relay(tmp_path, {**parameters, "dbname": "no_such_database"}, 5),
    ):
        pass
    with (
        pytest.raises(LoginFailed, match="cannot be reached"),
        Relay(tmp_path, {**parameters, "host": "127.0.0.1", "port": 1}, 5),
    ):
        pass


@pytest.mark.usefixtures("postgresql")
@pytest.mark.parametrize(
    ("mode", "trusted", "refusal"),
    [
        ("prefer", "", ""),
        ("require", "", ""),
        ("verify-ca", "own", ""),
        ("verify-full", "own", ""),
        ("verify-full", "system", "certificate verify failed"),
        ("require", "system", "certificate verify failed"),
    ],
)
def test_relay_encrypts_the_connection_as_configured(tmp_path, mode, trusted, refusal):
    import psycopg2

    from nautobot_upgrade_jobs.target.isolation.login import LoginFailed
    from nautobot_upgrade_jobs.target.isolation.relay import Relay

    certificate, key = write_certificate(tmp_path)
    configured = connection.get_connection_params()
    server = (configured["host"], int(configured["port"]))
    roots = {"own": {"sslrootcert": str(certificate)}, "system": {"sslrootcert": "system"}}
    with tls_proxy(certificate, key, server) as (port, accepted):
        parameters = {**configured, "host": "127.0.0.1", "port": port, "sslmode": mode}
        parameters |= roots.get(trusted, {})
        expected = pytest.raises(LoginFailed, match=refusal) if refusal else nullcontext()
        with expected, Relay(tmp_path, parameters, 30):
            session = psycopg2.connect(host=str(tmp_path), user="any", dbname="any")
            with session.cursor() as cursor:
                cursor.execute("SELECT repeat('x', 2000000), %s", ["y" * 500_000])
                assert tuple(map(len, cursor.fetchone())) == (2_000_000, 500_000)
            session.close()
            assert len(accepted) == 2


@pytest.fixture
def hostile(monkeypatch, tmp_path):
    """A function that starts the installed release with the hostile App."""
    monkeypatch.syspath_prepend(str(SUPPORT))
    monkeypatch.setenv("HOSTILE_FOLDER", str(tmp_path))
    monkeypatch.setenv("NAUTOBOT_DB_NAME", connection.settings_dict["NAME"])
    config = tmp_path / "nautobot_config.py"
    live = Path(settings.SETTINGS_PATH)
    reader = "DATABASES['reader'] = {**DATABASES['default'], 'USER': 'reader'}"
    config.write_text(f"{live.read_text()}\nPLUGINS = [*PLUGINS, 'hostile_app']\n{reader}\n")
    apps = collect_facts(topics=("apps",)).apps
    planted = app(module="hostile_app", distribution="")
    apps = replace(apps, enabled=(*apps.enabled, planted))
    work = tmp_path / "work"
    work.mkdir(mode=0o700)

    def start(alias="default", **parameters):
        is_postgresql = connection.vendor == "postgresql"
        database = {**connection.get_connection_params(), **parameters} if is_postgresql else None
        installation = LiveInstallation(str(config), apps, alias, 30, database)
        connection.close()
        return inspect_installed(
            settings.VERSION, installation, BuildLimits(60, 120, 100, str(work))
        )

    yield start
    sys.modules.pop("hostile_app", None)
    assert not list(work.glob("*/target")), "the scratch folder was not removed"


def undo_hostile_changes():
    Path(settings.NAUTOBOT_ROOT, "hostile-app").unlink()
    _redis().delete("hostile-app")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_content_type SET model = 'tag' WHERE model = 'tagx'")


def outside_state():
    files = (path for path in Path(settings.NAUTOBOT_ROOT).rglob("*") if path.is_file())
    digests = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return _redis().get("hostile-app"), digests


def _redis():
    return redis.Redis(os.environ["NAUTOBOT_REDIS_HOST"], int(os.environ["NAUTOBOT_REDIS_PORT"]))


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
def test_hostile_app_changes_nothing(hostile, tmp_path):
    if reason := sandbox._probe_namespaces(tmp_path):
        pytest.skip(reason)
    before, outside = database_state(), outside_state()
    started = hostile()
    assert started.isolation.gaps == ()
    (failure,) = started.app_load_failures
    attempts = failure.failure.message.rpartition("hostile: ")[2].split(", ")
    assert set(attempts) <= {"leave_daemon", "nothing"}
    assert database_state() == before
    assert outside_state() == outside
    assert not (tmp_path / "alive").exists()


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
def test_hostile_app_without_namespaces_needs_other_ways(hostile, monkeypatch, tmp_path):
    """Its daemon ends as well. The report says what it could do by other ways."""
    monkeypatch.setattr(sandbox, "_probe_namespaces", lambda folder: "refused")
    started = hostile()
    (failure,) = started.app_load_failures
    attempts = set(failure.failure.message.rpartition("hostile: ")[2].split(", "))
    assert attempts == {"write_directly", "write_redis", "write_file", "leave_daemon"}
    assert (started.isolation.has_relay, started.isolation.hides_files) == (True, False)
    undo_hostile_changes()
    alive = tmp_path / "alive"
    last = alive.read_text() if alive.exists() else ""
    time.sleep(0.5)
    assert (alive.read_text() if alive.exists() else "") == last


@pytest.fixture
def reader():
    """An account that may only read."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    made, removed = {
        "postgresql": (
            ["CREATE ROLE reader LOGIN", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"],
            [
                "SELECT lo_unlink(oid) FROM pg_largeobject_metadata",
                "DROP OWNED BY reader",
                "DROP ROLE reader",
            ],
        ),
        "mysql": (
            ["CREATE USER reader@'%%'", f"GRANT SELECT ON {name}.* TO reader@'%%'"],
            ["DROP USER reader@'%%'"],
        ),
    }[connection.vendor]
    run(made)
    yield "reader"
    run(removed)


def run(statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.replace("%%", "%"))


@pytest.mark.once
@pytest.mark.slow
def test_account_that_may_only_read_changes_no_table(hostile, monkeypatch, reader):
    """Without relay and namespaces. It can still create large objects, as each account can."""

    def refuse(*_):
        raise OSError("no relay")

    monkeypatch.setattr(sandbox, "_probe_namespaces", lambda folder: "refused")
    monkeypatch.setattr(sandbox, "_create_relay", refuse)
    monkeypatch.setenv("NAUTOBOT_DB_USER", reader)
    started = hostile(reader)
    (failure,) = started.app_load_failures
    attempts = set(failure.failure.message.rpartition("hostile: ")[2].split(", "))
    others = {"write_redis", "write_file", "leave_daemon", "end_other_sessions"}
    assert attempts - others <= {"make_large_object"}
    assert not started.isolation.has_relay
    undo_hostile_changes()
