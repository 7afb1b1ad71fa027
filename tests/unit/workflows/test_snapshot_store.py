"""Snapshot files in folders."""

import pytest

from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot, dump
from nautobot_upgrade_jobs.workflows.snapshot_store import read_snapshot, write_snapshot
from tests.support.snapshot_states import state

SNAPSHOT = Snapshot("nautobot", "2026-11-21T12:00:00+00:00", "a test", state())
DATA = dump(SNAPSHOT)


def test_write_snapshot_can_be_read_again(tmp_path):
    path = write_snapshot(tmp_path / "new" / "folder", "snapshot.json.gz", DATA)
    assert read_snapshot(path) == SNAPSHOT


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
