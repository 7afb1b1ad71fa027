"""Goes through the migrations to come, and knows what each name is called today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, singledispatchmethod
from typing import Any

from django.db import connection
from django.db.backends.utils import truncate_name
from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddField,
    AlterField,
    AlterModelTable,
    CreateModel,
    RenameField,
    RenameModel,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AlterTogetherOptionOperation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Field, Model

ModelKey = tuple[str, str]
UNIFORM_VALUE = ""
"""In the place of the column of a new field that has one value in all rows."""


@dataclass(frozen=True)
class TableRef:
    """A model as it is at this point of the plan, and its table as it is named today."""

    app: str
    model: str
    table: str


@dataclass
class SchemaTracker:
    """Carries the state of the models along, operation by operation."""

    state: ProjectState
    """As it is before the first migration of the plan."""
    _current_tables: dict[ModelKey, str | None] = field(default_factory=dict)
    """Models that came, went or have another name since: their table of today; None if it came."""
    _current_columns: dict[tuple[str, str, str], str | None] = field(default_factory=dict)
    """Fields that came, or have another name since: their column of today, as ``column`` says."""

    def replay(self, migration: Migration) -> Iterator[tuple[Operation, TableRef | None]]:
        """Yield what a migration does in the database, before it counts as done.

        Args:
            migration: The next one of the plan.

        Returns:
            Each operation with the model that it works on; None if there is no such table today.
        """
        app = migration.app_label
        for one in migration.operations:
            separate = isinstance(one, SeparateDatabaseAndState)
            for inner in one.database_operations if separate else [one]:
                yield inner, self._resolve_table(app, inner)
            self._apply(one, app)
            one.state_forwards(app, self.state)

    def current_column(self, place: TableRef, name: str) -> str | None:
        """Return the column of a field as it is named today.

        None if it is not there yet, or is none; CONSTANT if it will have one value in all rows.
        """
        key = (place.app, place.model, name)
        if key in self._current_columns:
            return self._current_columns[key]
        model = self.state.models.get((place.app, place.model))
        found = model.fields.get(name) if model else None
        return (
            get_column_name(name, found) if found is not None and not found.many_to_many else None
        )

    def model_state(self, place: TableRef) -> ModelState:
        """Return the model as it is before the operation."""
        return self.state.models[place.app, place.model]

    def added_unique_together(
        self, one: AlterTogetherOptionOperation, place: TableRef
    ) -> set[tuple[str, ...]]:
        """Return the sets of fields that are indexed together from an operation on."""
        before = self.model_state(place).options.get(one.option_name) or ()
        return set(one.option_value or ()) - {tuple(item) for item in before}

    def render_model(self, place: TableRef) -> type[Model]:
        """Return the model as a class; that takes seconds."""
        return self.state.clone().apps.get_model(place.app, place.model)

    def with_current_names(self, place: TableRef, condition: str) -> str | None:
        """Return a condition in SQL by the names of today; None if it is about what is to come."""
        quote = connection.ops.quote_name
        fields = self.model_state(place).fields
        for (app, model, name), today in self._current_columns.items():
            if (app, model) == (place.app, place.model) and name in fields:
                then = quote(get_column_name(name, fields[name]))
                if then in condition and not today:
                    return None
                condition = condition.replace(then, quote(today or ""))
        return condition

    def foreign_key_target(self, place: TableRef, one: Field) -> str:
        """Return ``table.column`` that a foreign key refers to, as they are named today."""
        if not one.is_relation or one.many_to_many:
            return ""
        to = str(one.remote_field.model).lower()
        app, _, model = to.rpartition(".")
        other = TableRef(app or place.app, place.model if model == "self" else model, "")
        table = self.current_table(other.app, other.model)
        if not table:
            return ""
        wanted = getattr(one.remote_field, "field_name", None)
        for name, found in self.model_state(other).fields.items():
            if name == wanted if wanted else found.primary_key:
                return f"{table}.{self.current_column(other, name)}"
        return ""

    def current_table(self, app: str, model: str) -> str | None:
        """Return the table of a model as it is named today; None if migrations make none (yet)."""
        found = self.state.models.get((app, model))
        if found is None or not has_table(found.options):
            return None
        return self._tracked_table(app, model)

    def m2m_table(self, place: TableRef, name: str) -> str | None:
        """Return the table of a relation to many that Django keeps; None if there is none today."""
        one = self.model_state(place).fields.get(name)
        if (
            one is None
            or not one.many_to_many
            or (place.app, place.model, name) in self._current_columns
        ):
            return None
        if one.remote_field.through is not None:
            return None  # a model of its own
        return build_m2m_table_name(place, name, one)

    def _resolve_table(self, app: str, one: Operation) -> TableRef | None:
        model = str(getattr(one, "model_name_lower", "") or getattr(one, "name_lower", ""))
        table = self.current_table(app, model)
        return TableRef(app, model, table) if table else None

    @singledispatchmethod
    def _apply(self, one: Operation, app: str) -> None:
        """Remember what is new, and what has another name from now on."""

    @_apply.register
    def _apply_separate_database_and_state(self, one: SeparateDatabaseAndState, app: str) -> None:
        made = {inner.name_lower for inner in one.database_operations if _is_create(inner)}
        for inner in one.state_operations:
            self._apply(inner, app)
            if _is_create(inner) and inner.name_lower not in made:
                # A model that moves here from another App: its table may be there, with its rows.
                table = build_table_name(app, inner.name_lower, inner.options)
                self._current_tables[app, inner.name_lower] = (
                    table if table in self._existing_tables else None
                )

    @_apply.register
    def _apply_create_model(self, one: CreateModel, app: str) -> None:
        self._current_tables[app, one.name_lower] = None

    @_apply.register
    def _apply_rename_model(self, one: RenameModel, app: str) -> None:
        old, new = one.old_name_lower, one.new_name_lower
        self._current_tables[app, new] = self._tracked_table(app, old)
        for (label, model, name), column in list(self._current_columns.items()):
            if (label, model) == (app, old):
                self._current_columns[app, new, name] = column

    @_apply.register
    def _apply_alter_model_table(self, one: AlterModelTable, app: str) -> None:
        self._current_tables[app, one.name_lower] = self._tracked_table(app, one.name_lower)

    @_apply.register
    def _apply_add_field(self, one: AddField, app: str) -> None:
        constant = (
            None if one.field.many_to_many or not has_uniform_default(one.field) else UNIFORM_VALUE
        )
        self._current_columns[app, one.model_name_lower, one.name] = constant

    @_apply.register
    def _apply_alter_field(self, one: AlterField, app: str) -> None:
        place = TableRef(app, one.model_name_lower, "")  # its column may get another name
        self._current_columns[app, place.model, one.name] = self.current_column(place, one.name)

    @_apply.register
    def _apply_rename_field(self, one: RenameField, app: str) -> None:
        place = TableRef(app, one.model_name_lower, "")
        self._current_columns[app, place.model, one.new_name] = self.current_column(
            place, one.old_name
        )

    @cached_property
    def _existing_tables(self) -> frozenset[str]:
        return frozenset(connection.introspection.table_names())

    def _tracked_table(self, app: str, model: str) -> str | None:
        if (app, model) in self._current_tables:
            return self._current_tables[app, model]
        return build_table_name(app, model, self.state.models[app, model].options)


def _is_create(one: Operation) -> bool:
    return isinstance(one, CreateModel)


def has_uniform_default(one: Field) -> bool:
    """Tell whether Django writes one value for a new column into all rows that are there.

    ``django.db.backends.base.schema``, ``_effective_default``. A default is not asked for its
    value: it may be code, which is called once for all rows.
    """
    if one.has_default():
        return one.default is not None
    blank = not one.null and one.blank and one.empty_strings_allowed
    return bool(blank or getattr(one, "auto_now", False) or getattr(one, "auto_now_add", False))


def has_table(options: Mapping[str, Any]) -> bool:
    """Tell whether migrations make a table for a model with these options."""
    return bool(options.get("managed", True) and not options.get("proxy"))


def build_table_name(app: str, model: str, options: Mapping[str, Any]) -> str:
    """Return the name that the table of a model has at this point."""
    table = str(options.get("db_table") or f"{app}_{model}")
    return str(truncate_name(table, connection.ops.max_name_length()))


def build_m2m_table_name(place: TableRef, name: str, one: Field) -> str:
    """Return the name of the table that Django keeps for a relation to many."""
    table = one.db_table or f"{place.table}_{name}"
    return str(truncate_name(table, connection.ops.max_name_length()))


def get_column_name(name: str, one: Field) -> str:
    """Return the name of a field's column."""
    relation = one.is_relation and not one.many_to_many
    return str(one.db_column or (f"{name}_id" if relation else name))
