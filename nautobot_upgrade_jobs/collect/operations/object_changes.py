"""Derive which tables, columns, indexes and constraints an operation of Django works on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from django.db import connection
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterIndexTogether,
    AlterModelTable,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameIndex,
    RenameModel,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AlterTogetherOptionOperation
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import resolve_relation
from django.db.models import CheckConstraint, Field, UniqueConstraint

from ...facts.schema_conflicts import ObjectKind, SchemaObject
from ...migration_graph.schema_simulation import Action, ObjectChange
from ..db.column_types import changes_type
from .derive_preconditions import is_supported_constraint
from .foreign_keys import foreign_key_changes
from .schema_tracker import TableRef
from .source_text import changes_schema_like_django
from .table_names import (
    build_m2m_table_name,
    build_table_name,
    get_column_name,
    has_own_m2m_table,
    has_table,
)


@dataclass(frozen=True)
class _Model:
    """A model with a table that migrations manage, before the operation. Names in lower case."""

    app: str
    name: str
    table: str
    state: ModelState

    @property
    def reference(self) -> TableRef:
        return TableRef(self.app, self.name, self.table)


def object_changes(operation: Operation, app: str, state: ProjectState) -> Iterator[ObjectChange]:
    """Yield what an operation creates, alters, renames and drops, in its order.

    Args:
        operation: The next database operation of the plan.
        app: Label of the App of its migration.
        state: The models before the operation.
    """
    if not changes_schema_like_django(operation):
        return
    if isinstance(operation, CreateModel):
        yield from _create_model_changes(operation, app, state)
        return
    names = ("model_name_lower", "old_name_lower", "name_lower")
    name = next((getattr(operation, each) for each in names if hasattr(operation, each)), "")
    if model := _find_model(app, name, state):
        yield from foreign_key_changes(operation, model.reference, state)
        field = getattr(operation, "field", None)
        if isinstance(operation, AddField) and field is not None:
            yield from _referenced_table(field, app, name, state)
        yield from _changes_of(operation, model)


def _find_model(app: str, name: str, state: ProjectState) -> _Model | None:
    found = state.models.get((app, name))
    if found is None or not has_table(found.options):
        return None
    return _Model(app, name, build_table_name(app, name, found.options), found)


def _create_model_changes(
    operation: CreateModel, app: str, state: ProjectState
) -> Iterator[ObjectChange]:
    if not has_table(operation.options):
        return
    name, options = operation.name_lower, operation.options
    table = build_table_name(app, name, options)
    columns = {
        field_name: get_column_name(field_name, each)
        for field_name, each in operation.fields
        if _has_column(each)
    }
    yield _change(Action.CREATE, ObjectKind.TABLE, table)
    for column in columns.values():
        yield _change(Action.CREATE, ObjectKind.COLUMN, table, column)
    for field_name, each in operation.fields:
        yield from _referenced_table(each, app, name, state)
        yield from _m2m_table(Action.CREATE, TableRef(app, name, table), field_name, each)
    for names in options.get("unique_together") or ():
        yield _unnamed(Action.CREATE, table, (columns.get(each, each) for each in names), True)
    for index in options.get("indexes") or ():
        yield _change(Action.CREATE, ObjectKind.INDEX, table, index.name)
    for constraint in options.get("constraints") or ():
        yield from _constraint(Action.CREATE, table, constraint)


@singledispatch
def _changes_of(operation: Operation, model: _Model) -> Iterator[ObjectChange]:
    """Yield the changes of an operation on an existing model. Most others change no schema."""
    yield from ()


@_changes_of.register
def _delete_model_changes(_: DeleteModel, model: _Model) -> Iterator[ObjectChange]:
    for name, each in model.state.fields.items():
        yield from _m2m_table(Action.DROP, model.reference, name, each)
    yield _change(Action.DROP, ObjectKind.TABLE, model.table)


@_changes_of.register
def _rename_model_changes(operation: RenameModel, model: _Model) -> Iterator[ObjectChange]:
    new_name = operation.new_name_lower
    yield from _rename_table(model, build_table_name(model.app, new_name, model.state.options))


@_changes_of.register
def _alter_model_table_changes(operation: AlterModelTable, model: _Model) -> Iterator[ObjectChange]:
    options = {**model.state.options, "db_table": operation.table}
    yield from _rename_table(model, build_table_name(model.app, model.name, options))


def _rename_table(model: _Model, new_table: str) -> Iterator[ObjectChange]:
    """Yield the new names of a table and of the tables of its many-to-many fields."""
    if model.table == new_table:
        return
    yield _change(Action.RENAME, ObjectKind.TABLE, model.table, new_name=new_table)
    for name, each in model.state.fields.items():
        if has_own_m2m_table(each):
            old = build_m2m_table_name(model.reference, name, each)
            new = build_m2m_table_name(TableRef(model.app, model.name, new_table), name, each)
            if old != new:
                yield _change(Action.RENAME, ObjectKind.TABLE, old, new_name=new)


@_changes_of.register
def _add_field_changes(operation: AddField, model: _Model) -> Iterator[ObjectChange]:
    name, new = operation.name, operation.field
    if _has_column(new):
        yield _change(Action.CREATE, ObjectKind.COLUMN, model.table, get_column_name(name, new))
    yield from _m2m_table(Action.CREATE, model.reference, name, new)


@_changes_of.register
def _remove_field_changes(operation: RemoveField, model: _Model) -> Iterator[ObjectChange]:
    name, old = operation.name, model.state.fields[operation.name]
    if _has_column(old):
        yield _change(Action.DROP, ObjectKind.COLUMN, model.table, get_column_name(name, old))
    yield from _m2m_table(Action.DROP, model.reference, name, old)


@_changes_of.register
def _alter_field_changes(operation: AlterField, model: _Model) -> Iterator[ObjectChange]:
    name, fields = operation.name, (model.state.fields[operation.name], operation.field)
    if all(map(_has_column, fields)):
        before, after = (get_column_name(name, each) for each in fields)
        yield from _rename_column(model.table, before, after, changes_type(*fields))


@_changes_of.register
def _rename_field_changes(operation: RenameField, model: _Model) -> Iterator[ObjectChange]:
    old, names = model.state.fields[operation.old_name], (operation.old_name, operation.new_name)
    if has_own_m2m_table(old):
        before, after = (build_m2m_table_name(model.reference, name, old) for name in names)
        if before != after:
            yield _change(Action.RENAME, ObjectKind.TABLE, before, new_name=after)
    elif _has_column(old):
        yield from _rename_column(model.table, *(get_column_name(name, old) for name in names))


def _rename_column(
    table: str, before: str, after: str, changes_type: bool = False
) -> Iterator[ObjectChange]:
    action = Action.ALTER if before == after else Action.RENAME
    target = SchemaObject(ObjectKind.COLUMN, table, before)
    yield ObjectChange(action, target, after, changes_type=changes_type)


@_changes_of.register
def _add_index_changes(operation: AddIndex, model: _Model) -> Iterator[ObjectChange]:
    yield _change(Action.CREATE, ObjectKind.INDEX, model.table, operation.index.name)


@_changes_of.register
def _remove_index_changes(operation: RemoveIndex, model: _Model) -> Iterator[ObjectChange]:
    yield _change(Action.DROP, ObjectKind.INDEX, model.table, operation.name)


@_changes_of.register
def _rename_index_changes(operation: RenameIndex, model: _Model) -> Iterator[ObjectChange]:
    # Without the old name, Django searches the index by its columns.
    fields = model.state.fields
    columns = tuple(get_column_name(name, fields[name]) for name in operation.old_fields or ())
    target = SchemaObject(ObjectKind.INDEX, model.table, operation.old_name or "")
    yield ObjectChange(Action.RENAME, target, operation.new_name, columns)


@_changes_of.register
def _add_constraint_changes(operation: AddConstraint, model: _Model) -> Iterator[ObjectChange]:
    yield from _constraint(Action.CREATE, model.table, operation.constraint)


@_changes_of.register
def _remove_constraint_changes(removal: RemoveConstraint, model: _Model) -> Iterator[ObjectChange]:
    for constraint in model.state.options.get("constraints") or ():
        if constraint.name == removal.name:
            yield from _constraint(Action.DROP, model.table, constraint)


@_changes_of.register(AlterUniqueTogether)
@_changes_of.register(AlterIndexTogether)
def _alter_together_changes(
    operation: AlterTogetherOptionOperation, model: _Model
) -> Iterator[ObjectChange]:
    is_unique, fields = isinstance(operation, AlterUniqueTogether), model.state.fields
    before = {tuple(names) for names in model.state.options.get(operation.option_name) or ()}
    after = {tuple(names) for names in operation.option_value or ()}
    for action, sets in ((Action.DROP, before - after), (Action.CREATE, after - before)):
        for names in sorted(sets):
            columns = (get_column_name(name, fields[name]) for name in names)
            yield _unnamed(action, model.table, columns, is_unique)


def _constraint(action: Action, table: str, constraint: Any) -> Iterator[ObjectChange]:
    """Yield the change of a constraint, unless Django omits it on this server."""
    if isinstance(constraint, UniqueConstraint):
        if not is_supported_constraint(constraint):
            return
        # Django creates a unique index for what a unique constraint cannot express.
        is_index = constraint.condition or constraint.expressions or constraint.include
        kind = ObjectKind.INDEX if is_index or constraint.opclasses else ObjectKind.CONSTRAINT
        yield _change(action, kind, table, constraint.name, is_unique=True)
    elif (
        isinstance(constraint, CheckConstraint)
        and connection.features.supports_table_check_constraints
    ):
        yield _change(action, ObjectKind.CONSTRAINT, table, constraint.name)


def _referenced_table(
    field: Field, app: str, model: str, state: ProjectState
) -> Iterator[ObjectChange]:
    """Yield the table that a new foreign key refers to, which must exist."""
    if not getattr(field, "db_constraint", False) or field.many_to_many:
        return
    key = resolve_relation(field.remote_field.model, app, model)
    if key != (app, model) and (found := _find_model(*key, state)):
        yield _change(Action.ALTER, ObjectKind.TABLE, found.table)


def _m2m_table(
    action: Action, table_ref: TableRef, name: str, field: Field
) -> Iterator[ObjectChange]:
    if has_own_m2m_table(field):
        yield _change(action, ObjectKind.TABLE, build_m2m_table_name(table_ref, name, field))


def _has_column(field: Field) -> bool:
    return not field.many_to_many and (not field.is_relation or hasattr(field, "db_constraint"))


def _unnamed(action: Action, table: str, columns: Iterable[str], is_unique: bool) -> ObjectChange:
    kind = ObjectKind.CONSTRAINT if is_unique else ObjectKind.INDEX
    return ObjectChange(
        action, SchemaObject(kind, table), columns=tuple(columns), is_unique=is_unique
    )


def _change(  # noqa: PLR0913 - the parts of one change
    action: Action,
    kind: ObjectKind,
    table: str,
    name: str = "",
    *,
    new_name: str = "",
    is_unique: bool = False,
) -> ObjectChange:
    return ObjectChange(action, SchemaObject(kind, table, name), new_name, is_unique=is_unique)
