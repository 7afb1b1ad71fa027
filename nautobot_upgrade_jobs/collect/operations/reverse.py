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


class Opaque(Operation):
    """Undoes an operation that is not one of Django's own; nobody but its author knows how."""

    def __init__(self, undone: Operation, before: ProjectState) -> None:
        self.reversible = undone.reversible
        self._before = before

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Bring the models that the operation alters back to what they were."""
        earlier, after = self._before.models, self._before.clone()
        self.undone.state_forwards(app_label, after)
        for key in after.models.keys() - earlier.keys():
            state.remove_model(*key)
        for key, model in earlier.items():
            if key not in after.models or after.models[key] != model:
                state.models[key] = model.clone()
                state.reload_model(*key)


class StateOnly(Opaque):
    """Undoes what only the models know of: the database stays as it is."""


class Irreversible(Operation):
    """In the place of code that nobody has written a way back for."""

    reversible = False

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing: code alters no model."""


def inverse(one: Operation, app: str, before: ProjectState) -> list[Operation]:
    """Return what undoes an operation, in the order in which it is done; each as its ``undone``.

    Args:
        one: The operation.
        app: Label of the App that it belongs to.
        before: The models as they were before it; it is not changed.
    """
    found = [Opaque(one, before.clone())] if _is_foreign(one) else _inverse(one, app, before)
    for each in found:
        each.undone = one
    return found


def _is_foreign(one: Operation) -> bool:
    """Tell whether somebody else than Django says what is done in the database."""
    return any(
        name in vars(kind)
        for kind in type(one).__mro__
        if not kind.__module__.startswith("django.")
        for name in ("database_forwards", "database_backwards")
    )


@singledispatch
def _inverse(one: Operation, app: str, before: ProjectState) -> list[Operation]:
    return [Opaque(one, before.clone())]


@_inverse.register
def _(one: CreateModel, app: str, before: ProjectState) -> list[Operation]:
    return [DeleteModel(one.name)]


@_inverse.register
def _(one: DeleteModel, app: str, before: ProjectState) -> list[Operation]:
    model = before.models[app, one.name_lower].clone()
    fields, options = list(model.fields.items()), dict(model.options)
    return [CreateModel(model.name, fields, options, model.bases, model.managers)]


@_inverse.register
def _(one: RenameModel, app: str, before: ProjectState) -> list[Operation]:
    return [RenameModel(one.new_name, one.old_name)]


@_inverse.register
def _(one: AlterModelTable, app: str, before: ProjectState) -> list[Operation]:
    return [AlterModelTable(one.name, _model(one.name_lower, app, before).options.get("db_table"))]


@_inverse.register
def _(one: AlterTogetherOptionOperation, app: str, before: ProjectState) -> list[Operation]:
    earlier = _model(one.name_lower, app, before).options.get(one.option_name)
    return [type(one)(one.name, earlier or set())]


@_inverse.register(ModelOptionOperation)
def _(one: ModelOptionOperation, app: str, before: ProjectState) -> list[Operation]:
    return []  # names and orders of the code; the database has none of them


@_inverse.register
def _(one: AlterOrderWithRespectTo, app: str, before: ProjectState) -> list[Operation]:
    return [Opaque(one, before.clone())]  # it has a column of its own


@_inverse.register
def _(one: AddField, app: str, before: ProjectState) -> list[Operation]:
    return [RemoveField(one.model_name, one.name)]


@_inverse.register
def _(one: RemoveField, app: str, before: ProjectState) -> list[Operation]:
    return [AddField(one.model_name, one.name, _field(one, app, before))]


@_inverse.register
def _(one: AlterField, app: str, before: ProjectState) -> list[Operation]:
    return [AlterField(one.model_name, one.name, _field(one, app, before))]


@_inverse.register
def _(one: RenameField, app: str, before: ProjectState) -> list[Operation]:
    return [RenameField(one.model_name, one.new_name, one.old_name)]


@_inverse.register
def _(one: AddIndex, app: str, before: ProjectState) -> list[Operation]:
    return [RemoveIndex(one.model_name, one.index.name)]


@_inverse.register
def _(one: RemoveIndex, app: str, before: ProjectState) -> list[Operation]:
    index = _model(one.model_name_lower, app, before).get_index_by_name(one.name)
    return [AddIndex(one.model_name, index)]


@_inverse.register
def _(one: RenameIndex, app: str, before: ProjectState) -> list[Operation]:
    if one.old_name:
        return [RenameIndex(one.model_name, new_name=one.old_name, old_name=one.new_name)]
    # Of fields that were indexed together: Django leaves the name as it is.
    return [StateOnly(one, before.clone())]


@_inverse.register
def _(one: AddConstraint, app: str, before: ProjectState) -> list[Operation]:
    return [RemoveConstraint(one.model_name, one.constraint.name)]


@_inverse.register
def _(one: RemoveConstraint, app: str, before: ProjectState) -> list[Operation]:
    constraint = _model(one.model_name_lower, app, before).get_constraint_by_name(one.name)
    return [AddConstraint(one.model_name, constraint)]


@_inverse.register
def _(one: RunPython, app: str, before: ProjectState) -> list[Operation]:
    if one.reverse_code is None:
        return [Irreversible()]
    return [RunPython(one.reverse_code, one.code, atomic=one.atomic, hints=one.hints)]


@_inverse.register
def _(one: RunSQL, app: str, before: ProjectState) -> list[Operation]:
    moved = _all(one.state_operations, app, before)
    if one.reverse_sql is None:
        return [Irreversible(), *moved]
    return [RunSQL(one.reverse_sql, one.sql, state_operations=moved, hints=one.hints)]


@_inverse.register
def _(one: SeparateDatabaseAndState, app: str, before: ProjectState) -> list[Operation]:
    return [
        SeparateDatabaseAndState(
            _all(one.database_operations, app, before), _all(one.state_operations, app, before)
        )
    ]


def _all(operations: Sequence[Operation], app: str, before: ProjectState) -> list[Operation]:
    """Return what undoes several operations, the last of them first."""
    state, found = before.clone(), list[Operation]()
    for one in operations:
        found = [*inverse(one, app, state), *found]
        one.state_forwards(app, state)
    return found


def _model(name: str, app: str, before: ProjectState) -> ModelState:
    return before.models[app, name]


def _field(one: RemoveField | AlterField, app: str, before: ProjectState):
    return _model(one.model_name_lower, app, before).fields[one.name].clone()
