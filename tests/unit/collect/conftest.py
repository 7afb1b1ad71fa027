"""Import modules of ``collect`` without Nautobot, and answer their queries with canned rows.

The package itself needs Nautobot. If it is missing, an empty package replaces it, so that the
modules below it that need no Nautobot can be tested.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

PACKAGE = "nautobot_upgrade_jobs.collect"

if find_spec("nautobot") is None and PACKAGE not in sys.modules:
    package = ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).parents[3] / "nautobot_upgrade_jobs" / "collect")]
    sys.modules[PACKAGE] = package


class CannedCursor:
    """A cursor that returns the next canned rows for each query."""

    def __init__(self, connection):
        self.connection = connection
        self.rows = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def execute(self, query, parameters=None):
        self.connection.queries.append((query, parameters))
        self.rows = self.connection.results.pop(0)

    def fetchall(self):
        return self.rows


class CannedConnection:
    """A database wrapper that records its queries."""

    def __init__(self, *results, pg_version=170000, tables=None):
        self.results = list(results)
        self.queries = []
        self.pg_version = pg_version
        self.ops = SimpleNamespace(quote_name=lambda name: f'"{name}"')
        self.introspection = SimpleNamespace(
            table_names=lambda cursor: list(tables or ()),
            get_table_description=lambda cursor, table: [
                SimpleNamespace(name=name) for name in tables[table]
            ],
        )

    def cursor(self):
        return CannedCursor(self)


@pytest.fixture
def canned():
    """Return the class of connections that answer each query with the next canned rows."""
    return CannedConnection
