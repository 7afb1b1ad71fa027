"""The copy of a rehearsal: whole, out of reach of the live database, and gone afterwards."""

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
from nautobot_upgrade_jobs.rehearsal.copy import copy_database
from nautobot_upgrade_jobs.rehearsal.errors import RehearsalFailed
from nautobot_upgrade_jobs.rehearsal.folder import create_folder
from nautobot_upgrade_jobs.rehearsal.journal import read_migrate_run
from nautobot_upgrade_jobs.rehearsal.open import open_copy
from nautobot_upgrade_jobs.rehearsal.restore import back_up, restore
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.installation import build_live_database
from nautobot_upgrade_jobs.target.isolation.sandbox import reach_copy
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.rehearsal_request import RehearsalRequest
from nautobot_upgrade_jobs.workflows.rehearse_installed import rehearse_installed

pytestmark = [pytest.mark.once, pytest.mark.lines, pytest.mark.network]

KEPT_SCRIPT = """
import sys, time
from pathlib import Path
from nautobot_upgrade_jobs.rehearsal.server import run_server
with run_server(Path(sys.argv[1]), Path(sys.argv[2])):
    print("running", flush=True)
    time.sleep(600)
"""
COUNT_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name
"""


def copy(live, server, **options):
    name = live.parameters["dbname"]
    return copy_database(live, server, name, "nautobot", deadline=Deadline(120), **options)


def count_rows(session):
    """Return the number of rows of each table."""
    with session.cursor() as cursor:
        cursor.execute(COUNT_TABLES)
        names = [name for (name,) in cursor.fetchall()]
        numbers = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM public."{name}"')
            (numbers[name],) = cursor.fetchone()
    return numbers


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
        copy_database(live, server, "nautobot", "nautobot", deadline=deadline)


def test_restore_gives_the_same_rows(live, server):
    copy(live, server)
    with server.connect(live.parameters["dbname"]) as session:
        before = count_rows(session)
    file, _ = back_up(server, live.parameters["dbname"], Deadline(120))
    with server.connect(live.parameters["dbname"]) as session, session.cursor() as cursor:
        cursor.execute("DROP TABLE django_session CASCADE")
    restore(server, file, live.parameters["dbname"], "nautobot", Deadline(120))
    with server.connect(live.parameters["dbname"]) as session:
        assert count_rows(session) == before


def test_open_copy_disables_what_acts_by_itself_and_removes_credentials(live, server):
    copy(live, server)
    with server.connect(live.parameters["dbname"]) as session, session.cursor() as cursor:
        cursor.execute("UPDATE extras_webhook SET enabled = true")
    open_copy(server, live.parameters["dbname"], "nautobot", "run")
    with server.connect(live.parameters["dbname"]) as session, session.cursor() as cursor:
        for table in ("extras_scheduledjob", "extras_webhook", "extras_jobhook"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE enabled")
            assert cursor.fetchone() == (0,), table
        for table in ("users_token", "django_session"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table


def test_process_refuses_a_database_without_the_mark_of_its_run(live, server, tmp_path):
    copy(live, server)
    open_copy(server, live.parameters["dbname"], "nautobot", "another run")
    config = os.environ["NAUTOBOT_CONFIG"]
    code = Code(Path(sys.executable), config, Apps((), {}), (), frozenset())
    processes = CopyProcesses(reach_copy(server.folder, server.sockets), Deadline(120))
    order = Order("this run", targets=((),))
    events = processes.run(code, order, server.folder / "process")
    run = read_migrate_run(events, order.steps, 1.0, tmp_path)
    assert run.migrations == ()
    assert "not the copy of this rehearsal" in run.stop.failure.message


def find_processes(folder):
    """Return the processes whose command names a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.4])
def test_run_server_of_a_killed_process_leaves_nothing(programs, seconds):
    """A Job can be cancelled by SIGKILL, also while the server starts."""
    folder = create_folder()
    process = subprocess.Popen(
        [sys.executable, "-c", KEPT_SCRIPT, str(folder), str(programs)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    keeper_has_started = time.monotonic() + 30
    while not (folder / "lock").exists() and time.monotonic() < keeper_has_started:
        time.sleep(0.01)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 12
    while (folder.exists() or find_processes(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not folder.exists()
    assert find_processes(folder) == []


def test_rehearse_installed_without_the_setting_is_refused():
    with pytest.raises(UsageError, match="allow_rehearsal"):
        rehearse_installed(RehearsalRequest(RunRequest(target="3.2.7")), Configuration())
