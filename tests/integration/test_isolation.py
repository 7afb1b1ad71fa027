"""Foreign code and the live installation: the relay, and an App that tries to change it."""

import hashlib
import io
import os
import socket
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.target.inspect import BuildLimits, inspect_installed
from nautobot_upgrade_jobs.target.isolation import SOCKET_NAMES, LiveDatabase, sandbox
from nautobot_upgrade_jobs.target.isolation.mysql.wire import Packet
from nautobot_upgrade_jobs.target.isolation.relay import (
    MAX_CLIENTS,
    MAX_SESSIONS,
    LoginFailed,
    create_relay,
)
from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation
from tests.support.builders import app
from tests.support.engines import mysql_only, postgresql_only
from tests.support.nautobot import rows_of_every_table
from tests.support.tls_proxy import tls_proxy, write_certificate

GREETING = (
    b"\x0a9.7.4\0\x07\0\0\0saltsalt\0\xff\xf7\xff\2\0\x5f\xc0\x15"
    + b"\0" * 10
    + b"moresaltmore\0caching_sha2_password\0"
)
"""Of a MySQL server without TLS."""
SUPPORT = Path(__file__).parents[1] / "support"
CHANGE = "UPDATE django_content_type SET model = 'x'"


@pytest.fixture(scope="module", autouse=True)
def _unchanged(nautobot):
    """No test of this module changes a row."""
    before = rows()
    yield
    assert rows() == before


def live_database(**parameters):
    return LiveDatabase(connection.vendor, {**connection.get_connection_params(), **parameters})


@pytest.fixture
def relayed(tmp_path):
    """A function that opens a session through a relay."""
    opened = []

    def connect(**parameters):
        opened.append(open_session(tmp_path, **parameters))
        return opened[-1]

    with create_relay(tmp_path, live_database(), 30):
        yield connect
        for each in opened:
            with suppress(Exception):  # The test may have closed it.
                each.close()


def open_session(folder, **parameters):
    """Open a session through a relay. It needs no password."""
    if connection.vendor == "mysql":
        import MySQLdb

        place = str(folder / SOCKET_NAMES["mysql"])
        return MySQLdb.connect(unix_socket=place, user="any", charset="utf8mb4", **parameters)
    import psycopg2

    return psycopg2.connect(host=str(folder), user="any", dbname="any", **parameters)


def rows():
    with connection.cursor() as cursor:
        return rows_of_every_table(cursor)


STATE = {
    "postgresql": (
        "SELECT * FROM django_content_type ORDER BY id",
        "SELECT relname FROM pg_class ORDER BY 1",
        "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
        "SELECT oid FROM pg_largeobject_metadata ORDER BY 1",
        "SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory'",
        "SELECT gid FROM pg_prepared_xacts",
    ),
    "mysql": (
        "SELECT * FROM django_content_type ORDER BY id",
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_schema <> 'performance_schema'",
        "SELECT table_name, auto_increment FROM information_schema.tables"
        " WHERE table_schema = DATABASE()",
        "SHOW GLOBAL VARIABLES WHERE variable_name NOT LIKE 'gtid%'",
        "SELECT user, host, authentication_string FROM mysql.user",
        "SELECT IS_USED_LOCK('kept')",
        "SHOW TABLES LIKE 'planted%'",
    ),
}


def database_state():
    """Return what the statements of these tests would change."""
    with connection.cursor() as cursor:
        return {
            (query, row)
            for query in STATE[connection.vendor]
            for row in (cursor.execute(query), *cursor.fetchall())
        }


def begin_alone(session):
    """Let each statement be a transaction of its own."""
    if connection.vendor == "mysql":
        session.autocommit(True)
    else:
        session.autocommit = True


