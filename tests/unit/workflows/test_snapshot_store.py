"""Snapshot files in folders."""

import pytest

from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot, dump
from nautobot_upgrade_jobs.workflows.snapshot_store import (
    newest_snapshot,
    read_snapshot,
    write_snapshot,
)
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


def test_newest_snapshot_ignores_what_has_another_name_or_is_no_file(tmp_path):
    for name in ("snapshot-b-20261129T120000Z.json.gz", "snapshot-a-20261130T120000Z.json.gz"):
        (tmp_path / name).write_bytes(DATA)
    (tmp_path / "snapshot-foo.json.gz").write_bytes(b"garbage")
    (tmp_path / "snapshot-z-30261130T120000Z.json.gz").mkdir()
    assert newest_snapshot(tmp_path).name == "snapshot-a-20261130T120000Z.json.gz"


def test_newest_snapshot_of_an_empty_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match="contains no snapshot"):
        newest_snapshot(tmp_path)


@pytest.mark.parametrize("path", ["snapshot.json.gz", "x" * 300])
def test_newest_snapshot_of_a_file_is_the_file(tmp_path, path):
    assert newest_snapshot(tmp_path / path) == tmp_path / path
    with pytest.raises(UsageError):
        read_snapshot(newest_snapshot(tmp_path / path))
