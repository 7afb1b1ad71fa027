"""Build, for each migration operation, a forward operation that reverses it.

Django reverses an operation by its method ``database_backwards``. Here, the same change is
a forward operation. Its preconditions, dropped data and cost can then be derived as usual.
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
from django.db.models import Field


class CustomReverse(Operation):
    """The reverse of an operation of an App or of Nautobot. Its effect cannot be derived."""

    def __init__(self, original: Operation, before: ProjectState) -> None:
        self.reversible = original.reversible
        self._state_before = before

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Restore the models as they were before the original operation."""
        earlier, after = self._state_before.models, self._state_before.clone()
        self.original_operation.state_forwards(app_label, after)
        for key in after.models.keys() - earlier.keys():
            state.remove_model(*key)
        for key, model in earlier.items():
            if key not in after.models or after.models[key] != model:
                state.models[key] = model.clone()
                state.reload_model(*key)


class StateOnlyReverse(CustomReverse):
    """The reverse of an operation that Django reverses in the models but not in the database."""


class Irreversible(Operation):
    """Placeholder for the reverse of an operation without reverse code."""

    reversible = False

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing, because RunPython and RunSQL do not change the models."""


def reverse_operation(operation: Operation, app: str, before: ProjectState) -> list[Operation]:
    """Return the operations that reverse an operation, in order.

    Each operation has the attribute ``original_operation``.

    Args:
        operation: The operation to reverse.
        app: Label of the App of the operation.
        before: The models before the operation. The state is not changed.
    """
    reverse_operations = (
        [CustomReverse(operation, before.clone())]
        if _is_custom_operation(operation)
        else _reverse(operation, app, before)
    )
    for reverse in reverse_operations:
        reverse.original_operation = operation
    return reverse_operations


def _is_custom_operation(operation: Operation) -> bool:
    """Return whether code outside Django defines what the operation does in the database."""
    return any(
        name in vars(class_)
        for class_ in type(operation).__mro__
        if not class_.__module__.startswith("django.")
        for name in ("database_forwards", "database_backwards")
    )


@singledispatch
def _reverse(operation: Operation, app: str, before: ProjectState) -> list[Operation]:
    return [CustomReverse(operation, before.clone())]


@_reverse.register
def _reverse_create_model(
    operation: CreateModel, app: str, before: ProjectState
) -> list[Operation]:
    return [DeleteModel(operation.name)]


@_reverse.register
def _reverse_delete_model(
    operation: DeleteModel, app: str, before: ProjectState
) -> list[Operation]:
    model = before.models[app, operation.name_lower].clone()
    fields, options = list(model.fields.items()), dict(model.options)
    return [CreateModel(model.name, fields, options, model.bases, model.managers)]


@_reverse.register
def _reverse_rename_model(
    operation: RenameModel, app: str, before: ProjectState
) -> list[Operation]:
    return [RenameModel(operation.new_name, operation.old_name)]


@_reverse.register
def _reverse_alter_model_table(
    operation: AlterModelTable, app: str, before: ProjectState
) -> list[Operation]:
    return [
        AlterModelTable(
            operation.name,
            _get_model_state(operation.name_lower, app, before).options.get("db_table"),
        )
    ]


@_reverse.register
def _reverse_alter_together(
    operation: AlterTogetherOptionOperation, app: str, before: ProjectState
) -> list[Operation]:
    earlier = _get_model_state(operation.name_lower, app, before).options.get(operation.option_name)
    return [type(operation)(operation.name, earlier or set())]


@_reverse.register(ModelOptionOperation)
def _reverse_model_options(
    operation: ModelOptionOperation, app: str, before: ProjectState
) -> list[Operation]:
    return []  # These options exist only in the code, not in the database.


@_reverse.register
def _reverse_alter_order_with_respect_to(
    operation: AlterOrderWithRespectTo, app: str, before: ProjectState
) -> list[Operation]:
    return [CustomReverse(operation, before.clone())]  # It adds or removes the column _order.


@_reverse.register
def _reverse_add_field(operation: AddField, app: str, before: ProjectState) -> list[Operation]:
    return [RemoveField(operation.model_name, operation.name)]


@_reverse.register
def _reverse_remove_field(
    operation: RemoveField, app: str, before: ProjectState
) -> list[Operation]:
    return [
        AddField(operation.model_name, operation.name, _get_field_before(operation, app, before))
    ]


@_reverse.register
def _reverse_alter_field(operation: AlterField, app: str, before: ProjectState) -> list[Operation]:
    return [
        AlterField(operation.model_name, operation.name, _get_field_before(operation, app, before))
    ]


@_reverse.register
def _reverse_rename_field(
    operation: RenameField, app: str, before: ProjectState
) -> list[Operation]:
    return [RenameField(operation.model_name, operation.new_name, operation.old_name)]


@_reverse.register
def _reverse_add_index(operation: AddIndex, app: str, before: ProjectState) -> list[Operation]:
    return [RemoveIndex(operation.model_name, operation.index.name)]


@_reverse.register
def _reverse_remove_index(
    operation: RemoveIndex, app: str, before: ProjectState
) -> list[Operation]:
    index = _get_model_state(operation.model_name_lower, app, before).get_index_by_name(
        operation.name
    )
    return [AddIndex(operation.model_name, index)]


@_reverse.register
def _reverse_rename_index(
    operation: RenameIndex, app: str, before: ProjectState
) -> list[Operation]:
    if operation.old_name:
        return [
            RenameIndex(
                operation.model_name, new_name=operation.old_name, old_name=operation.new_name
            )
        ]
    # The index had no name (index_together). Django keeps the new name on reversing.
    return [StateOnlyReverse(operation, before.clone())]


@_reverse.register
def _reverse_add_constraint(
    operation: AddConstraint, app: str, before: ProjectState
) -> list[Operation]:
    return [RemoveConstraint(operation.model_name, operation.constraint.name)]


@_reverse.register
def _reverse_remove_constraint(
    operation: RemoveConstraint, app: str, before: ProjectState
) -> list[Operation]:
    constraint = _get_model_state(operation.model_name_lower, app, before).get_constraint_by_name(
        operation.name
    )
    return [AddConstraint(operation.model_name, constraint)]


@_reverse.register
def _reverse_run_python(operation: RunPython, app: str, before: ProjectState) -> list[Operation]:
    if operation.reverse_code is None:
        return [Irreversible()]
    return [
        RunPython(
            operation.reverse_code, operation.code, atomic=operation.atomic, hints=operation.hints
        )
    ]


@_reverse.register
def _reverse_run_sql(operation: RunSQL, app: str, before: ProjectState) -> list[Operation]:
    state_operations = _reverse_all(operation.state_operations, app, before)
    if operation.reverse_sql is None:
        return [Irreversible(), *state_operations]
    return [
        RunSQL(
            operation.reverse_sql,
            operation.sql,
            state_operations=state_operations,
            hints=operation.hints,
        )
    ]


@_reverse.register
def _reverse_separate_database_and_state(
    operation: SeparateDatabaseAndState, app: str, before: ProjectState
) -> list[Operation]:
    return [
        SeparateDatabaseAndState(
            _reverse_all(operation.database_operations, app, before),
            _reverse_all(operation.state_operations, app, before),
        )
    ]


def _reverse_all(
    operations: Sequence[Operation], app: str, before: ProjectState
) -> list[Operation]:
    """Return the operations that reverse several operations, the last one first."""
    state, reverse_operations = before.clone(), list[Operation]()
    for operation in operations:
        reverse_operations = [*reverse_operation(operation, app, state), *reverse_operations]
        operation.state_forwards(app, state)
    return reverse_operations


def _get_model_state(name: str, app: str, before: ProjectState) -> ModelState:
    return before.models[app, name]


def _get_field_before(operation: RemoveField | AlterField, app: str, before: ProjectState) -> Field:
    return _get_model_state(operation.model_name_lower, app, before).fields[operation.name].clone()
