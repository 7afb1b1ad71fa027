"""What the operations of the migrations to come ask of the tables as they are today."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AlterField,
    AlterModelTable,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import CheckConstraint, Field, UniqueConstraint

from ..facts.demands import Demand

ANY_MODEL = re.compile(r"\b(get_models|model_class)\b")
"""In code that does not say which models it works on."""
Key = tuple[str, str]


@dataclass(frozen=True)
class Place:
    """A model as it is at this point of the plan, and its table as it is named today."""

    app: str
    model: str
    table: str

    def asks(self, kind: str, *columns: str, limit: str = "") -> Demand:
        """Return a demand on it; the migration is filled in by who knows it."""
        return Demand(kind, "", "", self.table, columns, limit)


@dataclass
class Walk:
    """Goes through the plan, operation by operation, and knows what each name is called today."""

    state: ProjectState
    """As it is before the first migration of the plan; it is carried along."""
    _tables: dict[Key, str | None] = field(default_factory=dict)
    """Models that came, went or have another name since: their table of today; None if it came."""
    _columns: dict[tuple[str, str, str], str | None] = field(default_factory=dict)
    _code: list[tuple[str, str | None]] = field(default_factory=list)
    """Migrations that have run code, and its source; None if nobody has it."""

    def demands(self, migration: Migration, number: int) -> Iterator[Demand]:
        """Yield what a migration asks for, and carry the state along.

        Args:
            migration: The next one of the plan.
            number: How many are done before it.
        """
        name = f"{migration.app_label}.{migration.name}"
        for one in migration.operations:
            for inner in _of_the_database(one):
                for demand in self._of(migration.app_label, inner):
                    yield replace(
                        demand,
                        migration=name,
                        operation=type(inner).__name__,
                        after=self._may_change(inner, demand.table),
                        number=number,
                    )
                if isinstance(inner, (RunPython, RunSQL)):
                    self._code.append((name, _source(migration, inner)))
            self._carry(migration.app_label, one)
            one.state_forwards(migration.app_label, self.state)

    def _may_change(self, one: Operation, table: str) -> tuple[str, ...]:
        """Return the migrations before it whose code names this model or its table."""
        model = getattr(one, "model_name_lower", "") or getattr(one, "name_lower", "")
        named = re.compile(rf"\b({re.escape(model)}|{re.escape(table)})\b", re.IGNORECASE)
        found = (
            key
            for key, source in self._code
            if source is None or ANY_MODEL.search(source) or named.search(source)
        )
        return tuple(dict.fromkeys(found))

    def _carry(self, app: str, one: Operation) -> None:
        """Remember what is new, and what has another name from now on."""
        if isinstance(one, SeparateDatabaseAndState):
            for inner in one.state_operations:
                self._carry(app, inner)
        elif isinstance(one, CreateModel):
            self._tables[app, one.name_lower] = None
        elif isinstance(one, RenameModel):
            old, new = one.old_name_lower, one.new_name_lower
            self._tables[app, new] = self._table(app, old)
            for (label, model, name), column in list(self._columns.items()):
                if (label, model) == (app, old):
                    self._columns[app, new, name] = column
        elif isinstance(one, AlterModelTable):
            self._tables[app, one.name_lower] = self._table(app, one.name_lower)
        elif isinstance(one, AddField):
            self._columns[app, one.model_name_lower, one.name] = None
        elif isinstance(one, RenameField):
            place = (app, one.model_name_lower)
            self._columns[(*place, one.new_name)] = self._column(*place, one.old_name)

    def _table(self, app: str, model: str) -> str | None:
        """Return the table of a model as it is named today; None if it is not there yet."""
        if (app, model) in self._tables:
            return self._tables[app, model]
        options = self.state.models[app, model].options
        return str(options.get("db_table") or f"{app}_{model}")

    def _column(self, app: str, model: str, name: str) -> str | None:
        if (app, model, name) in self._columns:
            return self._columns[app, model, name]
        found = self.state.models[app, model].fields.get(name)
        return _column_of(name, found) if found is not None else None

    def _of(self, app: str, one: Operation) -> Iterator[Demand]:
        """Yield the demands of one operation on tables and columns that are there today."""
        model = getattr(one, "model_name_lower", "") or getattr(one, "name_lower", "")
        if (app, model) in self.state.models and (table := self._table(app, model)):
            yield from self._asks(one, Place(app, model, table))

    @singledispatchmethod
    def _asks(self, one: Operation, place: Place) -> Iterator[Demand]:
        """Yield what an operation demands; most demand nothing."""
        yield from ()

    @_asks.register
    def _(self, one: AddConstraint, place: Place) -> Iterator[Demand]:
        try:
            final = apps.get_model(place.app, place.model)
        except LookupError:
            final = None  # a later migration removes it again
        constraint, editor = one.constraint, connection.schema_editor()
        if isinstance(constraint, CheckConstraint) and final:
            yield place.asks("check", limit=str(constraint._get_check_sql(final, editor)))
        elif isinstance(constraint, UniqueConstraint) and constraint.fields:
            condition = ""
            if constraint.condition is not None:
                if final is None:
                    return
                condition = str(constraint._get_condition_sql(final, editor))
            yield from self._unique(place, constraint.fields, condition)

    @_asks.register
    def _(self, one: AlterUniqueTogether, place: Place) -> Iterator[Demand]:
        before = self.state.models[place.app, place.model].options.get("unique_together") or ()
        for names in one.option_value - {tuple(item) for item in before}:
            yield from self._unique(place, names)

    @_asks.register
    def _(self, one: AddField, place: Place) -> Iterator[Demand]:
        if one.field.many_to_many:
            return
        given = _default_of(one.field) is not None
        if one.field.unique and given:
            yield place.asks("unique")
        if not one.field.null and not given and connection.vendor != "mysql":
            yield place.asks("not null")  # MySQL writes zeroes and empty texts of its own accord

    @_asks.register
    def _(self, one: AlterField, place: Place) -> Iterator[Demand]:
        old, new = self.state.models[place.app, place.model].fields.get(one.name), one.field
        column = self._column(place.app, place.model, one.name)
        if old is None or column is None or new.many_to_many or old.many_to_many:
            return
        if old.null and not new.null and not _fills_gaps(new):
            yield place.asks("not null", column)
        if new.unique and not old.unique and not new.primary_key:
            yield place.asks("unique", column)
        if new.max_length and (old.max_length or new.max_length + 1) > new.max_length:
            kind = "cut" if _is_cast(old, new) else "length"
            yield place.asks(kind, column, limit=str(new.max_length))
        target = self._target(place.app, new) if getattr(new, "db_constraint", False) else ""
        if target and target != self._target(place.app, old):
            yield place.asks("reference", column, limit=target)

    @_asks.register
    def _(self, one: RemoveField, place: Place) -> Iterator[Demand]:
        if column := self._column(place.app, place.model, one.name):
            yield place.asks("loses", column)

    @_asks.register
    def _(self, one: DeleteModel, place: Place) -> Iterator[Demand]:
        yield place.asks("loses")

    def _unique(self, place: Place, names: Iterable[str], condition: str = "") -> Iterator[Demand]:
        columns = [self._column(place.app, place.model, name) for name in names]
        if all(columns):
            yield place.asks("unique", *map(str, columns), limit=condition)

    def _target(self, app: str, one: Field) -> str:
        """Return ``table.column`` that a foreign key refers to, as they are named today."""
        if not one.is_relation or one.many_to_many:
            return ""
        to = one.remote_field.model
        label, model = to.lower().split(".") if isinstance(to, str) and "." in to else (app, to)
        if not isinstance(model, str) or (label, model.lower()) not in self.state.models:
            return ""
        table = self._table(label, model.lower())
        fields = self.state.models[label, model.lower()].fields
        keys = [_column_of(name, key) for name, key in fields.items() if key.primary_key]
        return f"{table}.{keys[0]}" if table and keys else ""


def _source(migration: Migration, one: RunPython | RunSQL) -> str | None:
    """Return the text that names what the code of an operation works on; None if there is none."""
    if isinstance(one, RunSQL):
        return repr(one.sql)
    if one.code is RunPython.noop:
        return ""
    function = inspect.unwrap(getattr(one.code, "func", one.code))
    try:
        return inspect.getsource(inspect.getmodule(function)) + inspect.getsource(
            sys.modules[migration.__module__]
        )
    except (OSError, TypeError, KeyError):
        return None


def _of_the_database(one: Operation) -> list[Operation]:
    return one.database_operations if isinstance(one, SeparateDatabaseAndState) else [one]


def _column_of(name: str, one: Field) -> str:
    relation = one.is_relation and not one.many_to_many
    return str(one.db_column or (f"{name}_id" if relation else name))


def _default_of(one: Field) -> Any:
    """Return what a new column has in the rows that are there; None if nothing."""
    default = _database_default(one)
    return connection.schema_editor()._effective_default(one) if default is None else default


def _fills_gaps(one: Field) -> bool:
    """Tell whether Django writes a value into the empty ones when a column must not be empty.

    The empty text of a field that may be blank counts for a new column, not for one that is there:
    ``django.db.backends.base.schema``, ``_alter_field``.
    """
    return one.has_default() or _database_default(one) is not None


def _is_cast(old: Field, new: Field) -> bool:
    """Tell whether a change of type is made by a cast, which PostgreSQL lets cut values.

    ``django.db.backends.postgresql.schema``, ``_using_sql``; MySQL refuses what is too long.
    """
    if connection.vendor != "postgresql":
        return False
    editor = connection.schema_editor()
    return bool(editor._field_data_type(old) != editor._field_data_type(new))


def _database_default(one: Field) -> Any:
    """Return the default that the database itself keeps, which fields have since Django 5.0."""
    has = getattr(one, "has_db_default", None)
    return one.db_default if has and has() else None
