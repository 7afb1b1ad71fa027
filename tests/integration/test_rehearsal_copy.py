"""The copy of a rehearsal: whole, out of reach of the live database, and gone afterwards."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from nautobot_upgrade_jobs.app_settings import Configuration
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.facts import Apps
from nautobot_upgrade_jobs.rehearsal.child import Code, CopyProcesses, Order
from nautobot_upgrade_jobs.rehearsal.copy_server import CopyLimits, CopyNames
from nautobot_upgrade_jobs.rehearsal.errors import RehearsalFailed
from nautobot_upgrade_jobs.rehearsal.folder import open_folder
from nautobot_upgrade_jobs.rehearsal.journal import read_migrate_run
from nautobot_upgrade_jobs.rehearsal.postgresql.copy import copy_database
from nautobot_upgrade_jobs.rehearsal.postgresql.open import open_copy
from nautobot_upgrade_jobs.rehearsal.postgresql.restore import back_up, restore
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.installation import build_live_database
from nautobot_upgrade_jobs.target.isolation import POSTGRESQL_PORT
from nautobot_upgrade_jobs.target.isolation.sandbox import reach_copy
from nautobot_upgrade_jobs.target.scratch_dir import ScratchError
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.rehearsal_request import RehearsalRequest
from nautobot_upgrade_jobs.workflows.rehearse_installed import rehearse_installed
from tests.support.rehearsing import count_rows, find_processes, wait_until

pytestmark = [pytest.mark.once, pytest.mark.lines, pytest.mark.network]

KEPT_SCRIPT = """
import sys, time
from pathlib import Path
from nautobot_upgrade_jobs.rehearsal.folder import open_folder
from nautobot_upgrade_jobs.rehearsal.postgresql.server import start_server
with open_folder() as kept:
    print(kept.path, kept.keeper.pid, flush=True)
    start_server(kept, Path(sys.argv[1]))
    time.sleep(600)
