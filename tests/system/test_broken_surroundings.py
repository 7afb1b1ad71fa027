"""Every command while the database, the disk or the output folder fails.

The tests of Redis are in ``test_command.py``.
"""

import contextlib
import io
import resource

import pytest
from django.db import connections

from nautobot_upgrade_jobs.__main__ import main
from nautobot_upgrade_jobs.workflows.capture import capture
from tests.support.command import Done, run_command, upgrade_jobs

pytestmark = [pytest.mark.once, pytest.mark.newest]
COMMANDS = {
    "preflight": ["preflight", "--no-build"],
    "snapshot": ["snapshot"],
    "compare": ["compare", "BEFORE"],
    "verify": ["verify", "--before", "BEFORE"],
    "rollback": ["rollback", "--to", "BEFORE"],
}
OFFLINE_COMMANDS = {
    "compare": ["compare", "BEFORE", "BEFORE"],
    "rollback": ["rollback", "--facts", "BEFORE", "--to", "BEFORE"],
}
MAX_FILE_BYTES = 2000
INCOMPLETE, USAGE_ERROR = 3, 1


@pytest.fixture(scope="module")
def before(nautobot, tmp_path_factory):
    """The path of a snapshot."""
    captured = capture(lambda topic: None)
    path = tmp_path_factory.mktemp("before") / captured.name
    path.write_bytes(captured.data)
    return str(path)


@contextlib.contextmanager
def unreachable_database():
    connection = connections["default"]
    port = connection.settings_dict["PORT"]
    connections.close_all()
    connection.settings_dict["PORT"] = "1"
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["PORT"] = port


@contextlib.contextmanager
def full_disk():
    """Let every write after the first bytes of a file fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def offline(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    return Done(code, out.getvalue(), err.getvalue())


def with_files(words, before, folder):
    return [before if word == "BEFORE" else word for word in words] + ["--output", str(folder)]


def assert_one_line(done):
    """The last line names the error. The lines before it are notes."""
    assert "Traceback" not in done.stdout + done.stderr
    assert "error: " in done.stderr.splitlines()[-1].lower(), done.stderr


@pytest.mark.parametrize("name", [*COMMANDS, "state"])
def test_command_without_a_database_ends_with_its_exit_code(name, before, tmp_path):
    words = with_files(COMMANDS[name], before, tmp_path) if name in COMMANDS else ["state"]
    with unreachable_database():
        done = upgrade_jobs(*words)
    assert done.returncode in (INCOMPLETE, USAGE_ERROR), done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    if done.returncode == USAGE_ERROR:
        assert_one_line(done)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_command_with_a_full_disk_names_the_error_and_leaves_no_part(name, before, tmp_path):
    folder = tmp_path / "output"
    with full_disk():
        done = upgrade_jobs(*with_files(COMMANDS[name], before, folder))
    assert done.returncode == USAGE_ERROR, done.stdout + done.stderr
    assert_one_line(done)
    assert [path for path in folder.iterdir() if path.stat().st_size >= MAX_FILE_BYTES] == []
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("name", COMMANDS)
def test_command_with_a_file_in_place_of_the_folder_names_it(name, before, tmp_path):
    folder = tmp_path / "output"
    folder.write_text("here")
    done = upgrade_jobs(*with_files(COMMANDS[name], before, folder))
    assert done.returncode == USAGE_ERROR
    assert_one_line(done)
    assert str(folder) in done.stderr


@pytest.mark.parametrize("name", OFFLINE_COMMANDS)
def test_offline_command_with_a_full_disk_names_the_error(name, before, tmp_path):
    with full_disk():
        done = offline(*with_files(OFFLINE_COMMANDS[name], before, tmp_path / "output"))
    assert done.returncode == USAGE_ERROR
    assert_one_line(done)


def test_process_without_database_and_redis_starts_and_reports():
    done = run_command("verify", NAUTOBOT_DB_PORT="1", NAUTOBOT_REDIS_PORT="1")
    assert done.returncode in (2, INCOMPLETE), done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
