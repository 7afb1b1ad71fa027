"""Snapshot files in folders: whole or not there, whatever becomes of the writer."""

import os
import random
import signal
import time

import pytest

from nautobot_upgrade_jobs.app_settings import UsageError
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot, seal
from nautobot_upgrade_jobs.workflows.snapshot_store import (
    SCRATCH_FILE_PREFIX,
    read_snapshot,
    write_snapshot,
)
from tests.support.snapshot_states import state

SNAPSHOT = Snapshot("nautobot", "2026-11-21T12:00:00+00:00", "a test", state())
DATA = seal(SNAPSHOT)


def write_until_killed(folder):
    """Write file after file in a process of its own, which knows nothing else."""
    pid = os.fork()
    if pid:
        return pid
    number = 0
    while True:
        write_snapshot(folder, f"snapshot-{os.getpid()}-{number}.json.gz", DATA)
        number += 1


def test_killed_at_any_moment_a_file_is_whole_or_not_there(tmp_path):
    generator, seen_scratch = random.Random(1), 0
    for _ in range(50):
        pid = write_until_killed(tmp_path)
        time.sleep(generator.uniform(0.002, 0.03))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        seen_scratch += len(list(tmp_path.glob(f"{SCRATCH_FILE_PREFIX}*")))
        for path in tmp_path.glob("snapshot-*"):
            assert read_snapshot(path) == SNAPSHOT
            path.unlink()
    assert seen_scratch > 5  # some were really in the middle of it
    path = write_snapshot(tmp_path, "snapshot-last.json.gz", DATA)
    assert list(tmp_path.iterdir()) == [path]


def test_the_scratch_file_of_a_running_writer_stays(tmp_path):
    import platform

    host = platform.node().replace("-", "_")
    running = tmp_path / f"{SCRATCH_FILE_PREFIX}{host}-{os.getpid()}-abc"
    elsewhere = tmp_path / f"{SCRATCH_FILE_PREFIX}elsewhere-1-abc"
    long_ago = tmp_path / f"{SCRATCH_FILE_PREFIX}elsewhere-2-abc"
    for path in (running, elsewhere, long_ago):
        path.write_bytes(b"half")
    os.utime(long_ago, (0, 0))
    write_snapshot(tmp_path, "snapshot.json.gz", DATA)
    assert {path.name for path in tmp_path.iterdir()} == {
        "snapshot.json.gz",
        running.name,
        elsewhere.name,
    }


def test_only_the_owner_can_read_it(tmp_path):
    path = write_snapshot(tmp_path / "new" / "folder", "snapshot.json.gz", DATA)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("path", "says"),
    [("missing.json.gz", "No such file"), (".", "Is a directory"), ("empty", "truncated")],
)
def test_what_cannot_be_read_is_a_line_that_names_it(tmp_path, path, says):
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(UsageError, match=says) as caught:
        read_snapshot(tmp_path / path)
    assert str(tmp_path) in str(caught.value)


def test_what_cannot_be_written_is_a_line_that_names_it(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="cannot be written"):
        write_snapshot(tmp_path / "file", "snapshot.json.gz", DATA)
