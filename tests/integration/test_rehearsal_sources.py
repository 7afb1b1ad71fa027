"""The servers and accounts that a rehearsal can copy a database of, and how it refuses others."""

import contextlib
import lzma
import os
import subprocess

import psycopg2
import pytest

from development import debian, dumps
from development.instance import Instance
from development.postgres import FAST_OPTIONS, USER, Postgres
from development.process import (
    await_server,
    free_port,
    is_listening,
    spawn,
    terminate,
    unprivileged,
)
from nautobot_upgrade_jobs.rehearsal.copy_server import CopyLimits, CopyNames
from nautobot_upgrade_jobs.rehearsal.errors import RehearsalFailed
from nautobot_upgrade_jobs.rehearsal.postgresql.copy import copy_database
from nautobot_upgrade_jobs.rehearsal.postgresql.source import open_source
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.installation import build_live_database
from nautobot_upgrade_jobs.target.isolation import LiveDatabase
from tests.support.rehearsing import RUN, count_rows, expect, started
from tests.support.tls_proxy import tls_proxy, write_certificate

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.network]

READER = "rehearsal_reader"
DATABASE = "sample"
REPLICATED = tuple(each for each in FAST_OPTIONS if "wal" not in each)
POOLER = """
[databases]
{database} = host=127.0.0.1 port={server} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
query_wait_timeout = 5
ignore_startup_parameters = extra_float_digits,options
"""


@pytest.fixture(scope="module")
def primary(instance, tmp_path_factory):
    """A server of an older major with the sample data and an account that can only read."""
    folder = tmp_path_factory.mktemp("primary")
    venv = Instance("2.4.44", "postgresql").venv
    server = Postgres(folder, folder, venv, is_newest=False, options=REPLICATED)
    process = server.start(free_port())
    try:
        server.create(DATABASE)
        with lzma.open(dumps.find_ltm_dump(instance), "rt") as stream:
            text = stream.read()
        text = text.replace("SET transaction_timeout = 0;\n", "")  # New in PostgreSQL 17.
        words = ["-Xq", "--set=ON_ERROR_STOP=1", "-h127.0.0.1", f"-p{server.port}", f"-U{USER}"]
        subprocess.run(
            [server.binaries / "psql", *words, DATABASE], input=text, text=True, check=True
        )
        server.sql(f"CREATE ROLE {READER} LOGIN", f"GRANT pg_read_all_data TO {READER}")
        yield server
    finally:
        server.stop(process)


@pytest.fixture(scope="module")
def replica(primary, tmp_path_factory):
    """The port of a server that follows the primary, and is read-only."""
    folder = tmp_path_factory.mktemp("replica")
    data, port = folder / "data", free_port()
    words = [
        "-h127.0.0.1",
        f"-p{primary.port}",
        f"-U{USER}",
        "-R",
        "-Xstream",
        "-cfast",
        "-D",
        data,
    ]
    folder.chmod(0o777)
    subprocess.run(unprivileged([primary.binaries / "pg_basebackup", *words]), check=True)
    options = [f"-cport={port}", "-clisten_addresses=127.0.0.1", "-cunix_socket_directories="]
    command = unprivileged([primary.binaries / "postgres", "-D", data, *options])
    process = spawn(command, folder / "log", env=os.environ | {"LC_ALL": "C"})
    try:
        await_server(process, lambda: can_connect(port), folder / "log", "the replica")
        yield port
    finally:
        terminate(process)


def can_connect(port):
    with contextlib.suppress(psycopg2.OperationalError):
        psycopg2.connect(host="127.0.0.1", port=port, user=USER, dbname=DATABASE).close()
        return True
    return False


@contextlib.contextmanager
def pooler(primary, folder, mode, size):
    """Start a pooler in front of the primary. Yield its port."""
    debian.ensure(["pgbouncer"], "a test")
    port, config = free_port(), folder / "pgbouncer.ini"
    names = {"server": primary.port, "database": DATABASE, "user": READER}
    config.write_text(POOLER.format(port=port, mode=mode, size=size, **names))
    process = spawn(unprivileged(["pgbouncer", config]), folder / "log")
    try:
        await_server(process, lambda: is_listening(port), folder / "log", "the pooler")
        yield port
    finally:
        terminate(process)


def live_database(port, **parameters):
    entry = {"ENGINE": "postgresql", "NAME": DATABASE, "HOST": "127.0.0.1", "PORT": str(port)}
    return build_live_database({**entry, "USER": READER, "OPTIONS": parameters})


def copy(server, port, **parameters):
    live = live_database(port, **parameters)
    return copy_database(live, server, CopyNames(live.name, "nautobot"), CopyLimits(Deadline(120)))


def require_whole_copy(primary, server, copied):
    """Require that each table has the rows of the primary."""
    with server.connect(DATABASE) as session:
        found = count_rows(session)
    with psycopg2.connect(
        host="127.0.0.1", port=primary.port, user=USER, dbname=DATABASE
    ) as session:
        assert found == count_rows(session)
    assert sum(found.values()) == copied.rows > 1000
    assert copied.server_version.split(".")[0] == primary.major


def test_copy_of_an_older_major_needs_only_select(primary, server):
    assert int(primary.major) < 18
    require_whole_copy(primary, server, copy(server, primary.port))


