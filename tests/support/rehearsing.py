"""Fixtures of a copy: the programs, a running server, and the live database."""

import contextlib
import os
import time
from pathlib import Path

import pytest
from django.db import connection

from nautobot_upgrade_jobs.rehearsal.copy_server import Expected, ServerOptions, start_copy_server
from nautobot_upgrade_jobs.rehearsal.folder import open_folder
from nautobot_upgrade_jobs.rehearsal.postgresql.programs import install_programs
from nautobot_upgrade_jobs.rehearsal.postgresql.server import start_server
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.index_config import create_uv
from nautobot_upgrade_jobs.target.installation import build_live_database


@pytest.fixture(scope="session")
def programs():
    """The programs of the server, in a folder that another account can read."""
    with open_folder() as kept:
        kept.path.chmod(0o755)
        yield install_programs(create_uv(kept.path, "", Deadline(120)), kept.path / "programs")


@pytest.fixture
def server(programs):
    with open_folder() as kept:
        yield start_server(kept, programs)
    assert not kept.path.exists()


@pytest.fixture
def live(instance):
    """The live database of the tests."""
    entry = {**connection.settings_dict, "NAME": os.environ["NAUTOBOT_DB_NAME"]}
    return build_live_database(entry)


RUN = "0123456789abcdef"
"""The name of a rehearsal."""


@contextlib.contextmanager
def started(live, run=RUN, **options):
    """Start a server for a copy, with the fields of ``ServerOptions``, and close it at the end."""
    with open_folder() as kept:
        server = start_copy_server(live, kept, run, ServerOptions(**options))
        try:
            yield server
        finally:
            server.close()


def expect(live):
    """Expect a copy of a live database, with any migrations."""
    return Expected(live, None, (), "2.4.44")


def find_processes(folder):
    """Return the commands of the processes that name a folder, or work in it."""
    found, name = [], str(folder).encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            parts = (command, (process / "environ").read_bytes(), os.readlink(process / "cwd"))
        except OSError:
            continue
        if any(name in os.fsencode(part) for part in parts):
            found.append(command.replace(b"\0", b" ")[:200])
    return found


def wait_until(is_done, seconds=12):
    """Wait for a condition, and require it."""
    deadline = time.monotonic() + seconds
    while not is_done() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert is_done()


def count_rows(session):
    """Return the number of rows of each table of a PostgreSQL database."""
    with session.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name"
        )
        numbers = {}
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM public."{name}"')
            (numbers[name],) = cursor.fetchone()
    return numbers
