"""A function runs in a copy of this process, whose end does not end this process."""

import os
import signal
import sys

import pytest

from nautobot_upgrade_jobs.probes.child_process import ChildProcess


def test_child_process_returns_the_result_of_another_process():
    number, long_text = ChildProcess(lambda: [os.getpid(), "x" * 1_000_000]).wait()
    assert number != os.getpid()
    assert len(long_text) == 1_000_000


def test_child_process_runs_at_the_same_time():
    read, write = os.pipe()
    child = ChildProcess(lambda: os.read(read, 5).decode())
    os.write(write, b"later")
    assert child.wait() == "later"


def fail():
    raise ValueError("broken")


@pytest.mark.parametrize(
    ("function", "how"),
    [
        pytest.param(lambda: os._exit(0), "exit code 0", id="ends the process"),
        pytest.param(lambda: os._exit(3), "exit code 3", id="ends the process with an error"),
        pytest.param(lambda: os.kill(os.getpid(), signal.SIGKILL), "signal 9", id="killed"),
    ],
)
def test_child_process_without_a_result_raises(function, how):
    with pytest.raises(ChildProcessError, match=f"too early, with {how}"):
        ChildProcess(function).wait()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        pytest.param(fail, "failed: ValueError: broken", id="raises"),
        pytest.param(lambda: object(), "failed: TypeError: Object of type", id="no JSON"),
        pytest.param(lambda: sys.exit(3), "failed: SystemExit: 3", id="exits"),
        pytest.param(lambda: "x" * (1 << 26), "larger than 32 MiB", id="too large"),
    ],
)
def test_child_process_that_fails_gives_the_reason(function, reason):
    with pytest.raises(ChildProcessError, match=reason):
        ChildProcess(function).wait()


def test_child_process_is_waited_for_although_children_are_ignored(monkeypatch):
    previous = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert ChildProcess(lambda: 1).wait() == 1
    finally:
        signal.signal(signal.SIGCHLD, previous)
