"""A copy on a server that the operator names: by whom, how it ends, and what is never dropped."""

import json
import os
import subprocess
import sys

import psycopg2
import pytest

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.rehearsal.copy_server import CopyLimits, Expected
from nautobot_upgrade_jobs.rehearsal.errors import RehearsalFailed
from nautobot_upgrade_jobs.rehearsal.folder import open_folder
from nautobot_upgrade_jobs.rehearsal.postgresql.copies import MARK
from nautobot_upgrade_jobs.rehearsal.postgresql.named_server import remove_dead_copies
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.isolation import LiveDatabase
from tests.support.rehearsing import RUN, expect, started

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.network]

COPY = f"nautobot_rehearsal_{RUN}"
POWERFUL = "is, or can become, more than a user"
LIMITS = CopyLimits(Deadline(300))
READ_MARK = (
    "SELECT run, current_database(), current_user FROM public.nautobot_upgrade_jobs_rehearsal"
)
MARK_TABLE = "CREATE TABLE public.nautobot_upgrade_jobs_rehearsal (run text PRIMARY KEY)"


@pytest.fixture
def account(instance):
    """Return a function that creates an account of the server, and describes its login."""
    server, names = instance.server(), []

    def create(name="rehearsal", rights="CREATEDB", database="postgres"):
        server.sql(f"CREATE ROLE {name} LOGIN {rights}")
        names.append(name)
        place = {"host": "127.0.0.1", "port": str(server.port), "user": name, "dbname": database}
        return LiveDatabase("postgresql", place)

    yield create
    for name in server.databases():
        if name.startswith(("nautobot_rehearsal_", "others_")):
            server.drop(name)
    for name in names:
        server.sql(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_copy_on_a_named_server_is_whole_and_dropped_at_the_end(instance, live, account):
    named = account()
    with started(live, named=named) as server:
        copied = server.copy(expect(live), LIMITS)
        server.open(RUN)
        assert copied.rows > 10_000
        assert copied.server.startswith("the account rehearsal on 127.0.0.1:")
        with psycopg2.connect(**server.describe_database().parameters) as session:
            cursor = session.cursor()
            cursor.execute(READ_MARK)
            assert cursor.fetchone() == (RUN, COPY, "rehearsal")
            cursor.execute("UPDATE dcim_device SET name = 'changed'")
        file, _ = server.back_up(Deadline(120))
        server.restore(file, Deadline(120))
        with psycopg2.connect(**server.describe_database().parameters) as session:
            cursor = session.cursor()
            cursor.execute("SELECT count(*) FROM dcim_device WHERE name = 'changed'")
            assert cursor.fetchone()[0] > 0
        assert COPY in instance.server().databases()
    assert COPY not in instance.server().databases()


def test_backup_is_restored_on_a_named_server(live, account, dump):
    named = account()
    with started(live, named=named) as server:
        assert server.restore_backup(dump, expect(live), Deadline(120)).rows > 10_000


@pytest.mark.parametrize(
    ("rights", "owned", "reason"),
    [
        pytest.param("SUPERUSER", "", POWERFUL, id="superuser"),
        pytest.param("CREATEDB CREATEROLE", "", POWERFUL, id="roles"),
        pytest.param("CREATEDB REPLICATION", "", POWERFUL, id="replication"),
        pytest.param("CREATEDB IN ROLE nautobot", "", POWERFUL, id="member of a superuser"),
        pytest.param("CREATEDB IN ROLE pg_read_server_files", "", POWERFUL, id="files"),
        pytest.param("CREATEDB IN ROLE pg_signal_backend", "", POWERFUL, id="sessions of others"),
        pytest.param("", "", "may not create databases", id="no CREATEDB"),
        pytest.param("CREATEDB", "others_live", "owns 1 other database: others_live", id="owner"),
        pytest.param(
            "CREATEDB", COPY, f"owns 1 other database: {COPY}", id="a database with our name only"
        ),
    ],
)
def test_account_that_could_do_damage_is_refused(instance, live, account, rights, owned, reason):
    named = account(rights=rights)
    if owned:
        instance.server().sql(f"CREATE DATABASE {owned} OWNER rehearsal")
    with pytest.raises(RehearsalFailed, match=reason), started(live, named=named):
        pass
    assert not owned or owned in instance.server().databases()


def test_owner_through_another_role_is_refused(instance, live, account):
    account("others")
    named = account(rights="CREATEDB IN ROLE others")
    instance.server().sql("CREATE DATABASE others_live OWNER others")
    with pytest.raises(RehearsalFailed, match="others_live"), started(live, named=named):
        pass


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"port": "1"}, "refused", id="no server"),
        pytest.param({"user": "unknown"}, "unknown", id="no account"),
        pytest.param({"dbname": "nothing"}, "nothing", id="no database"),
    ],
)
def test_server_that_cannot_be_used_is_refused_with_its_reason(live, account, change, reason):
    named = account()
    broken = LiveDatabase("postgresql", {**named.parameters, **change})
    with pytest.raises(RehearsalFailed, match=reason), started(live, named=broken):
        pass


