"""Files that are complete or absent, even if the writer is killed."""

import errno
import fcntl
import os
import platform
import random
import signal
import time
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.common.private_files import (
    UNFINISHED_PREFIX,
    UnsafeFolderError,
    write_private_file,
)

DATA = b"whole" * 50_000


def write_until_killed(folder):
    """Write one file after another in a child process."""
    pid = os.fork()
    if pid:
        return pid
    number = 0
    while True:
        write_private_file(folder / f"file-{os.getpid()}-{number}", DATA)
        number += 1


def test_write_private_file_killed_leaves_a_whole_file_or_none(tmp_path):
    generator, unfinished = random.Random(1), 0
    for _ in range(50):
        pid = write_until_killed(tmp_path)
        time.sleep(generator.uniform(0.002, 0.03))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        unfinished += len(list(tmp_path.glob(f"{UNFINISHED_PREFIX}*")))
        for path in tmp_path.glob("file-*"):
            assert path.read_bytes() == DATA
            path.unlink()
    assert unfinished > 5  # some writers were killed during a write
    write_private_file(tmp_path / "last", DATA)
    assert [path.name for path in tmp_path.iterdir()] == ["last"]


@pytest.mark.parametrize("pid", ["9" * 20, "\N{SUPERSCRIPT TWO}", "", "x", "99999999"])
@pytest.mark.parametrize("kind", [os.mkdir, os.mkfifo, lambda path: Path(path).touch()])
def test_write_private_file_among_foreign_unfinished_names_succeeds(tmp_path, pid, kind):
    host = platform.node().replace("-", "_")
    kind(tmp_path / f"{UNFINISHED_PREFIX}{host}-{pid}-x")
    write_private_file(tmp_path / "report.md", DATA)
    assert (tmp_path / "report.md").read_bytes() == DATA


def test_write_private_file_keeps_the_unfinished_file_of_another_container(tmp_path):
    """It can have the same host name, and its process does not exist here."""
    unfinished = tmp_path / f"{UNFINISHED_PREFIX}{platform.node().replace('-', '_')}-99999999-a"
    with unfinished.open("w") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        write_private_file(tmp_path / "report", b"x")
        assert unfinished.exists()
    write_private_file(tmp_path / "report", b"x")
    assert not unfinished.exists()


def test_write_private_file_keeps_the_unfinished_file_of_a_running_writer(tmp_path):
    host = platform.node().replace("-", "_")
    running = tmp_path / f"{UNFINISHED_PREFIX}{host}-{os.getpid()}-abc"
    elsewhere = tmp_path / f"{UNFINISHED_PREFIX}elsewhere-1-abc"
    long_ago = tmp_path / f"{UNFINISHED_PREFIX}elsewhere-2-abc"
    for path in (running, elsewhere, long_ago):
        path.write_bytes(b"half")
    os.utime(long_ago, (0, 0))
    write_private_file(tmp_path / "file", DATA)
    assert {path.name for path in tmp_path.iterdir()} == {"file", running.name, elsewhere.name}


def test_write_private_file_is_readable_by_the_owner_only(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    write_private_file(path, DATA)
    assert path.stat().st_mode & 0o077 == 0


def test_write_private_file_replaces_a_link_and_leaves_its_target(tmp_path):
    target, path = tmp_path / "target", tmp_path / "report.md"
    target.write_text("of another user")
    path.symlink_to(target)
    write_private_file(path, DATA)
    assert (target.read_text(), path.is_symlink()) == ("of another user", False)


def test_write_private_file_on_a_full_disk_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "report.md"
    path.write_text("older")

    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_private_file(path, DATA)
    assert [each.name for each in tmp_path.iterdir()] == ["report.md"]
    assert path.read_text() == "older"


@pytest.mark.parametrize(
    ("mode", "is_safe"), [(0o755, True), (0o775, True), (0o1777, True), (0o777, False)]
)
def test_write_private_file_refuses_a_folder_in_which_everyone_replaces_files(
    tmp_path, mode, is_safe
):
    tmp_path.chmod(mode)
    for folder in (tmp_path, tmp_path / "inside"):
        if is_safe:
            write_private_file(folder / "file", DATA)
        else:
            with pytest.raises(UnsafeFolderError, match=f"chmod o-w {tmp_path}$"):
                write_private_file(folder / "file", DATA)
