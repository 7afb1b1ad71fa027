"""Count the rows that violate postconditions of data migrations, by the catalog's queries."""

from __future__ import annotations

from django.apps import apps

from ..catalog import load_catalog
from ..facts import PostconditionCounts
from .context import Context, attempt
from .db.sql import fetch_rows, fetch_value


def collect(context: Context) -> PostconditionCounts:
    """Run the query of each postcondition whose migration an enabled app has recorded."""
    connection = context.connection
    enabled = {config.label for config in apps.get_app_configs()}
    recorded = {
        f"{app}.{name}"
        for app, name in fetch_rows(connection, "SELECT app, name FROM django_migrations")
        if app in enabled
    }
    return PostconditionCounts(
        {
            postcondition.id: attempt(
                lambda sql=postcondition.sql: int(fetch_value(connection, sql))
            )
            if postcondition.migration in recorded
            else None
            for postcondition in load_catalog().postconditions
        }
    )