def test_copy_of_a_killed_run_is_dropped_and_that_of_a_running_one_is_kept(instance, live, account):
    named, server = account(), instance.server()
    dead, other = f"nautobot_rehearsal_{'d' * 16}", "nautobot_rehearsal_of_others"
    for name in (dead, other):
        server.sql(f"CREATE DATABASE {name} OWNER rehearsal")
    server.sql(f"COMMENT ON DATABASE {dead} IS '{MARK}'")
    server.sql(f"ALTER DATABASE {other} OWNER TO nautobot")
    with started(live, named=named) as copies:
        assert dead not in server.databases()
        copies.copy(expect(live), LIMITS)
        assert remove_dead_copies(named) == ()
        elsewhere = LiveDatabase("postgresql", {**named.parameters, "dbname": "template1"})
        assert remove_dead_copies(elsewhere) == ()  # A lock is taken in one database.
        with started(live, run="b" * 16, named=named):
            assert COPY in server.databases()
    assert other in server.databases()


@pytest.mark.parametrize("left", ["ALLOW_CONNECTIONS false", f"COMMENT {MARK}"])
def test_copy_that_was_only_begun_is_dropped(instance, live, account, left):
    named, server = account(), instance.server()
    server.sql(f"CREATE DATABASE {COPY} OWNER rehearsal ALLOW_CONNECTIONS false")
    if left.startswith("COMMENT"):
        server.sql(f"COMMENT ON DATABASE {COPY} IS '{MARK}'")
    with started(live, run="b" * 16, named=named):
        assert COPY not in server.databases()


def test_copy_that_cannot_be_dropped_is_reported(instance, live, account):
    named, server = account(), instance.server()
    with started(live, named=named) as copies:
        copies.copy(expect(live), LIMITS)
        server.sql("ALTER ROLE rehearsal CONNECTION LIMIT 0")
        assert f"the database {COPY}, as the account rehearsal on" in copies.close()
        server.sql("ALTER ROLE rehearsal CONNECTION LIMIT -1")


