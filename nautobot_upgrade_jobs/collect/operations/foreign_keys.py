"""Find the foreign keys that get another type together with the key that they refer to."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.operations import AlterField
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import resolve_relation

from ...facts.schema_conflicts import ObjectKind, SchemaObject
from ...migration_graph.schema_simulation import Action, ObjectChange
from ..db.column_types import changes_type
from .schema_tracker import TableRef
from .table_names import (
    build_m2m_table_name,
    build_table_name,
    get_column_name,
    has_own_m2m_table,
    has_table,
)


def foreign_key_changes(
    operation: Operation, table_ref: TableRef, state: ProjectState
) -> Iterator[ObjectChange]:
    """Yield the columns that refer to a primary key whose type an operation changes.

    Args:
        operation: The operation.
        table_ref: The model that it changes.
        state: The models before the operation.
    """
    if not isinstance(operation, AlterField):
        return
    key = state.models[table_ref.app, table_ref.model].fields[operation.name]
    if key.primary_key and changes_type(key, operation.field):
        for app, name in state.models:
            for table, column in _referring_columns(table_ref, app, name, state):
                target = SchemaObject(ObjectKind.COLUMN, table, column)
                yield ObjectChange(Action.ALTER, target, column, changes_type=True)


def _referring_columns(
    target: TableRef, app: str, name: str, state: ProjectState
) -> Iterator[tuple[str, str]]:
    """Yield table and column of the references of a model and of its many-to-many tables."""
    model: ModelState = state.models[app, name]
    if not has_table(model.options):
        return
    source = TableRef(app, name, build_table_name(app, name, model.options))
    key = (target.app, target.model)
    for field_name, field in model.fields.items():
        relation = getattr(field, "remote_field", None)
        if relation is None or not relation.model:
            continue
        refers = resolve_relation(relation.model, app, name) == key
        if has_own_m2m_table(field):
            table = build_m2m_table_name(source, field_name, field)
            if refers or (app, name) == key:
                yield table, f"{target.model}_id"
        elif refers and hasattr(field, "db_constraint"):
            yield source.table, get_column_name(field_name, field)
