"""Fixtures of a real Nautobot."""

from pathlib import Path

from tests.support.nautobot import *  # noqa: F403


def pytest_collection_modifyitems(items):
    """Mark the tests of this folder, so that `make test` can divide those marked ``once``."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("system")
