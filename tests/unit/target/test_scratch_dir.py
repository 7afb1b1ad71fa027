"""Scratch folders of runs."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from nautobot_upgrade_jobs.target.scratch_dir import (
    PREFIX,
    ScratchError,
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
