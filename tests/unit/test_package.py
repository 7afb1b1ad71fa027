"""The package itself: what Nautobot gets from it, and what it refuses."""

import subprocess
import sys

import pytest

import nautobot_upgrade_jobs


@pytest.mark.parametrize("installed", ["1.6.32", "2.3.16", "2.4.0", "2.4.4"])
def test_old_nautobot_is_refused_in_one_line(monkeypatch, installed):
    monkeypatch.setattr("importlib.metadata.version", lambda name: installed)
    with pytest.raises(SystemExit) as refused:
        _ = nautobot_upgrade_jobs.config
    (line,) = str(refused.value).splitlines()
    assert "Nautobot 2.4.5 or newer" in line
    assert installed in line
    assert "Remove it from PLUGINS" in line


@pytest.mark.parametrize("installed", ["2.4.5", "2.4.44", "3.2.7", "4.0.0"])
def test_newer_nautobot_is_not_refused(monkeypatch, installed):
    monkeypatch.setattr("importlib.metadata.version", lambda name: installed)
    nautobot_upgrade_jobs.require_supported_nautobot()


def test_import_loads_neither_django_nor_nautobot():
    code = "import nautobot_upgrade_jobs, sys; print({'django', 'nautobot'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
