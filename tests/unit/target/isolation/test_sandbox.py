"""The strongest isolation that a host offers."""

import pytest

from nautobot_upgrade_jobs.target.boot_result import BootFailed
from nautobot_upgrade_jobs.target.isolation import LiveDatabase, sandbox
from nautobot_upgrade_jobs.target.isolation.sandbox import (
    NETWORK_ALLOWED,
    NO_NAMESPACES,
    open_sandbox,
)

DATABASE = LiveDatabase("postgresql", {"host": "127.0.0.1", "port": 1})


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


def refuse(*_):
    raise OSError("the server refuses the login")


@pytest.mark.parametrize(
    ("refusal", "has_relay", "allow_network", "hides_files", "hides_network", "gaps"),
    [
        ("", True, False, True, True, 0),
        ("", True, True, True, False, 1),
        ("", False, False, True, False, 1),
        ("EPERM", True, False, False, False, 1),
        ("EPERM", False, False, False, False, 2),
    ],
)
def test_each_missing_part_is_a_gap(
    host, monkeypatch, tmp_path, refusal, has_relay, allow_network, hides_files, hides_network, gaps
):
    host(refusal)
    monkeypatch.setattr(sandbox, "create_relay", Relay if has_relay else refuse)
    with open_sandbox(tmp_path, DATABASE, 5, allow_network=allow_network) as opened:
        found = opened.isolation
        assert bool(opened.database_folder) == has_relay
    assert found.has_relay == has_relay
    assert (found.hides_files, found.hides_network) == (hides_files, hides_network)
    assert len(found.gaps) == gaps
    assert (NETWORK_ALLOWED in found.gaps) == allow_network


def test_login_that_fails_is_a_gap(host, monkeypatch, tmp_path):
    host("")
    monkeypatch.setattr(sandbox, "create_relay", refuse)
    with open_sandbox(tmp_path, DATABASE, 5) as opened:
        assert not opened.isolation.has_relay
        assert not opened.isolation.hides_network
        assert "the server refuses the login" in opened.isolation.gaps[0]


@pytest.mark.parametrize(("length", "is_inside"), [(1, True), (200, False)])
def test_long_path_of_the_folder_does_not_prevent_the_relay(
    host, monkeypatch, tmp_path, length, is_inside
):
    host("")
    monkeypatch.setattr(sandbox, "create_relay", Relay)
    folder = tmp_path / ("x" * length)
    folder.mkdir()
    monkeypatch.setattr(sandbox, "MAX_FOLDER_BYTES", len(str(tmp_path)) + 20)
    with open_sandbox(folder, DATABASE, 5) as opened:
        assert opened.isolation.has_relay
        assert opened.database_folder.startswith(str(folder)) == is_inside


def test_kernel_that_refuses_namespaces_is_a_gap(monkeypatch, tmp_path):
    (tmp_path / "launcher.py").write_text("import sys; sys.stderr.write('denied'); sys.exit(125)")
    monkeypatch.setattr(sandbox, "LAUNCHER", tmp_path / "launcher.py")
    with open_sandbox(tmp_path, DATABASE, 5) as opened:
        assert not opened.isolation.hides_files
        assert NO_NAMESPACES.format("denied") in opened.isolation.gaps


@pytest.mark.parametrize("code", [None, "import sys; sys.exit('denied')", "while True: pass"])
def test_namespaces_that_fail_for_another_reason_start_nothing(monkeypatch, tmp_path, code):
    """Otherwise, a program on the host could switch the isolation off."""
    if code:
        (tmp_path / "launcher.py").write_text(code)
    monkeypatch.setattr(sandbox, "LAUNCHER", tmp_path / "launcher.py")
    monkeypatch.setattr(sandbox, "PROBE_SECONDS", 1)
    with (
        pytest.raises(BootFailed, match="could not be prepared"),
        open_sandbox(tmp_path, DATABASE, 5),
    ):
        pass