"""


def name(live):
    return CopyNames(live.name, "nautobot")


def copy(live, server):
    return copy_database(live, server, name(live), CopyLimits(Deadline(120)))


def test_copy_database_copies_each_row_constraint_and_sequence(live, server):
    found = copy(live, server)
    query = "SELECT count(*) FROM pg_constraint UNION ALL SELECT count(*) FROM pg_indexes"
    sequences = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
    with (
        psycopg2.connect(**live.parameters) as original,
        server.connect(live.parameters["dbname"]) as other,
    ):
        expected = count_rows(original)
        assert count_rows(other) == expected
        assert found.rows == sum(expected.values())
        for statement in (query, sequences):
            answers = []
            for session in (original, other):
                with session.cursor() as cursor:
                    cursor.execute(statement)
                    answers.append(cursor.fetchall())
            assert answers[0] == answers[1]


def test_copy_database_of_an_account_without_select_names_the_table(live, server):
    with psycopg2.connect(**live.parameters) as session, session.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS rehearsal_reader; CREATE ROLE rehearsal_reader LOGIN")
    reader = build_live_database(
        {**connection.settings_dict, "NAME": live.parameters["dbname"], "USER": "rehearsal_reader"}
    )
    try:
        with pytest.raises(RehearsalFailed, match=r"may not read public\..*SELECT"):
            copy(reader, server)
    finally:
        with psycopg2.connect(**live.parameters) as session, session.cursor() as cursor:
            cursor.execute("DROP ROLE rehearsal_reader")


def test_copy_database_out_of_time_is_an_error(live, server):
    deadline = Deadline(120)
    deadline.end_now()
    with pytest.raises(RehearsalFailed):
        copy_database(live, server, name(live), CopyLimits(deadline))


def test_restore_gives_the_same_rows(live, server):
    copy(live, server)
    with server.connect(live.parameters["dbname"]) as session:
        before = count_rows(session)
    file, _ = back_up(server, live.parameters["dbname"], Deadline(120))
    with server.connect(live.parameters["dbname"]) as session, session.cursor() as cursor:
        cursor.execute("DROP TABLE django_session CASCADE")
    restore(server, file, name(live), Deadline(120))
    with server.connect(live.parameters["dbname"]) as session:
        assert count_rows(session) == before


def test_open_copy_disables_what_acts_by_itself_and_removes_credentials(live, server):
    copy(live, server)
    with server.connect(live.parameters["dbname"]) as session, session.cursor() as cursor:
        cursor.execute("UPDATE extras_webhook SET enabled = true")
    open_copy(server, name(live), "run")
    with server.connect(live.parameters["dbname"]) as session, session.cursor() as cursor:
        for table in ("extras_scheduledjob", "extras_webhook", "extras_jobhook"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE enabled")
            assert cursor.fetchone() == (0,), table
        for table in ("users_token", "django_session"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table


def test_only_this_rehearsal_can_administer_the_server(live, server):
    """The code that is rehearsed runs as the same account."""
    copy(live, server)
    open_copy(server, name(live), "run")
    place = {"host": str(server.sockets), "port": POSTGRESQL_PORT, "dbname": live.name}
    for user in ("nautobot_rehearsal", "postgres"):
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(user=user, **place)
    with psycopg2.connect(user="nautobot", **place) as session, session.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("COPY django_site FROM PROGRAM 'true'")


def test_process_refuses_a_database_without_the_mark_of_its_run(live, server, tmp_path):
    copy(live, server)
    open_copy(server, name(live), "another run")
    config = os.environ["NAUTOBOT_CONFIG"]
    code = Code(Path(sys.executable), config, Apps((), {}), (), frozenset())
    processes = CopyProcesses(reach_copy(server.folder, server.sockets), Deadline(120))
    order = Order("this run", targets=((),))
    events = processes.run(code, order, server.folder / "process")
    run = read_migrate_run(events, order.steps, 1.0, tmp_path)
    assert run.migrations == ()
    assert "not the copy of this rehearsal" in run.stop.failure.message


MOMENTS = [0.0, 0.15, 0.4, 2.0]
"""Seconds after which a run is killed: while the cluster is created, while the server starts, and
when it runs."""


@contextlib.contextmanager
def running(programs):
    """Start a server in another process. Yield the process, the folder and the keeper."""
    process = subprocess.Popen(
        [sys.executable, "-c", KEPT_SCRIPT, str(programs)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    folder, keeper = process.stdout.readline().split()
    yield process, Path(folder), int(keeper)
    process.wait()
    process.stdout.close()


def is_locked(folder):
    """Return whether a process still holds the lock of a folder."""
    with (folder / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize("seconds", MOMENTS)
def test_server_of_a_killed_process_leaves_nothing(programs, seconds):
    """A Job can be cancelled by SIGKILL, also while the server starts."""
    with running(programs) as (process, folder, _):
        time.sleep(seconds)
        process.kill()
    wait_until(lambda: not folder.exists() and not find_processes(folder))


@pytest.mark.parametrize("seconds", MOMENTS)
def test_folder_of_a_killed_keeper_is_removed_by_the_next_run(programs, seconds):
    """As after a crash of the host, except that a starting server can overhear the signal."""
    with running(programs) as (process, folder, keeper):
        wait_until((folder / "lock").exists)
        time.sleep(seconds)
        os.kill(keeper, signal.SIGKILL)
        process.kill()
        wait_until(lambda: not is_locked(folder))  # A process that was killed ends a moment later.
    with open_folder():
        wait_until(lambda: not folder.exists() and not find_processes(folder))


def test_folder_of_a_running_rehearsal_is_kept(programs):
    with running(programs) as (process, folder, _):
        wait_until((folder / "lock").exists)
        with open_folder():
            assert folder.exists()
        process.kill()
    wait_until(lambda: not folder.exists())


def test_open_folder_that_others_can_read_is_refused(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(ScratchError, match="mode 07"), open_folder(str(folder)):
        pass


def test_open_folder_creates_the_folder_of_the_settings(tmp_path):
    with open_folder(str(tmp_path / "new")) as kept:
        assert kept.path.parent == tmp_path / "new"
    assert list((tmp_path / "new").iterdir()) == []


def test_rehearse_installed_without_the_setting_is_refused():
    with pytest.raises(UsageError, match="allow_rehearsal"):
        rehearse_installed(RehearsalRequest(RunRequest(target="3.2.7")), Configuration())
