"""Marks for tests that only one database engine can run. Their fixtures do not start elsewhere."""

import pytest
from django.db import connection


def postgresql_only(reason):
    """Skip the test on MySQL."""
    return pytest.mark.skipif(connection.vendor != "postgresql", reason=reason)


def mysql_only(reason):
    """Skip the test on PostgreSQL."""
    return pytest.mark.skipif(connection.vendor != "mysql", reason=reason)
