"""``nautobot-server upgrade_jobs``: what it says, and what it ends with."""

import os
import subprocess

import pytest

from nautobot_upgrade_jobs.snapshot.file_format import unseal


def run_command(*words, **environment):
    return subprocess.run(
        ["nautobot-server", "upgrade_jobs", *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.lines
def test_a_pristine_installation_is_go(clone, instance):
    """Fresh migrate, no Apps but ours, the newest patch of its own line, a worker that answers."""
    with clone("pristine") as name:
        done = run_command("preflight", NAUTOBOT_DB_NAME=name, STACK_CACHE="1", STACK_BROKER="0")
    assert (done.returncode, "GO:" in done.stdout) == (0, True), done.stdout + done.stderr
    assert "warning" not in done.stdout.replace("0 warnings", "")
    for line in done.stdout.splitlines():
        assert "BLOCKER" not in line


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "the following arguments are required: job"),
        (("upgrade",), "invalid choice: 'upgrade'"),
        (("preflight", "--tarjet", "3.2.7"), "unrecognized arguments: --tarjet"),
        (("preflight", "--format", "xml"), "invalid choice: 'xml'"),
        (("preflight", "--target", "1.4.6"), "1.4.6 was never released"),
        (("preflight", "--exclude", "no.such"), "No such check: no.such"),
        (("preflight", "--output", "/dev/null/reports"), "--output:"),
        (("snapshot", "--output", "/dev/null/reports"), "/dev/null/reports"),
    ],
)
def test_a_usage_error_ends_with_1_and_a_line(words, says):
    """Not with argparse's 2, which means BLOCKED here, and never with a traceback."""
    done = run_command(*words)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.lines
def test_a_snapshot_is_written(tmp_path):
    done = run_command("snapshot", "--output", str(tmp_path))
    (path,) = tmp_path.iterdir()
    assert (done.returncode, str(path) in done.stdout) == (0, True)
    assert unseal(path.read_bytes()).instance


@pytest.mark.once
@pytest.mark.parametrize(
    ("command", "option"), [("preflight", "--require"), ("rollback", "--backup"), ("state", "-h")]
)
def test_the_options_of_a_command_can_be_asked_for(command, option):
    """``--help`` is taken by ``nautobot-server`` itself."""
    done = run_command("help", command)
    assert (done.returncode, option in done.stdout) == (0, True), done.stderr
