"""``nautobot-server upgrade_jobs``: its output and its exit codes."""

import contextlib
import os
import pty
import socket
import subprocess
import sys

import pytest

from nautobot_upgrade_jobs.cli.progress import CLEAR_LINE
from nautobot_upgrade_jobs.snapshot.file_format import load
from tests.support.command import run_command, upgrade_jobs


@pytest.mark.lines
def test_preflight_pristine_installation_is_up_to_date(clone, instance):
    """A fresh migrate, only this App, the newest patch of the line, and a worker that responds."""
    with clone("pristine") as name:
        done = run_command("preflight", NAUTOBOT_DB_NAME=name, STACK_CACHE="1", STACK_BROKER="0")
    assert (done.returncode, "UP TO DATE:" in done.stdout) == (0, True), done.stdout + done.stderr
    assert "warning" not in done.stdout.replace("0 warnings", "")
    for line in done.stdout.splitlines():
        assert "BLOCKER" not in line


@pytest.mark.lines
@pytest.mark.parametrize(
    ("words", "code", "fragment"),
    [
        (("state",), 0, ""),
        (("verify",), 2, "BLOCKER  redis       redis.unreachable"),
    ],
)
def test_command_without_redis_reads_everything_else(words, code, fragment):
    done = run_command(*words, NAUTOBOT_REDIS_PORT="1")
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert fragment in done.stdout
    assert "database session" not in done.stdout


@pytest.mark.lines
@pytest.mark.parametrize("words", [("verify",), ("preflight", "--no-build")])
def test_command_with_redis_that_accepts_and_never_responds_ends(words):
    """A server that is stopped or overloaded: the kernel accepts the connections for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        done = run_command(*words, NAUTOBOT_REDIS_HOST="127.0.0.1", NAUTOBOT_REDIS_PORT=port)
    assert done.returncode == 2
    assert "redis.unreachable" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.once
def test_command_usage_error_ends_the_process_with_1():
    """Not with argparse's 2, which means BLOCKED here."""
    done = run_command("upgrade")
    assert (done.returncode, "invalid choice: 'upgrade'" in done.stderr) == (1, True)


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (("upgrade",), "invalid choice: 'upgrade'"),
        (("preflight", "--tarjet", "3.2.7"), "unrecognized arguments: --tarjet"),
        (("preflight", "--format", "xml"), "invalid choice: 'xml'"),
        (("preflight", "--target", "1.4.6"), "1.4.6"),
        (("preflight", "--exclude", "no.such"), "no.such"),
        (("preflight", "--output", "/dev/null/reports"), "--output:"),
        (("snapshot", "--output", "/dev/null/reports"), "/dev/null/reports"),
    ],
)
def test_command_usage_error_is_one_line_without_a_traceback(words, fragment):
    done = upgrade_jobs(*words)
    assert done.returncode == 1
    assert fragment in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.lines
def test_command_snapshot_writes_a_sealed_file(tmp_path):
    done = upgrade_jobs("snapshot", "--output", str(tmp_path))
    (path,) = tmp_path.iterdir()
    assert (done.returncode, str(path) in done.stdout) == (0, True)
    assert load(path.read_bytes()).instance


@pytest.mark.once
@pytest.mark.parametrize(
    ("command", "option"), [("preflight", "--require"), ("rollback", "--backup"), ("state", "-h")]
)
def test_command_help_lists_the_options_of_a_subcommand(command, option):
    """``--help`` is taken by ``nautobot-server`` itself."""
    done = upgrade_jobs("help", command)
    assert (done.returncode, option in done.stdout) == (0, True), done.stderr


@pytest.mark.once
@pytest.mark.parametrize("words", [(), ("targets",)])
def test_command_without_a_job_lists_the_targets(words):
    done = upgrade_jobs(*words)
    assert done.returncode == 0
    assert done.stdout.startswith("Nautobot ")
    assert ("verify" in done.stdout) is (not words)


@pytest.mark.once
@pytest.mark.network
def test_command_refuses_a_target_that_the_index_does_not_have():
    done = upgrade_jobs("preflight", "--target", "9.9.9")
    assert done.returncode == 1
    assert "The package index has no Nautobot 9.9.9." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.once
def test_command_shows_progress_on_one_line_of_a_terminal(tmp_path):
    terminal, other = pty.openpty()
    words = ["upgrade_jobs", "snapshot", "--depth", "counts", "--output", str(tmp_path)]
    command = [sys.executable, "-m", "nautobot.core.cli", *words]
    text = b""
    with subprocess.Popen(command, stderr=other, stdout=subprocess.DEVNULL) as run:
        os.close(other)
        with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error.
            while part := os.read(terminal, 65536):
                text += part
    shown = text.decode(errors="replace")
    assert run.returncode in (0, 3), shown
    assert shown.count(CLEAR_LINE) > 2
    assert " …" in shown
    assert "…\r\n" not in shown, "each line replaces the one before"
