"""What data migrations left behind, counted by the queries of the catalog."""

from __future__ import annotations

from ..catalog import load
from ..facts import Outcomes
from . import Context, attempt
from .db.sql import rows, value


def collect(context: Context) -> Outcomes:
    """Ask the queries of those migrations that are recorded."""
    connection = context.connection
    recorded = {
        f"{app}.{name}" for app, name in rows(connection, "SELECT app, name FROM django_migrations")
    }
    return Outcomes(
        {
            one.id: attempt(lambda sql=one.sql: int(value(connection, sql)))
            for one in load().postconditions
            if one.migration in recorded
        }
    )
