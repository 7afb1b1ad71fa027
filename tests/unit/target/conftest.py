"""A package index in a folder, and a uv cache that only the tests use."""

import os
from contextlib import ExitStack

import pytest

from tests.support.folder_server import serve_folder
from tests.support.installations import NEW, OLD
from tests.support.wheels import wheel


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
