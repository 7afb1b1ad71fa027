"""Replay pending migrations, and map each new table and column name to the current name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, singledispatchmethod
from typing import NamedTuple

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddField,
    AlterField,
    AlterModelTable,
    CreateModel,
    RenameField,
    RenameModel,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AlterTogetherOptionOperation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Field, Model

from .field_values import backfilled, backfills_nulls, has_uniform_default, new_value
from .nested_operations import database_operations
from .table_names import (
    build_m2m_table_name,
    build_table_name,
    get_column_name,
    has_table,
)

ModelKey = tuple[str, str]
UNIFORM_VALUE = ""
"""Placeholder for the column name of a new field with one value in all rows."""


@dataclass(frozen=True)
class TableRef:
    """A model as of the next operation of the plan, and the current name of its table."""

    app: str
    model: str
    table: str


class Step(NamedTuple):
    """A database operation of a migration, before it is applied."""

    operation: Operation
    table: TableRef | None
    """The model that it changes. None if the model has no table yet."""
    declared: tuple[tuple[Operation, TableRef | None], ...] = ()
    """The changes that its statements make according to the migration, each with its model."""


@dataclass
class SchemaTracker:
    """The state of the models, tracked operation by operation."""

    state: ProjectState
    """At first, the models before the plan. ``replay`` applies each migration to this state."""
    _current_tables: dict[ModelKey, str | None] = field(default_factory=dict)
    """Current tables of models that the plan creates or renames. None if no table exists yet."""
    _current_columns: dict[tuple[str, str, str], str | None] = field(default_factory=dict)
    """Current columns of fields that the plan changes, with the values of ``current_column``."""
    _expressions: dict[tuple[str, str, str], str | None] = field(default_factory=dict)
    """Values of fields that the plan adds or fills, with the values of ``current_expression``."""

    def replay(self, migration: Migration) -> Iterator[Step]:
        """Yield the database operations of a migration, each before it is applied to the state.

        Args:
            migration: The next migration of the plan.
        """
        app = migration.app_label
        for operation in migration.operations:
            for inner in database_operations(operation):
                declared = (*operation.state_operations,) if isinstance(inner, RunSQL) else ()
                yield Step(
                    inner,
                    self._resolve_table(app, inner),
                    tuple((each, self._resolve_table(app, each)) for each in declared),
                )
            self._apply(operation, app)
            operation.state_forwards(app, self.state)

    def current_column(self, table_ref: TableRef, name: str) -> str | None:
        """Return the current name of a field's column.

        The result is None if the column does not exist yet, or if the field has no column. It is
        UNIFORM_VALUE for a new column that will have the same value in all rows.
        """
        key = (table_ref.app, table_ref.model, name)
        if key in self._current_columns:
            return self._current_columns[key]
        model = self.state.models.get((table_ref.app, table_ref.model))
        field = model.fields.get(name) if model else None
        return (
            get_column_name(name, field) if field is not None and not field.many_to_many else None
        )

    def current_expression(self, table_ref: TableRef, name: str) -> str | None:
        """Return the SQL of a field's value in the existing rows. None if it is unknown.

        Code of migrations can have changed the value.
        """
        key = (table_ref.app, table_ref.model, name)
        if key in self._expressions:
            return self._expressions[key]
        column = self.current_column(table_ref, name)
        return str(connection.ops.quote_name(column)) if column else None

    def expression_after(self, table_ref: TableRef, operation: AlterField) -> str | None:
        """Return the SQL of a field's value after an operation has replaced its NULLs."""
        expression = self.current_expression(table_ref, operation.name)
        model = self.state.models.get((table_ref.app, table_ref.model))
        old = model.fields.get(operation.name) if model else None
        becomes_required = old is not None and old.null and not operation.field.null
        if expression and becomes_required and backfills_nulls(operation.field):
            return backfilled(expression, operation.field)
        return expression

    def model_state(self, table_ref: TableRef) -> ModelState:
        """Return the state of a model before the next operation."""
        return self.state.models[table_ref.app, table_ref.model]

    def added_unique_together(
        self, operation: AlterTogetherOptionOperation, table_ref: TableRef
    ) -> set[tuple[str, ...]]:
        """Return the field sets that an operation adds to the option, such as unique_together."""
        before = self.model_state(table_ref).options.get(operation.option_name) or ()
        return set(operation.option_value or ()) - {tuple(item) for item in before}

    def render_model(self, table_ref: TableRef) -> type[Model]:
        """Return the model as a class. Building it takes seconds."""
        model: type[Model] = self.state.clone().apps.get_model(table_ref.app, table_ref.model)
        return model

    def with_current_names(self, table_ref: TableRef, condition: str) -> str | None:
        """Replace future column names in an SQL condition by the current values.

        Returns None if a value is unknown.
        """
        quote = connection.ops.quote_name
        fields = self.model_state(table_ref).fields
        values = {
            quote(get_column_name(name, field)): self.current_expression(table_ref, name)
            for name, field in fields.items()
            if not field.many_to_many
        }
        names = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))
        if any(values[name] is None for name in names.findall(condition)):
            return None
        return names.sub(lambda name: str(values[name[0]]), condition)

    def referenced_field(self, table_ref: TableRef, field: Field) -> Field:
        """Return the field whose type a column has: that of the key that a relation refers to."""
        while field.is_relation and not field.many_to_many:
            target = self._referenced_model(table_ref, field)
            fields = self.model_state(target).fields
            name = getattr(field.remote_field, "field_name", None)
            keys = (each for each in fields.values() if each.primary_key)
            table_ref, field = target, fields[name] if name else next(keys)
        return field

    def _referenced_model(self, table_ref: TableRef, field: Field) -> TableRef:
        target_model = str(field.remote_field.model).lower()
        app, _, model = target_model.rpartition(".")
        return TableRef(app or table_ref.app, table_ref.model if model == "self" else model, "")

    def foreign_key_target(self, table_ref: TableRef, field: Field) -> str:
        """Return the ``table.column`` that a foreign key references, with current names."""
        if not field.is_relation or field.many_to_many:
            return ""
        target = self._referenced_model(table_ref, field)
        table = self.current_table(target.app, target.model)
        if not table:
            return ""
        target_field = getattr(field.remote_field, "field_name", None)
        for name, candidate in self.model_state(target).fields.items():
            if name == target_field if target_field else candidate.primary_key:
                return f"{table}.{self.current_column(target, name)}"
        return ""

    def current_table(self, app: str, model: str) -> str | None:
        """Return the current name of a model's table. None if it has no table, or none yet."""
        model_state = self.state.models.get((app, model))
        if model_state is None or not has_table(model_state.options):
            return None
        return self._tracked_table(app, model)

    def m2m_table(self, table_ref: TableRef, name: str) -> str | None:
        """Return the current name of a many-to-many field's automatic table, or None."""
        field = self.model_state(table_ref).fields.get(name)
        if (
            field is None
            or not field.many_to_many
            or (table_ref.app, table_ref.model, name) in self._current_columns
        ):
            return None
        if field.remote_field.through is not None:
            return None  # The through model has its own table.
        return build_m2m_table_name(table_ref, name, field)

    def _resolve_table(self, app: str, operation: Operation) -> TableRef | None:
        names = (getattr(operation, name, "") for name in ("model_name", "name_lower"))
        model = str(next(filter(None, names), "")).lower()
        table = self.current_table(app, model)
        return TableRef(app, model, table) if table else None

    @singledispatchmethod
    def _apply(self, operation: Operation, app: str) -> None:
        """Record the tables and columns that an operation creates or renames."""

    @_apply.register
    def _apply_separate_database_and_state(
        self, operation: SeparateDatabaseAndState, app: str
    ) -> None:
        created = {inner.name_lower for inner in operation.database_operations if _is_create(inner)}
        for inner in operation.state_operations:
            self._apply(inner, app)
            if _is_create(inner) and inner.name_lower not in created:
                # A model that moves here from another App can already have a table with rows.
                table = build_table_name(app, inner.name_lower, inner.options)
                self._current_tables[app, inner.name_lower] = (
                    table if table in self._existing_tables else None
                )

    @_apply.register
    def _apply_run_sql(self, operation: RunSQL, app: str) -> None:
        for inner in operation.state_operations:
            self._apply(inner, app)

    @_apply.register
    def _apply_create_model(self, operation: CreateModel, app: str) -> None:
        self._current_tables[app, operation.name_lower] = None

    @_apply.register
    def _apply_rename_model(self, operation: RenameModel, app: str) -> None:
        old, new = operation.old_name_lower, operation.new_name_lower
        self._current_tables[app, new] = self._tracked_table(app, old)
        for known in (self._current_columns, self._expressions):
            for (label, model, name), value in list(known.items()):
                if (label, model) == (app, old):
                    known[app, new, name] = value

    @_apply.register
    def _apply_alter_model_table(self, operation: AlterModelTable, app: str) -> None:
        self._current_tables[app, operation.name_lower] = self._tracked_table(
            app, operation.name_lower
        )

    @_apply.register
    def _apply_add_field(self, operation: AddField, app: str) -> None:
        constant = (
            None
            if operation.field.many_to_many or not has_uniform_default(operation.field)
            else UNIFORM_VALUE
        )
        key = (app, operation.model_name_lower, operation.name)
        self._current_columns[key] = constant
        self._expressions[key] = new_value(operation.field)

    @_apply.register
    def _apply_alter_field(self, operation: AlterField, app: str) -> None:
        table_ref = TableRef(app, operation.model_name_lower, "")  # AlterField can rename a column.
        expression = self.expression_after(table_ref, operation)
        if expression != self.current_expression(table_ref, operation.name):
            self._expressions[app, table_ref.model, operation.name] = expression
        self._current_columns[app, table_ref.model, operation.name] = self.current_column(
            table_ref, operation.name
        )

    @_apply.register
    def _apply_rename_field(self, operation: RenameField, app: str) -> None:
        table_ref = TableRef(app, operation.model_name_lower, "")
        self._expressions[app, table_ref.model, operation.new_name] = self.current_expression(
            table_ref, operation.old_name
        )
        self._current_columns[app, table_ref.model, operation.new_name] = self.current_column(
            table_ref, operation.old_name
        )

    @cached_property
    def _existing_tables(self) -> frozenset[str]:
        return frozenset(connection.introspection.table_names())

    def _tracked_table(self, app: str, model: str) -> str | None:
        if (app, model) in self._current_tables:
            return self._current_tables[app, model]
        return build_table_name(app, model, self.state.models[app, model].options)


def _is_create(operation: Operation) -> bool:
    return isinstance(operation, CreateModel)
