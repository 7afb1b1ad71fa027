"""``clean`` removes what has no running run, and nothing else."""

import fcntl
import os
import subprocess
import sys
import tempfile
import time

import pytest

from nautobot_upgrade_jobs.__main__ import main
from nautobot_upgrade_jobs.target.scratch_dir import PREFIX, REMOVED_PREFIX
from nautobot_upgrade_jobs.workflows.clean import remove_leftovers


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch, tmp_path):
    """Use no folder of this host."""
    for name in ("temporary", "disk", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr("nautobot_upgrade_jobs.workflows.clean.DISK_FOLDER", str(tmp_path / "disk"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def left(parent, name=f"{PREFIX}dead"):
    """Create the folder of a run that has ended, with a file of its server."""
    folder = parent / name
    (folder / "data").mkdir(parents=True)
    (folder / "lock").touch()
    return folder


def test_remove_leftovers_removes_folders_of_ended_runs_in_every_place(tmp_path):
    places = [tmp_path / name for name in ("temporary", "disk", "named")]
    folders = [left(place) for place in places]
    folders.append(left(tmp_path / "temporary", f"{REMOVED_PREFIX}half"))
    assert set(remove_leftovers((str(tmp_path / "named"), ""))) == set(folders)
    assert not any(folder.exists() for folder in folders)


def test_remove_leftovers_ends_processes_in_the_folder(tmp_path):
    folder = left(tmp_path / "disk")
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(words, cwd=folder / "data") as process:
        assert remove_leftovers(()) == (folder,)
        assert process.wait(5) == -9


def test_remove_leftovers_keeps_what_is_not_left(tmp_path):
    running = left(tmp_path / "disk", f"{PREFIX}running")
    starting = tmp_path / "disk" / f"{PREFIX}starting"
    starting.mkdir()
    other = left(tmp_path / "disk", "other")
    link = tmp_path / "disk" / f"{PREFIX}link"
    link.symlink_to(other)
    with (running / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_leftovers((str(tmp_path / "missing"),)) == ()
    assert all(folder.exists() for folder in (running, starting, other, link))


def test_remove_leftovers_removes_a_run_that_was_killed_at_its_start(tmp_path):
    folder = tmp_path / "disk" / f"{PREFIX}ab12_xyz"
    folder.mkdir(mode=0o700)
    long_ago = time.time() - 4000
    os.utime(folder, (long_ago, long_ago))
    assert remove_leftovers(()) == (folder,)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        pytest.param(f"{PREFIX}main", 0o700, id="a checkout of this project"),
        pytest.param(f"{PREFIX}report-of-may", 0o700, id="an output folder"),
        pytest.param(f"{PREFIX}ab12_xyz", 0o755, id="another mode"),
    ],
)
def test_remove_leftovers_keeps_a_folder_of_the_operator(tmp_path, name, mode):
    folder = tmp_path / "disk" / name
    folder.mkdir()
    folder.chmod(mode)
    os.utime(folder, (0, 0))
    assert remove_leftovers(()) == ()
    assert folder.exists()


def test_clean_writes_what_was_removed(tmp_path, capsys):
    folder = left(tmp_path / "named")
    assert main(["clean", "--directory", str(tmp_path / "named")]) == 0
    assert capsys.readouterr().out == f"Removed {folder}\n"
    assert main(["clean"]) == 0
    assert capsys.readouterr().out == "Nothing was left.\n"
