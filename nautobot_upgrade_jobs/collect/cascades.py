"""What goes with the content types of models that go: ``post_upgrade`` removes those as stale.

Plain SQL: on the way back, code and schema need not fit together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ..facts.reversal import Cascade
from .sql import rows, value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TYPES = "django_content_type"
MADE_AGAIN = "auth_permission"
"""Its rows come and go with the content types, by themselves."""


def cascades(
    connection: BaseDatabaseWrapper, models: Collection[tuple[str, str]]
) -> Iterator[Cascade]:
    """Yield the rows that refer to the content types of models.

    Args:
        connection: What to ask them through.
        models: App labels and names in lower case.
    """
    there = {
        (str(app), str(model)): int(key)
        for key, app, model in rows(connection, f"SELECT id, app_label, model FROM {TYPES}")  # noqa: S608
    }
    keys = {key: f"{app}.{model}" for (app, model), key in there.items() if (app, model) in models}
    if not keys:
        return
    quote = connection.ops.quote_name
    listed = ", ".join(map(str, keys))
    for table, column in _referring(connection):
        where = f"{quote(column)} IN ({listed})"
        number = int(value(connection, f"SELECT count(*) FROM {quote(table)} WHERE {where}"))  # noqa: S608
        if number:
            query = f"SELECT DISTINCT {quote(column)} FROM {quote(table)} WHERE {where}"  # noqa: S608
            named = sorted(keys[int(key)] for (key,) in rows(connection, query))
            yield Cascade(f"{table}.{column}", number, tuple(named))


def _referring(connection: BaseDatabaseWrapper) -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table != MADE_AGAIN:
                relations = connection.introspection.get_relations(cursor, table)
                for column, (_, other, *_) in sorted(relations.items()):
                    if other == TYPES:
                        yield table, column
