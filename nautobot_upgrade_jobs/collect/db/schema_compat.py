"""Reads the tables of an older release with the models of a newer one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType, ContentTypeManager
from django.db.models.sql.compiler import SQLCompiler

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
    """Let this process read a database that is not migrated to its code yet.

    Filters and the GraphQL schema of newer code read custom fields and relationships, which may
    have got columns, and look up the content types of new models. There is no way back.
    """
    _ignore_missing_columns(connection)
    _fake_content_types()


def _ignore_missing_columns(connection: BaseDatabaseWrapper) -> None:
    """Select only columns that exist; the others count as deferred."""
    existing: dict[str, set[str]] = {}
    for table, column in fetch_rows(connection, COLUMNS_QUERY[connection.vendor]):
        existing.setdefault(table, set()).add(column)
    all_columns = SQLCompiler.get_default_columns

    def columns_that_exist(compiler: SQLCompiler, *words: Any, **named: Any) -> list[Any]:
        return [
            one
            for one in all_columns(compiler, *words, **named)
            if one.target.column in existing.get(one.target.model._meta.db_table, ())
        ]

    SQLCompiler.get_default_columns = columns_that_exist


def _fake_content_types() -> None:
    """Let a content type that the database does not have be one that nothing refers to."""
    numbers = itertools.count(-1, -1)

    def make_up(manager: ContentTypeManager, **named: Any) -> tuple[ContentType, bool]:
        return manager.model(pk=next(numbers), **named), True

    ContentTypeManager.get_or_create = make_up