def test_killed_process_leaves_a_copy_that_the_next_run_drops(instance, live, account):
    named, server = account(), instance.server()
    script = (
        "import json, os, signal, sys; from pathlib import Path\n"
        "from nautobot_upgrade_jobs.rehearsal.postgresql.named_server import NamedServer\n"
        "from nautobot_upgrade_jobs.target.isolation import LiveDatabase\n"
        "place = LiveDatabase('postgresql', json.loads(sys.argv[1]))\n"
        f"server = NamedServer(Path(sys.argv[2]), Path(), place, '{COPY}')\n"
        "server.claim(); server.create_database(server.names)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with open_folder() as kept:
        words = [sys.executable, "-c", script, json.dumps(named.parameters), str(kept.path)]
        subprocess.run(words, check=False, env=os.environ)
        assert COPY in server.databases()
        assert remove_dead_copies(named) == (COPY,)
    assert COPY not in server.databases()


@pytest.fixture
def copied(instance, account):
    """Return the login of a marked copy of the live database, which the operator has made."""
    server = instance.server()
    name = "others_copy"
    login = account(rights="", database=name)
    server.clone(instance.data, name)
    server.sql(f"ALTER DATABASE {name} OWNER TO rehearsal")
    server.sql(
        "DO $$ DECLARE name text; BEGIN FOR name IN SELECT relname FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname = 'public' "
        "LOOP EXECUTE format('ALTER TABLE public.%I OWNER TO rehearsal', name); END LOOP; END $$",
        "GRANT ALL ON SCHEMA public TO rehearsal",
        database=name,
    )
    return login


@pytest.fixture
def marked(instance, copied):
    """The same, after the operator has marked it."""
    instance.server().sql(f"SET ROLE rehearsal; {MARK_TABLE}", database=copied.name)
    return copied


def test_existing_copy_without_a_mark_is_refused(live, copied):
    with (
        pytest.raises(RehearsalFailed, match="not marked as a copy, so it can be the live one"),
        started(live, existing=copied) as server,
    ):
        server.copy(expect(live), LIMITS)


def test_existing_copy_is_used_and_stays(instance, live, marked):
    with started(live, existing=marked) as server:
        found = server.copy(expect(live), LIMITS)
        assert (found.exists_before, found.rows > 10_000) == (True, True)
        server.open(RUN)
        with psycopg2.connect(**server.describe_database().parameters) as session:
            cursor = session.cursor()
            cursor.execute("SELECT count(*) FROM extras_scheduledjob WHERE enabled")
            assert cursor.fetchone() == (0,)
        file, _ = server.back_up(Deadline(120))
        with pytest.raises(RehearsalFailed, match="not replaced by its backup"):
            server.restore(file, Deadline(120))
        with (
            pytest.raises(RehearsalFailed, match="another rehearsal uses this copy"),
            started(live, existing=marked),
        ):
            pass
    assert marked.name in instance.server().databases()


def test_existing_copy_that_others_use_is_refused(live, marked):
    with (
        psycopg2.connect(**marked.parameters),
        pytest.raises(RehearsalFailed, match="1 other session used this database"),
        started(live, existing=marked) as server,
    ):
        server.copy(expect(live), LIMITS)


@pytest.mark.parametrize("change", [{"port": "1"}, {"user": "unknown"}])
def test_existing_copy_without_the_live_database_is_refused(live, marked, change):
    unread = LiveDatabase("postgresql", {**live.parameters, **change})
    with (
        pytest.raises(RehearsalFailed, match="cannot be read"),
        started(live, existing=marked) as server,
    ):
        server.copy(expect(unread), LIMITS)


def test_live_database_as_its_own_copy_is_refused(live, marked):
    """The operator has created the mark in the wrong database."""
    with (
        pytest.raises(RehearsalFailed, match="does not distinguish the copy"),
        started(live, existing=marked) as server,
    ):
        server.copy(expect(marked), LIMITS)


def test_existing_copy_with_tables_of_others_is_refused(instance, live, marked):
    change = "ALTER TABLE dcim_device OWNER TO nautobot"
    instance.server().sql(change, database=marked.name)
    with (
        pytest.raises(RehearsalFailed, match="does not own the table dcim_device"),
        started(live, existing=marked) as server,
    ):
        server.copy(expect(live), LIMITS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('dcim', '9999_new', now())",
            "the copy was made after an upgrade had begun",
            id="upgraded",
        ),
        pytest.param(
            "DELETE FROM django_migrations WHERE app = 'dcim'",
            "the copy is of an older release",
            id="older",
        ),
    ],
)
def test_existing_copy_in_another_state_is_refused(instance, live, marked, change, message):
    catalog = load_catalog()
    release = instance.version
    known = Expected(live, catalog.migrations(release), catalog.core_apps, release, "copy")
    instance.server().sql(change, database=marked.name)
    with pytest.raises(RehearsalFailed, match=message), started(live, existing=marked) as server:
        server.copy(known, LIMITS)
