"""A package index in a folder, and a uv cache that only the tests use."""

import os
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.target import inspect as inspect_module
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.inspect import BuildLimits, inspect
from nautobot_upgrade_jobs.target.resolver import resolve
from nautobot_upgrade_jobs.target.scratch_dir import PREFIX
from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation
from nautobot_upgrade_jobs.target.venv import build
from tests.support.folder_server import serve_folder
from tests.support.installations import NEW, OLD
from tests.support.tiny_target import (
    CONFIG,
    ENABLED,
    MODULES,
    ROOTS,
    UNREACHABLE,
    write_index,
)
from tests.support.wheels import wheel

BUILD_OPTIONS = {"keep_builds", "build_seconds", "max_megabytes"}


@pytest.fixture(scope="session")
def uv_cache(tmp_path_factory):
    """A cache for all tests: they see no answer of the real index.

    They share no package either, because uv keys its entries by the folder of the index.
    """
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture(autouse=True)
def _isolated_uv_cache(uv_cache, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(uv_cache))


@pytest.fixture
def public(tmp_path, monkeypatch):
    """Return a function that makes an index of a folder of wheels, and uses it by default.

    A folder for each name, and the list of its files, are an index.
    """
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with ExitStack() as stack:

        def publish(folder):
            site = tmp_path / "site"
            for path in folder.glob("*.whl"):
                name = site / path.name.partition("-")[0]
                name.mkdir(parents=True, exist_ok=True)
                (name / path.name).write_bytes(path.read_bytes())
            monkeypatch.setenv("UV_DEFAULT_INDEX", stack.enter_context(serve_folder(site)))

        yield publish


@pytest.fixture
def index(tmp_path):
    """Two releases of Nautobot, and one App with a release for each."""
    for version in ("2.4.44", "3.2.7"):
        wheel(tmp_path, "nautobot", version, "lib>=1")
    for version in ("1.0", "2.0"):
        wheel(tmp_path, "lib", version)
    wheel(tmp_path, "example", "1.0", OLD)
    wheel(tmp_path, "example", "1.1", OLD)
    wheel(tmp_path, "example", "2.0", NEW)
    return tmp_path


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """An index and a work directory for tests that need no environment of their own."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "index").mkdir()
    (folder / "work").mkdir(mode=0o700)
    write_index(folder / "index")
    return folder


@pytest.fixture
def own_index(tmp_path):
    """An index that a test may change."""
    folder = tmp_path / "index"
    folder.mkdir()
    return write_index(folder)


def resolve_index(index):
    return resolve(ROOTS, "3.2.7", deadline=Deadline(30), wheel_directory=str(index))


resolve_shared = cache(resolve_index)


@pytest.fixture
def boot(request, shared, tmp_path, monkeypatch):
    """Resolve, build and start; ``before_build`` runs between the first two."""
    monkeypatch.setenv("PLANTED_SECRET", "planted")
    config = tmp_path / "live" / "nautobot_config.py"
    config.parent.mkdir()
    config.write_text(CONFIG)
    has_own_index = "own_index" in request.fixturenames

    def run(without=(), text=CONFIG, before_build=None, config=config, **limits):
        Path(config).write_text(text)
        index = request.getfixturevalue("own_index") if has_own_index else shared / "index"
        reuse = not (has_own_index or before_build or BUILD_OPTIONS & limits.keys())
        resolution = (resolve_index if has_own_index else resolve_shared)(index)
        resolution = replace(resolution, excluded=tuple(without))
        assert {"nautobot", *MODULES} <= {package.name for package in resolution.packages}
        if before_build:
            monkeypatch.setattr(
                inspect_module, "build", lambda *on, **by: before_build() or build(*on, **by)
            )
        defaults = {
            "build_seconds": 30,
            "boot_seconds": 30,
            "max_megabytes": 50,
            "keep_builds": int(reuse),
            "work_directory": str((shared if reuse else tmp_path) / "work"),
            "wheel_directory": str(index),
        }
        live = LiveInstallation(
            str(config),
            ENABLED,
            "default",
            5,
            UNREACHABLE,
            database_credentials=frozenset({"database-password"}),
            service_credentials=frozenset({"broker-password"}),
        )
        return inspect(resolution, ROOTS, live, BuildLimits(**defaults | limits))

    yield run
    assert [path.name for path in config.parent.iterdir()] == [config.name], "bytecode left"
    for work in (shared / "work", tmp_path / "work"):
        assert not list(work.glob(f"{PREFIX}*")), "the scratch folder was not removed"
