"""Let the models of a newer release read the tables of an older release."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from .django_patches import fake_missing_content_types, select_existing_columns
from .sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

COLUMNS_QUERY = {
    "postgresql": "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = ANY (current_schemas(false))",
    "mysql": "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = DATABASE()",
}


def tolerate_older_schema(connection: BaseDatabaseWrapper) -> None:
    """Let the models of this process read a database that is older than the code.

    Filters and the GraphQL schema read custom fields and relationships, and the older tables may
    lack some of their columns. They also need the content types of new models, which the database
    lacks. The change lasts until the process ends.
    """
    existing: dict[str, set[str]] = defaultdict(set)
    for table, column in fetch_rows(connection, COLUMNS_QUERY[connection.vendor]):
        existing[table].add(column)
    select_existing_columns(existing)
    fake_missing_content_types()