STATEMENTS = {
    "postgresql": [
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
    "mysql": [
        [CHANGE],
        ["BEGIN", CHANGE, "COMMIT"],
        ["START TRANSACTION READ WRITE", CHANGE, "COMMIT"],
        ["SET SESSION TRANSACTION READ WRITE", CHANGE],
        ["SET SESSION TRANSACTION READ WRITE", "BEGIN", CHANGE, "COMMIT"],
        ["SET TRANSACTION READ WRITE", CHANGE],
        ["SET transaction_read_only = 0", CHANGE],
        ["BEGIN", "SET TRANSACTION READ WRITE", CHANGE, "COMMIT"],
        ["BEGIN", "SAVEPOINT a", CHANGE, "RELEASE SAVEPOINT a", "COMMIT"],
        ["SET completion_type = 'CHAIN'", "BEGIN", "COMMIT", CHANGE, "COMMIT"],
        ["SET autocommit = 0", CHANGE, "COMMIT"],
        ["SET autocommit = 0", "SELECT 1", "SET autocommit = 1", CHANGE],
        ["BEGIN", "SET sql_mode = '', autocommit = 1", CHANGE],
        [f"SELECT 1; COMMIT; {CHANGE}"],
        [f"COMMIT; {CHANGE}"],
        ["BEGIN", "/*! COMMIT */", CHANGE],
        ["BEGIN", "/*!50000 ROLLBACK */", CHANGE, "COMMIT"],
        ["BEGIN", "LOCK TABLES django_content_type WRITE", CHANGE, "UNLOCK TABLES"],
        ["BEGIN", "PREPARE s FROM 'COMMIT'", "EXECUTE s", CHANGE],
        [f'PREPARE s FROM "{CHANGE}"', "EXECUTE s"],
        [f"EXPLAIN ANALYZE {CHANGE}"],
        [f"WITH a AS (SELECT 1) {CHANGE}"],
        ["XA START 'x'", CHANGE, "XA END 'x'", "XA PREPARE 'x'"],
        ["SELECT * FROM django_content_type FOR UPDATE"],
        ["SELECT GET_LOCK('kept', 1)"],
        ["CREATE TABLE planted (a int)"],
        ["BEGIN", "CREATE TABLE planted (a int)", CHANGE],
        ["CREATE TEMPORARY TABLE planted (a int)", "ALTER TABLE planted RENAME planted2"],
        ["TRUNCATE django_session"],
        ["ANALYZE TABLE django_session"],
        ["SET GLOBAL max_connections = 99"],
        ["SET @@GLOBAL.max_connections = 99"],
        ["SET PERSIST max_connections = 99"],
        ["SET sql_mode = '', GLOBAL max_connections = 99"],
        ["CREATE USER planted"],
        ["SELECT 1 INTO OUTFILE '/tmp/planted-by-relay'"],
        ["USE mysql"],
        ["FLUSH TABLES WITH READ LOCK"],
        ["DO GET_LOCK('kept', 1)"],
        ["HANDLER django_session OPEN"],
        ["LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE django_session"],
    ],
}


@pytest.mark.parametrize("statements", STATEMENTS[connection.vendor], ids=" | ".join)
def test_relayed_session_changes_nothing(relayed, statements):
    before = database_state()
    session = relayed()
    begin_alone(session)
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


@postgresql_only("MySQL gives no id")
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


QUERIES = {
    "postgresql": [
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
    "mysql": [
        "SELECT 1, 2.50, NULL, now() > '2000-01-01', 'é', X'00ff', '' , JSON_OBJECT('a', 1)",
        "SELECT _utf8mb4'é' COLLATE utf8mb4_bin, CAST('a' AS BINARY), DATE '2020-01-02', 1 = 1",
        "SELECT * FROM django_content_type ORDER BY id",
        "SELECT repeat('x', 3000000)",
        "SELECT a.id, b.id, repeat('y', 50) FROM django_content_type a, django_content_type b",
        "SELECT 1 FROM DUAL WHERE false",
        "SHOW TABLES",
        "DESCRIBE django_migrations",
        "EXPLAIN SELECT 1",
        "VALUES ROW(1, 2), ROW(3, 4)",
        "TABLE django_migrations",
        "(SELECT 1) UNION (SELECT 2)",
        "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 500)"
        " SELECT * FROM a",
        "-- comment\nSELECT 1;",
    ],
}


@pytest.mark.parametrize("query", QUERIES[connection.vendor])
@pytest.mark.parametrize("autocommit", [True, False])
def test_relayed_query_has_the_same_result(relayed, query, autocommit):
    session = relayed()
    if autocommit:
        begin_alone(session)
    with session.cursor() as own, connection.cursor() as direct:
        own.execute(query)
        direct.execute(query)
        assert own.description == direct.description
        assert own.fetchall() == tuple(direct.fetchall()) or own.fetchall() == direct.fetchall()


@postgresql_only("the session uses what only PostgreSQL has")
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


@postgresql_only("test_relayed_session_of_mysql is the same for MySQL")
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
            cursor.execute(f"SELECT {number}, id FROM django_content_type")
    for number, cursor in enumerate(cursors):
        assert {row[0] for row in cursor.fetchall()} == {number}


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"database": "no_such_database", "dbname": "no_such_database"}, "no_such_database"),
        ({"user": "no_such_account"}, "no_such_account"),
        ({"host": "127.0.0.1", "port": 1}, "cannot be reached"),
    ],
)
def test_login_that_fails_names_the_reason(tmp_path, parameters, reason):
    known = connection.get_connection_params()
    wrong = {name: value for name, value in parameters.items() if name in {*known, "port"}}
    with (
        pytest.raises(LoginFailed, match=reason),
        create_relay(tmp_path, live_database(**wrong), 5),
    ):
        pass


