"""Scratch folders of runs."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from nautobot_upgrade_jobs.target.scratch_dir import (
    LOCK_FILE,
    MAX_UNLOCKED_SECONDS,
    PREFIX,
    REMOVED_PREFIX,
    ScratchError,
    find_build_directory,
    measure_mebibytes,
    require_exec_allowed,
    scratch_folder,
)


def test_scratch_folder_is_private_and_removed_afterwards(tmp_path):
    work = tmp_path / "work"
    with scratch_folder(str(work)) as folder:
        assert folder.parent == work
        assert {one.stat().st_mode & 0o777 for one in (work, folder)} == {0o700}
        (folder / "nested").mkdir()
        (folder / "nested" / "file").write_bytes(b"0" * (3 << 20))
        assert measure_mebibytes(folder) == 3
    assert list(work.iterdir()) == []


def test_scratch_folder_is_removed_after_an_error(tmp_path):
    with pytest.raises(KeyError), scratch_folder(str(tmp_path / "work")):
        raise KeyError
    assert list((tmp_path / "work").iterdir()) == []


def test_scratch_folder_removes_stale_folders_only(tmp_path):
    work = tmp_path / "work"
    program = (
        "import sys, time; from nautobot_upgrade_jobs.target.scratch_dir import scratch_folder\n"
        f"with scratch_folder({str(work)!r}) as one: print(one, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as run:
        left = run.stdout.readline().strip()
        with scratch_folder(str(work)):
            assert os.path.isdir(left)
        run.send_signal(signal.SIGKILL)
    assert os.path.isdir(left)
    with scratch_folder(str(work)) as own:
        assert [one.name for one in work.glob(f"{PREFIX}*")] == [own.name]


@pytest.fixture
def work(tmp_path):
    """A private parent folder."""
    folder = tmp_path / "work"
    folder.mkdir(mode=0o700)
    return folder


def names_during_a_run(work):
    """Start a run, and return the names in the parent folder except its own."""
    with scratch_folder(str(work)) as own:
        return {path.name for path in work.iterdir()} - {own.name}


def test_scratch_folder_continues_a_removal_that_was_killed(work):
    """The lock can be the first file that is removed, so nothing may depend on it then."""
    program = (
        "import os, shutil, signal\n"
        "from pathlib import Path\n"
        "from nautobot_upgrade_jobs.target.scratch_dir import scratch_folder\n"
        "def kill(folder, **_):\n"
        "    Path(folder, 'lock').unlink()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "shutil.rmtree = kill\n"
        f"with scratch_folder({str(work)!r}) as folder: (folder / 'package').write_text('large')"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False)
    assert ended.returncode == -signal.SIGKILL
    (left,) = work.iterdir()
    assert (left / "package").exists()
    assert names_during_a_run(work) == set()


def test_scratch_folder_that_has_had_no_lock_for_long_is_removed(work):
    """Its run was killed between the creation of the folder and the creation of the lock."""
    left = Path(tempfile.mkdtemp(prefix=PREFIX, dir=work))
    old = time.time() - MAX_UNLOCKED_SECONDS - 9
    os.utime(left, (old, old))
    assert names_during_a_run(work) == set()


def test_scratch_folder_without_a_lock_yet_is_kept(work):
    (work / f"{PREFIX}new").mkdir()
    assert names_during_a_run(work) == {f"{PREFIX}new"}


def test_scratch_folder_foreign_files_of_any_kind_neither_hang_nor_disappear(work):
    kept = {f"{PREFIX}{kind}" for kind in ("file", "fifo", "link", "inside", "inside-link")}
    (work / f"{PREFIX}file").write_text("")
    os.mkfifo(work / f"{PREFIX}fifo")
    (work / f"{PREFIX}link").symlink_to(work)
    (work / f"{PREFIX}inside").mkdir()
    os.mkfifo(work / f"{PREFIX}inside" / LOCK_FILE)
    (work / f"{PREFIX}inside-link").mkdir()
    (work / f"{PREFIX}inside-link" / LOCK_FILE).symlink_to(work / "nothing")
    (work / f"{REMOVED_PREFIX}link").symlink_to(work)
    assert names_during_a_run(work) >= kept - {f"{PREFIX}inside"}


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_resolve_work_directory_accessible_to_others_is_refused(tmp_path, mode):
    tmp_path.chmod(mode)
    with pytest.raises(ScratchError, match="0700"), scratch_folder(str(tmp_path)):
        pass


def test_scratch_folder_impossible_directory_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ScratchError, match="file"), scratch_folder(str(tmp_path / "file" / "x")):
        pass


def test_require_exec_allowed_noexec_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_NOEXEC))
    with pytest.raises(ScratchError, match="noexec"):
        require_exec_allowed(tmp_path)


def test_require_exec_allowed_ordinary_folder_is_accepted(tmp_path):
    require_exec_allowed(tmp_path)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder in which environments are kept, below the cache folder of this user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "nautobot-upgrade-jobs" / "builds"


def test_find_build_directory_is_private_and_below_the_cache_of_the_user(cache):
    assert find_build_directory() == str(cache)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.parents[1].write_text("a file"), id="no folder"),
        pytest.param(lambda path: (path.mkdir(parents=True), path.chmod(0o755)), id="open"),
    ],
)
def test_find_build_directory_that_cannot_be_used_is_none(cache, spoil):
    spoil(cache)
    assert find_build_directory() == ""


@pytest.mark.parametrize(
    ("free", "flags", "expected"),
    [(5 << 30, 0, True), (3 << 30, 0, False), (5 << 30, os.ST_NOEXEC, False)],
)
def test_find_build_directory_requires_space_and_execution(
    cache, monkeypatch, free, flags, expected
):
    status = SimpleNamespace(f_bavail=free, f_frsize=1, f_flag=flags)
    monkeypatch.setattr(os, "statvfs", lambda path: status)
    assert bool(find_build_directory()) is expected


def test_find_build_directory_relative_cache_is_none(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert find_build_directory() == ""
