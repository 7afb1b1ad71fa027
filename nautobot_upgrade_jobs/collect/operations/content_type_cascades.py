"""Count the rows that are deleted with stale content types.

``post_upgrade`` removes the content types of models that no longer exist. The module uses plain
SQL, because code and schema may not match during a rollback.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from django.db.migrations import Migration
from django.db.migrations.operations import (
    CreateModel,
    DeleteModel,
    RenameModel,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from ...facts.content_type_cascade import ContentTypeCascade
from ..db.sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

CONTENT_TYPE_TABLE = "django_content_type"
RECREATED_TABLE = "auth_permission"
"""Its rows are not counted, because they are deleted and created with the content types."""


def content_type_cascades(
    connection: BaseDatabaseWrapper, models: Collection[tuple[str, str]]
) -> Iterator[ContentTypeCascade]:
    """Yield the number of rows that reference the content types of models, by column.

    Args:
        connection: The connection to query.
        models: App labels and model names in lower case.
    """
    keys_by_model = {
        (str(app), str(model)): int(key)
        for key, app, model in fetch_rows(
            connection,
            f"SELECT id, app_label, model FROM {CONTENT_TYPE_TABLE}",  # noqa: S608
        )
    }
    keys = {
        key: f"{app}.{model}"
        for (app, model), key in keys_by_model.items()
        if (app, model) in models
    }
    for column, counts in count_references(connection, keys).items():
        model_names = sorted(keys[key] for key in counts)
        yield ContentTypeCascade(column, sum(counts.values()), tuple(model_names))


def removed_models(plan: Iterable[Migration], before: ProjectState) -> frozenset[tuple[str, str]]:
    """Return the models that a plan removes. ``migrate`` renames the content type of a renamed one.

    Args:
        plan: The migrations.
        before: The models before the plan.
    """
    original = {key: key for key in before.models}
    for migration in plan:
        app = migration.app_label
        for operation in _flatten(migration.operations):
            if isinstance(operation, RenameModel):
                old, new = (app, operation.old_name_lower), (app, operation.new_name_lower)
                if old in original:
                    original[new] = original.pop(old)
            elif isinstance(operation, DeleteModel):
                original.pop((app, operation.name_lower), None)
            elif isinstance(operation, CreateModel):
                original.setdefault((app, operation.name_lower), (app, operation.name_lower))
    return frozenset(before.models.keys() - set(original.values()))


def _flatten(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield operations in the state's view: those inside ``SeparateDatabaseAndState`` instead."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flatten(operation.state_operations)
        else:
            yield operation


def count_references(
    connection: BaseDatabaseWrapper, keys: Collection[int]
) -> dict[str, dict[int, int]]:
    """Count the rows that reference content types.

    Args:
        connection: The connection to query.
        keys: Primary keys of content types.

    Returns:
        For each ``table.column``, in order, the number of rows by content type. Columns without
        rows are left out, and so is the column of permissions.
    """
    references: dict[str, dict[int, int]] = {}
    quote = connection.ops.quote_name
    key_list = ", ".join(str(int(key)) for key in keys)
    for table, name in _find_content_type_columns(connection) if keys else ():
        column = quote(name)
        query = f"SELECT {column}, count(*) FROM {quote(table)} WHERE {column} IN ({key_list})"  # noqa: S608
        counts = {
            int(key): int(count)
            for key, count in fetch_rows(connection, f"{query} GROUP BY {column}")
        }
        if counts:
            references[f"{table}.{name}"] = counts
    return references


def _find_content_type_columns(connection: BaseDatabaseWrapper) -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table != RECREATED_TABLE:
                relations = connection.introspection.get_relations(cursor, table)
                for column, (_, other, *_) in sorted(relations.items()):
                    if other == CONTENT_TYPE_TABLE:
                        yield table, column
