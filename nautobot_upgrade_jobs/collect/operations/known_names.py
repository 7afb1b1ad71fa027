"""Collect the names by which code can refer to a model and its fields while a plan runs."""

from __future__ import annotations

from typing import NamedTuple

from django.db.migrations.operations import RenameField, RenameModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState
from django.db.models import CASCADE

from .schema_tracker import TableRef


class ModelNames(NamedTuple):
    """The names of a model in code."""

    own: tuple[str, ...]
    """Of the model and its table, before and after renames, and of the managers to it."""
    owners: tuple[str, ...]
    """Of the models whose rows take rows of this model with them when they are deleted."""


class KnownNames:
    """The names of models and fields, with the names that they had earlier in the plan."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, str], set[str]] = {}
        self._fields: dict[tuple[str, str, str], set[str]] = {}

    def record(self, operation: Operation, app: str) -> None:
        """Record the earlier name if the operation of an App renames a model or a field."""
        if isinstance(operation, RenameModel):
            old, new = operation.old_name_lower, operation.new_name_lower
            self._models[app, new] = {old, *self._models.pop((app, old), ())}
        elif isinstance(operation, RenameField):
            model, old, new = operation.model_name_lower, operation.old_name, operation.new_name
            self._fields[app, model, new] = {old, *self._fields.pop((app, model, old), ())}

    def of_model(self, table_ref: TableRef, state: ModelState) -> ModelNames:
        """Return the names of a model."""
        own = {
            table_ref.model,
            table_ref.table,
            *self._models.get((table_ref.app, table_ref.model), ()),
        }
        owners = set()
        for field in state.fields.values():
            relation = getattr(field, "remote_field", None)
            if relation is None or not hasattr(relation, "on_delete"):
                continue
            related = str(relation.related_name or f"{table_ref.model}_set")
            own.add(related.replace("%(class)s", table_ref.model).rstrip("+"))
            if relation.on_delete is CASCADE:
                owners.add(str(getattr(relation.model, "__name__", relation.model)).split(".")[-1])
        return ModelNames(tuple(sorted(own - {""})), tuple(sorted(owners - {""})))

    def of_fields(self, table_ref: TableRef, names: set[str]) -> set[str]:
        """Return names of fields with their earlier names."""
        earlier = (self._fields.get((table_ref.app, table_ref.model, name), ()) for name in names)
        return names.union(*earlier)
