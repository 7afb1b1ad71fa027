"""Fixtures of a real Nautobot."""

import os
import subprocess

import pytest
from django.db import connection

from tests.support.nautobot import *  # noqa: F403
from tests.support.rehearsing import live, programs, server  # noqa: F401


@pytest.fixture
def dump(dump_as):
    return dump_as("custom")


@pytest.fixture
def dump_as(instance, monkeypatch, tmp_path):
    """Return a function that dumps the test database with the server's own program."""
    if instance.engine != "postgresql":
        pytest.skip("pg_dump reads PostgreSQL only")
    binaries = instance.server().binaries
    monkeypatch.setenv("PATH", str(binaries), prepend=os.pathsep)
    path, settings = tmp_path / "before.dump", connection.settings_dict

    def run(format_, *more):
        words = [
            f"--format={format_}",
            f"--file={path}",
            f"--host={settings['HOST']}",
            f"--port={settings['PORT']}",
            *more,
        ]
        words += [f"--username={settings['USER']}", settings["NAME"]]
        subprocess.run(
            ["pg_dump", *words], env=os.environ | {"PGPASSWORD": settings["PASSWORD"]}, check=True
        )
        return path

    return run