@mysql_only("psycopg2 sends no password that the server could store")
@pytest.mark.parametrize(
    "answer",
    [
        b"\x04",
        b"\x01\x04",
        b"\x01\x04\0",
        b"\x01\x05\x05",
        b"\x05\x05",
        b"\xfemysql_clear_password\0",
        b"\xfesha256_password\0" + b"s" * 20 + b"\0",
        b"",
    ],
)
@pytest.mark.parametrize("mode", [{}, {"ssl_mode": "DISABLED"}])
def test_password_is_not_sent_without_encryption(tmp_path, answer, mode):
    """To a server without TLS, or to one that pretends to have none."""
    received = []

    def serve():
        client, _ = listener.accept()
        with client, suppress(OSError):
            client.sendall(Packet(0, GREETING).encode())
            received.append(client.recv(1000))
            client.sendall(Packet(2, answer).encode())
            received.append(client.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        place = {"host": "127.0.0.1", "port": listener.getsockname()[1]}
        secret = {"user": "someone", "password": "do-not-send-this"}
        with (
            pytest.raises(LoginFailed) as refused,
            create_relay(tmp_path, live_database(**place, **secret, **mode), 5),
        ):
            pass
        thread.join(10)
    assert b"do-not-send-this" not in b"".join(received)
    assert "do-not-send-this" not in str(refused.value)


SLEEP = {
    "mysql": ("max_execution_time", "SELECT SLEEP(600), 'planted'"),
    "postgresql": ("statement_timeout", "SELECT pg_sleep(600), 'planted'"),
}


def test_relay_that_is_closed_ends_a_running_statement(tmp_path):
    limit, statement = SLEEP[connection.vendor]

    def sleep():
        with suppress(Exception):
            session.cursor().execute(statement)

    with create_relay(tmp_path, live_database(), 30):
        session = open_session(tmp_path)
        begin_alone(session)
        session.cursor().execute(f"SET SESSION {limit} = 0")
        threading.Thread(target=sleep, daemon=True).start()
        await_sessions(1)
    await_sessions(0)


RUNNING = {
    "mysql": "SELECT count(*) FROM information_schema.processlist"
    " WHERE info LIKE 'SELECT SLEEP%' AND info NOT LIKE '%processlist%'",
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    " AND state = 'active'",
}


def await_sessions(number):
    """Wait until so many sessions are asleep."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while True:
            cursor.execute(RUNNING[connection.vendor])
            ((found,),) = cursor.fetchall()
            if found == number:
                return
            assert time.monotonic() < deadline, found
            time.sleep(0.1)


def test_relay_limits_the_number_of_sessions(relayed):
    sessions = [relayed() for _ in range(MAX_SESSIONS)]
    with pytest.raises(Exception, match="too many connections"):
        relayed()
    sessions[0].close()
    time.sleep(0.5)
    assert relayed()


@mysql_only("PostgreSQL counts no interrupted logins")
def test_connection_that_is_closed_at_once_does_not_reach_the_server(relayed, tmp_path):
    status = "SELECT variable_value FROM performance_schema.global_status"
    counter = f"{status} WHERE variable_name = 'Connections'"
    with connection.cursor() as cursor:
        cursor.execute(counter)
        before = cursor.fetchall()
        for _ in range(20):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(tmp_path / SOCKET_NAMES["mysql"]))
                assert client.recv(100)
        time.sleep(0.5)
        cursor.execute(counter)
        assert cursor.fetchall() == before


@mysql_only("the other test is the same for PostgreSQL")
@pytest.mark.parametrize(
    ("parameters", "is_encrypted", "refusal"),
    [
        ({}, True, ""),
        ({"ssl_mode": "DISABLED"}, False, ""),
        ({"ssl_mode": "REQUIRED"}, True, ""),
        ({"ssl": {"ca": "own"}}, True, ""),
        ({"ssl_mode": "VERIFY_CA", "ssl": {"ca": "own"}}, True, ""),
        ({"ssl_mode": "VERIFY_CA"}, True, "certificate verify failed"),
        ({"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": "own"}}, True, "certificate verify failed"),
        ({"read_default_file": "my.cnf"}, False, "read_default_file is not supported"),
    ],
)
def test_relay_to_mysql_encrypts_as_configured(tmp_path, parameters, is_encrypted, refusal):
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@datadir, @@ssl_ca")
        own = str(Path(*cursor.fetchone()))
    if "ssl" in parameters:
        parameters = {**parameters, "ssl": {"ca": own}}
    expected = pytest.raises(LoginFailed, match=refusal) if refusal else nullcontext()
    with expected, create_relay(tmp_path, live_database(**parameters), 30):
        session = open_session(tmp_path)
        with session.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            assert bool(cursor.fetchone()[1]) is is_encrypted
            cursor.execute("SELECT repeat('x', 2000000), %s", ["y" * 500_000])
            assert tuple(map(len, cursor.fetchone())) == (2_000_000, 500_000)
        session.close()


@mysql_only("the other tests are the same for PostgreSQL")
def test_relayed_session_of_mysql_supports_what_django_uses(relayed):
    session = relayed()
    session.autocommit(False)
    with session.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        session.commit()
        cursor.execute("SELECT @@transaction_isolation")
        assert cursor.fetchall() == (("SERIALIZABLE",),)
        with pytest.raises(Exception, match="doesn't exist"):
            cursor.execute("SELECT * FROM missing")
        session.rollback()
        cursor.execute("SAVEPOINT a")
        cursor.execute("ROLLBACK TO SAVEPOINT a")
        cursor.execute("SELECT 'é', '{}'")
        assert cursor.fetchall() == (("é", "{}"),)
        with pytest.raises(Exception, match="isolation refuses"):
            cursor.execute(CHANGE)
        cursor.execute("SELECT 1")
    session.ping()
    session.autocommit(True)
    assert session.get_autocommit()


@postgresql_only("the test above is the same for MySQL")
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
    certificate, key = write_certificate(tmp_path)
    configured = connection.get_connection_params()
    server = (configured["host"], int(configured["port"]))
    roots = {"own": {"sslrootcert": str(certificate)}, "system": {"sslrootcert": "system"}}
    with tls_proxy(certificate, key, server) as (port, accepted):
        parameters = {**configured, "host": "127.0.0.1", "port": port, "sslmode": mode}
        parameters |= roots.get(trusted, {})
        expected = pytest.raises(LoginFailed, match=refusal) if refusal else nullcontext()
        database = LiveDatabase("postgresql", parameters)
        with expected, create_relay(tmp_path, database, 30):
            session = open_session(tmp_path)
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
        database = live_database(**parameters)
        installation = LiveInstallation(str(config), apps, alias, 30, database)
        connection.close()
        return inspect_installed(
            settings.VERSION, installation, BuildLimits(60, 120, 100, str(work))
        )

    yield start
    sys.modules.pop("hostile_app", None)
    assert not list(work.glob("*/target")), "the scratch folder was not removed"


def once_on_each_server(test):
    """Run the test on one line, and on MySQL too."""
    if connection.vendor == "mysql":
        return test
    return pytest.mark.once(pytest.mark.slow(test))


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


@once_on_each_server
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


@once_on_each_server
def test_account_that_may_only_read_changes_no_table(hostile, monkeypatch, reader):
    """Without relay and namespaces. It can still create large objects, as each account can."""

    def refuse(*_):
        raise OSError("no relay")

    monkeypatch.setattr(sandbox, "_probe_namespaces", lambda folder: "refused")
    monkeypatch.setattr(sandbox, "create_relay", refuse)
    monkeypatch.setenv("NAUTOBOT_DB_USER", reader)
    started = hostile(reader)
    (failure,) = started.app_load_failures
    attempts = set(failure.failure.message.rpartition("hostile: ")[2].split(", "))
    others = {"write_redis", "write_file", "leave_daemon", "end_other_sessions"}
    assert attempts - others <= {"make_large_object"}
    assert not started.isolation.has_relay
    undo_hostile_changes()


@postgresql_only("MySQL has a test for each privilege")
@pytest.mark.parametrize("role", ["pg_write_server_files", "pg_execute_server_program"])
def test_relay_knows_an_account_that_may_change_the_server(reader, role, tmp_path):
    database = live_database(user=reader)

    def may_change_the_server():
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        with create_relay(folder, database, 30) as relay:
            return relay.is_superuser

    assert not may_change_the_server()
    run([f"GRANT {role} TO {reader}"])
    assert may_change_the_server()


def test_relay_closes_connections_that_say_nothing(relayed, tmp_path):
    with ExitStack() as stack:
        for _ in range(2 * MAX_CLIENTS):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(tmp_path / SOCKET_NAMES[connection.vendor]))
        time.sleep(0.5)
        assert threading.active_count() < 2 * MAX_CLIENTS
    time.sleep(0.5)
    assert relayed()
