"""Derive the indexes of new columns, which Django creates at the end of a migration."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.operations import AddField, CreateModel, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field

from ...facts.schema_conflicts import ObjectKind, SchemaObject
from ...migration_graph.schema_simulation import Action, ObjectChange
from .source_text import changes_schema_like_django
from .table_names import build_table_name, get_column_name, has_table


def column_indexes(
    migration: Migration, state: ProjectState
) -> Iterator[tuple[Operation, ObjectChange]]:
    """Yield the indexes that Django creates and names itself, each with its operation.

    A renamed column keeps the names of its indexes, so that a new column of the old name can find
    them taken. See ``_create_index_name`` in ``django.db.backends.base.schema``.

    Args:
        migration: The migration.
        state: The models after it. A field that it adds and renames is left out.
    """
    app, editor = migration.app_label, connection.schema_editor()
    for (model, name), operation in dict(_new_fields(migration)).items():
        found = state.models.get((app, model))
        field = found.fields.get(name) if found else None
        if found is None or field is None or not has_table(found.options):
            continue
        table, column = build_table_name(app, model, found.options), get_column_name(name, field)
        for suffix in () if field.many_to_many else _suffixes(field):
            index = editor._create_index_name(table, [column], suffix=suffix)
            target = SchemaObject(ObjectKind.INDEX, table, index)
            yield operation, ObjectChange(Action.CREATE, target, columns=(column,))


def _new_fields(migration: Migration) -> Iterator[tuple[tuple[str, str], Operation]]:
    """Yield the model and the name of each field that a migration creates, in lower case."""
    for outer in migration.operations:
        separate = isinstance(outer, SeparateDatabaseAndState)
        for operation in outer.database_operations if separate else [outer]:
            if not changes_schema_like_django(operation):
                continue
            if isinstance(operation, AddField):
                yield (operation.model_name_lower, operation.name), operation
            elif isinstance(operation, CreateModel):
                for name, _ in operation.fields:
                    yield (operation.name_lower, name), operation


def _suffixes(field: Field) -> Iterator[str]:
    """Yield the suffix of each index. Text has a second index for LIKE on PostgreSQL.

    The type of a foreign key is that of the key it refers to, which is not known here.
    """
    is_mysql = connection.vendor == "mysql"
    # MySQL indexes a foreign key itself.
    if field.db_index and not field.unique and not (is_mysql and field.is_relation):
        yield ""
    if field.is_relation or is_mysql or not (field.db_index or field.unique):
        return
    db_type = str(field.db_type(connection))
    has_collation = bool(getattr(field, "db_collation", None))
    if db_type.startswith(("varchar", "text")) and "[" not in db_type and not has_collation:
        yield "_like"
