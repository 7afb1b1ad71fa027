"""The operation that undoes an operation, as one of its own: what goes for the one, goes for it.

Django undoes an operation by a method of it (``database_backwards``). The same written as an
operation that goes forward can be asked what every operation is asked: what it demands of the
rows, what it takes from them, and what it costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    AlterOrderWithRespectTo,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameIndex,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import (
    AlterTogetherOptionOperation,
    ModelOptionOperation,
)
from django.db.migrations.state import ModelState, ProjectState


class CustomReverse(Operation):
    """Undoes an operation that is not one of Django's own; nobody but its author knows how."""

    def __init__(self, undone: Operation, before: ProjectState) -> None:
        self.reversible = undone.reversible
        self._state_before = before

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Bring the models that the operation alters back to what they were."""
        earlier, after = self._state_before.models, self._state_before.clone()
        self.original_operation.state_forwards(app_label, after)
        for key in after.models.keys() - earlier.keys():
            state.remove_model(*key)
        for key, model in earlier.items():
            if key not in after.models or after.models[key] != model:
                state.models[key] = model.clone()
                state.reload_model(*key)


class StateOnlyReverse(CustomReverse):
    """Undoes what only the models know of: the database stays as it is."""


class Irreversible(Operation):
    """In the place of code that nobody has written a way back for."""

    reversible = False

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing: code alters no model."""


def reverse_operation(one: Operation, app: str, before: ProjectState) -> list[Operation]:
    """Return what undoes an operation, in the order in which it is done; each as its ``undone``.

    Args:
        one: The operation.
        app: Label of the App that it belongs to.
        before: The models as they were before it; it is not changed.
    """
    found = (
        [CustomReverse(one, before.clone())]
        if _is_custom_operation(one)
        else _reverse(one, app, before)
    )
    for each in found:
        each.original_operation = one
    return found


def _is_custom_operation(one: Operation) -> bool:
    """Tell whether somebody else than Django says what is done in the database."""
    return any(
        name in vars(kind)
        for kind in type(one).__mro__
        if not kind.__module__.startswith("django.")
        for name in ("database_forwards", "database_backwards")
    )


@singledispatch
def _reverse(one: Operation, app: str, before: ProjectState) -> list[Operation]:
    return [CustomReverse(one, before.clone())]


@_reverse.register
def _reverse_create_model(one: CreateModel, app: str, before: ProjectState) -> list[Operation]:
    return [DeleteModel(one.name)]


@_reverse.register
def _reverse_delete_model(one: DeleteModel, app: str, before: ProjectState) -> list[Operation]:
    model = before.models[app, one.name_lower].clone()
    fields, options = list(model.fields.items()), dict(model.options)
    return [CreateModel(model.name, fields, options, model.bases, model.managers)]


@_reverse.register
def _reverse_rename_model(one: RenameModel, app: str, before: ProjectState) -> list[Operation]:
    return [RenameModel(one.new_name, one.old_name)]


@_reverse.register
def _reverse_alter_model_table(
    one: AlterModelTable, app: str, before: ProjectState
) -> list[Operation]:
    return [
        AlterModelTable(
            one.name, _get_model_state(one.name_lower, app, before).options.get("db_table")
        )
    ]


@_reverse.register
def _reverse_alter_together(
    one: AlterTogetherOptionOperation, app: str, before: ProjectState
) -> list[Operation]:
    earlier = _get_model_state(one.name_lower, app, before).options.get(one.option_name)
    return [type(one)(one.name, earlier or set())]


@_reverse.register(ModelOptionOperation)
def _reverse_model_options(
    one: ModelOptionOperation, app: str, before: ProjectState
) -> list[Operation]:
    return []  # names and orders of the code; the database has none of them


@_reverse.register
def _reverse_alter_order_with_respect_to(
    one: AlterOrderWithRespectTo, app: str, before: ProjectState
) -> list[Operation]:
    return [CustomReverse(one, before.clone())]  # it has a column of its own


@_reverse.register
def _reverse_add_field(one: AddField, app: str, before: ProjectState) -> list[Operation]:
    return [RemoveField(one.model_name, one.name)]


@_reverse.register
def _reverse_remove_field(one: RemoveField, app: str, before: ProjectState) -> list[Operation]:
    return [AddField(one.model_name, one.name, _get_field_before(one, app, before))]


@_reverse.register
def _reverse_alter_field(one: AlterField, app: str, before: ProjectState) -> list[Operation]:
    return [AlterField(one.model_name, one.name, _get_field_before(one, app, before))]


@_reverse.register
def _reverse_rename_field(one: RenameField, app: str, before: ProjectState) -> list[Operation]:
    return [RenameField(one.model_name, one.new_name, one.old_name)]


@_reverse.register
def _reverse_add_index(one: AddIndex, app: str, before: ProjectState) -> list[Operation]:
    return [RemoveIndex(one.model_name, one.index.name)]


@_reverse.register
def _reverse_remove_index(one: RemoveIndex, app: str, before: ProjectState) -> list[Operation]:
    index = _get_model_state(one.model_name_lower, app, before).get_index_by_name(one.name)
    return [AddIndex(one.model_name, index)]


@_reverse.register
def _reverse_rename_index(one: RenameIndex, app: str, before: ProjectState) -> list[Operation]:
    if one.old_name:
        return [RenameIndex(one.model_name, new_name=one.old_name, old_name=one.new_name)]
    # Of fields that were indexed together: Django leaves the name as it is.
    return [StateOnlyReverse(one, before.clone())]


@_reverse.register
def _reverse_add_constraint(one: AddConstraint, app: str, before: ProjectState) -> list[Operation]:
    return [RemoveConstraint(one.model_name, one.constraint.name)]


@_reverse.register
def _reverse_remove_constraint(
    one: RemoveConstraint, app: str, before: ProjectState
) -> list[Operation]:
    constraint = _get_model_state(one.model_name_lower, app, before).get_constraint_by_name(
        one.name
    )
    return [AddConstraint(one.model_name, constraint)]


@_reverse.register
def _reverse_run_python(one: RunPython, app: str, before: ProjectState) -> list[Operation]:
    if one.reverse_code is None:
        return [Irreversible()]
    return [RunPython(one.reverse_code, one.code, atomic=one.atomic, hints=one.hints)]


@_reverse.register
def _reverse_run_sql(one: RunSQL, app: str, before: ProjectState) -> list[Operation]:
    moved = _reverse_all(one.state_operations, app, before)
    if one.reverse_sql is None:
        return [Irreversible(), *moved]
    return [RunSQL(one.reverse_sql, one.sql, state_operations=moved, hints=one.hints)]


@_reverse.register
def _reverse_separate_database_and_state(
    one: SeparateDatabaseAndState, app: str, before: ProjectState
) -> list[Operation]:
    return [
        SeparateDatabaseAndState(
            _reverse_all(one.database_operations, app, before),
            _reverse_all(one.state_operations, app, before),
        )
    ]


def _reverse_all(
    operations: Sequence[Operation], app: str, before: ProjectState
) -> list[Operation]:
    """Return what undoes several operations, the last of them first."""
    state, found = before.clone(), list[Operation]()
    for one in operations:
        found = [*reverse_operation(one, app, state), *found]
        one.state_forwards(app, state)
    return found


def _get_model_state(name: str, app: str, before: ProjectState) -> ModelState:
    return before.models[app, name]


def _get_field_before(one: RemoveField | AlterField, app: str, before: ProjectState):
    return _get_model_state(one.model_name_lower, app, before).fields[one.name].clone()
