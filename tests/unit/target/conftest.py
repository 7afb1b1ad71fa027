"""A package index in a folder, and a cache of its own."""

import pytest

from tests.support.installations import NEW, OLD
from tests.support.wheels import wheel


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """What the real index has answered before is no answer here."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


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
