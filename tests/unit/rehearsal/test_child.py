"""The environment of the code that is rehearsed."""

from pathlib import Path

import pytest

from nautobot_upgrade_jobs.facts import Apps
from nautobot_upgrade_jobs.rehearsal import child


@pytest.mark.parametrize("name", ["PGPASSWORD", "PGPASSFILE", "PGOPTIONS", "REPLICA_PASSWORD"])
def test_code_gets_no_password_of_a_server(tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, "word-of-the-server")
    code = child.Code(Path("python"), "", Apps((), {}), (), frozenset({"word-of-the-server"}))
    found = child._build_environment(code, tmp_path, tmp_path)
    assert "word-of-the-server" not in "".join(found.values())


def test_code_gets_the_variables_of_the_installation(tmp_path, monkeypatch):
    monkeypatch.setenv("NAUTOBOT_ROOT", "/opt/nautobot")
    code = child.Code(Path("python"), "", Apps((), {}), (), frozenset())
    assert child._build_environment(code, tmp_path, tmp_path)["NAUTOBOT_ROOT"] == "/opt/nautobot"
