"""What goes with the content types of models that go: ``post_upgrade`` removes those as stale.

Plain SQL: on the way back, code and schema need not fit together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ...facts.reversal import ContentTypeCascade
from ..db.sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

CONTENT_TYPE_TABLE = "django_content_type"
RECREATED_TABLE = "auth_permission"
"""Its rows come and go with the content types, by themselves."""


def content_type_cascades(
    connection: BaseDatabaseWrapper, models: Collection[tuple[str, str]]
) -> Iterator[ContentTypeCascade]:
    """Yield the rows that refer to the content types of models.

    Args:
        connection: What to ask them through.
        models: App labels and names in lower case.
    """
    there = {
        (str(app), str(model)): int(key)
        for key, app, model in fetch_rows(
            connection,
            f"SELECT id, app_label, model FROM {CONTENT_TYPE_TABLE}",  # noqa: S608
        )
    }
    keys = {key: f"{app}.{model}" for (app, model), key in there.items() if (app, model) in models}
    for column, counts in count_references(connection, keys).items():
        named = sorted(keys[key] for key in counts)
        yield ContentTypeCascade(column, sum(counts.values()), tuple(named))


def count_references(
    connection: BaseDatabaseWrapper, keys: Collection[int]
) -> dict[str, dict[int, int]]:
    """Count the rows that refer to content types.

    Args:
        connection: What to ask them through.
        keys: Primary keys of content types.

    Returns:
        For ``table.column``, in order, the number of rows by content type; nothing is left out
        that has rows, but for permissions.
    """
    found: dict[str, dict[int, int]] = {}
    quote = connection.ops.quote_name
    listed = ", ".join(str(int(key)) for key in keys)
    for table, name in _find_content_type_columns(connection) if keys else ():
        column = quote(name)
        query = f"SELECT {column}, count(*) FROM {quote(table)} WHERE {column} IN ({listed})"  # noqa: S608
        counts = {
            int(key): int(n) for key, n in fetch_rows(connection, f"{query} GROUP BY {column}")
        }
        if counts:
            found[f"{table}.{name}"] = counts
    return found


def _find_content_type_columns(connection: BaseDatabaseWrapper) -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table != RECREATED_TABLE:
                relations = connection.introspection.get_relations(cursor, table)
                for column, (_, other, *_) in sorted(relations.items()):
                    if other == CONTENT_TYPE_TABLE:
                        yield table, column
