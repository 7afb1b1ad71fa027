"""What data migrations left behind, counted by the queries of the catalog."""

from __future__ import annotations

from ..catalog import load_catalog
from ..facts import PostconditionCounts
from . import Context, attempt
from .db.sql import fetch_rows, fetch_value


def collect(context: Context) -> PostconditionCounts:
    """Ask the queries of those migrations that are recorded."""
    connection = context.connection
    recorded = {
        f"{app}.{name}"
        for app, name in fetch_rows(connection, "SELECT app, name FROM django_migrations")
    }
    return PostconditionCounts(
        {
            one.id: attempt(lambda sql=one.sql: int(fetch_value(connection, sql)))
            for one in load_catalog().postconditions
            if one.migration in recorded
        }
    )
