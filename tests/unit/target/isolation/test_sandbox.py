"""The strongest isolation that a host offers."""

import pytest

from nautobot_upgrade_jobs.target.isolation import sandbox
from nautobot_upgrade_jobs.target.isolation.sandbox import NETWORK_ALLOWED, open_sandbox


@pytest.fixture
def host(monkeypatch):
    def offer(refusal):
        monkeypatch.setattr(sandbox, "_probe_namespaces", lambda folder: refusal)

    return offer


class Relay:
    is_superuser = False

    def __init__(self, folder, *_):
        self.folder = folder

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize(
    ("refusal", "database", "allow_network", "hides_files", "hides_network", "gaps"),
    [
        ("", {}, False, True, True, 0),
        ("", {}, True, True, False, 1),
        ("", None, False, True, False, 1),
        ("EPERM", {}, False, False, False, 1),
        ("EPERM", None, False, False, False, 2),
    ],
)
def test_each_missing_part_is_a_gap(
    host, monkeypatch, tmp_path, refusal, database, allow_network, hides_files, hides_network, gaps
):
    host(refusal)
    monkeypatch.setattr(sandbox, "_create_relay", lambda folder, *_: Relay(folder))
    with open_sandbox(tmp_path, database, 5, allow_network=allow_network) as opened:
        found = opened.isolation
        assert bool(opened.database_folder) == (database is not None)
    assert found.has_relay == (database is not None)
    assert (found.hides_files, found.hides_network) == (hides_files, hides_network)
    assert len(found.gaps) == gaps
    assert (NETWORK_ALLOWED in found.gaps) == allow_network


def test_login_that_fails_is_a_gap(host, monkeypatch, tmp_path):
    def refuse(*_):
        raise OSError("the server refuses the login")

    host("")
    monkeypatch.setattr(sandbox, "_create_relay", refuse)
    with open_sandbox(tmp_path, {}, 5) as opened:
        assert not opened.isolation.has_relay
        assert not opened.isolation.hides_network
        assert "the server refuses the login" in opened.isolation.gaps[0]


@pytest.mark.parametrize(("length", "is_inside"), [(1, True), (200, False)])
def test_long_path_of_the_folder_does_not_prevent_the_relay(
    host, monkeypatch, tmp_path, length, is_inside
):
    host("")
    monkeypatch.setattr(sandbox, "_create_relay", lambda folder, *_: Relay(folder))
    folder = tmp_path / ("x" * length)
    folder.mkdir()
    monkeypatch.setattr(sandbox, "MAX_FOLDER_BYTES", len(str(tmp_path)) + 20)
    with open_sandbox(folder, {}, 5) as opened:
        assert opened.isolation.has_relay
        assert opened.database_folder.startswith(str(folder)) == is_inside


def test_host_without_a_launcher_is_a_gap(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "LAUNCHER", tmp_path / "missing.py")
    with open_sandbox(tmp_path, None, 5) as opened:
        assert not opened.isolation.hides_files
