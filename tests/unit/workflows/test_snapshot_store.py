"""Snapshot files in folders: complete or absent, even if the writer is killed."""

import os
import random
import signal
import time

import pytest

from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot, dump
from nautobot_upgrade_jobs.workflows.snapshot_store import (
    SCRATCH_FILE_PREFIX,
    read_snapshot,
    write_snapshot,
)
from tests.support.snapshot_states import state

SNAPSHOT = Snapshot("nautobot", "2026-11-21T12:00:00+00:00", "a test", state())
DATA = dump(SNAPSHOT)


def write_until_killed(folder):
    """Write one file after another in a child process."""
    pid = os.fork()
    if pid:
        return pid
    number = 0
    while True:
        write_snapshot(folder, f"snapshot-{os.getpid()}-{number}.json.gz", DATA)
        number += 1


def test_write_snapshot_killed_leaves_a_whole_file_or_none(tmp_path):
    generator, scratch_files = random.Random(1), 0
    for _ in range(50):
        pid = write_until_killed(tmp_path)
        time.sleep(generator.uniform(0.002, 0.03))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        scratch_files += len(list(tmp_path.glob(f"{SCRATCH_FILE_PREFIX}*")))
        for path in tmp_path.glob("snapshot-*"):
            assert read_snapshot(path) == SNAPSHOT
            path.unlink()
    assert scratch_files > 5  # some writers were killed during a write
    path = write_snapshot(tmp_path, "snapshot-last.json.gz", DATA)
    assert list(tmp_path.iterdir()) == [path]


def test_write_snapshot_keeps_the_scratch_file_of_a_running_writer(tmp_path):
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


def test_write_snapshot_is_readable_by_the_owner_only(tmp_path):
    path = write_snapshot(tmp_path / "new" / "folder", "snapshot.json.gz", DATA)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("path", "message"),
    [("missing.json.gz", "No such file"), (".", "Is a directory"), ("empty", "truncated")],
)
def test_read_snapshot_unreadable_file_is_named(tmp_path, path, message):
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(UsageError, match=message) as raised:
        read_snapshot(tmp_path / path)
    assert str(tmp_path) in str(raised.value)


def test_write_snapshot_unwritable_folder_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="cannot be written"):
        write_snapshot(tmp_path / "file", "snapshot.json.gz", DATA)