def test_copy_on_a_named_server_of_an_older_major(primary):
    """Its programs are newer, and write statements that an older server does not know."""
    primary.sql("CREATE ROLE rehearsal LOGIN CREATEDB")
    place = {"host": "127.0.0.1", "port": str(primary.port), "user": "rehearsal"}
    named = LiveDatabase("postgresql", {**place, "dbname": "postgres"})
    live = live_database(primary.port)
    with started(live, named=named) as copies:
        assert copies.copy(expect(live), CopyLimits(Deadline(120))).rows > 1000
        copies.open(RUN)
        file, _ = copies.back_up(Deadline(120))
        copies.restore(file, Deadline(120))


def test_copy_of_another_schema_than_public_says_so(primary, server):
    primary.sql("CREATE SCHEMA other AUTHORIZATION " + READER, database=DATABASE)
    table = "CREATE TABLE other.django_migrations (id int)"
    primary.sql(f"SET ROLE {READER}; {table}", database=DATABASE)
    try:
        with pytest.raises(RehearsalFailed, match="in the schema other"):
            copy(server, primary.port, options="-csearch_path=other")
    finally:
        primary.sql("DROP SCHEMA other CASCADE", database=DATABASE)


def test_copy_of_a_replica_is_whole(primary, replica, server):
    require_whole_copy(primary, server, copy(server, replica))


def test_copy_of_a_server_that_requires_tls_is_whole(primary, server, tmp_path):
    certificate, key = write_certificate(tmp_path)
    with tls_proxy(certificate, key, ("127.0.0.1", primary.port)) as (port, accepted):
        copied = copy(server, port, sslmode="verify-full", sslrootcert=str(certificate))
        require_whole_copy(primary, server, copied)
        assert accepted
        with pytest.raises(RehearsalFailed, match="the database cannot be read"):
            copy(server, port, sslmode="disable")


@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
def test_copy_through_a_pooler_is_whole_or_refused(primary, server, tmp_path, mode):
    with pooler(primary, tmp_path, mode, 10) as port:
        if mode == "statement":
            with pytest.raises(RehearsalFailed, match="the database cannot be read"):
                copy(server, port)
        else:
            require_whole_copy(primary, server, copy(server, port))


def test_copy_through_a_pooler_with_too_few_connections_says_so(primary, server, tmp_path):
    refused = pytest.raises(RehearsalFailed, match="query_wait_timeout")
    with pooler(primary, tmp_path, "transaction", 1) as port, refused:
        copy(server, port)


@pytest.mark.parametrize("limit", [1, 2])
def test_copy_by_an_account_at_its_connection_limit_says_so(primary, server, limit):
    primary.sql(f"ALTER ROLE {READER} CONNECTION LIMIT {limit}")
    try:
        with pytest.raises(RehearsalFailed, match=f"too many connections for role .{READER}"):
            copy(server, primary.port)
    finally:
        primary.sql(f"ALTER ROLE {READER} CONNECTION LIMIT -1")


def test_copy_by_an_account_without_a_grant_names_the_table(primary, server):
    primary.sql(f"REVOKE pg_read_all_data FROM {READER}")
    try:
        with pytest.raises(RehearsalFailed, match=r"may not read public\..*Grant it SELECT"):
            copy(server, primary.port)
    finally:
        primary.sql(f"GRANT pg_read_all_data TO {READER}")


VALUES = {
    "numeric": "1234567890.0123456789",
    "jsonb": '{"a": [1, null, "ä"]}',
    "bytea": r"\x00ff",
    "interval": "1 mon 2 days 03:04:05.678",
    "timestamptz": "2026-11-30 12:00:00.000001+00",
    "int4range": "[1,5)",
    "inet": "2001:db8::/32",
    "text[]": '{a,NULL,"b c"}',
    "uuid": "7d60cc0c-f4eb-40ac-9d7b-5ff7b6be6285",
    "double precision": "NaN",
}
OF_THE_SERVER = {"regclass": "pg_class", "regtype[]": "{integer,text}", "mood": "happy"}
"""Their binary form is a number that has another meaning on another server."""


@pytest.mark.parametrize(
    ("values", "is_binary"),
    [
        pytest.param(VALUES, True, id="types that each server has"),
        pytest.param(OF_THE_SERVER, False, id="names of objects and an enumeration"),
    ],
)
def test_copy_keeps_the_values_of_each_type(primary, server, values, is_binary):
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(values))
    literals = ", ".join(f"'{value}'" for value in values.values())
    nulls = ", ".join("NULL" for _ in values)
    primary.sql(
        "CREATE TYPE mood AS ENUM ('sad', 'happy')",
        f"CREATE TABLE typed ({columns}, length int GENERATED ALWAYS AS (3) STORED)",
        f"INSERT INTO typed VALUES ({literals}), ({nulls})",
        database=DATABASE,
    )
    query = "SELECT typed::text FROM typed ORDER BY 1"
    try:
        with open_source(live_database(primary.port), 60) as source:
            (table,) = [each for each in source.tables if each.name == "typed"]
        assert table.is_portable is is_binary
        copy(server, primary.port)
        with server.connect(DATABASE) as session, session.cursor() as cursor:
            cursor.execute(query)
            found = [row for (row,) in cursor.fetchall()]
        assert found == primary.sql(query, database=DATABASE).splitlines()
    finally:
        primary.sql("DROP TABLE typed", "DROP TYPE mood", database=DATABASE)
