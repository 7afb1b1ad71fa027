"""Simulate how pending migrations change the names in the schema.

The simulation knows names, and the columns of unique constraints and indexes. It needs no models:
the operations of a plan say what they create, change and drop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from ..facts.schema_conflicts import ObjectKind, SchemaObject
from .schema_diff import ActualTable


class Action(Enum):
    """The effect of an operation on an object."""

    CREATE = "create"
    ALTER = "alter"
    RENAME = "rename"
    DROP = "drop"


@dataclass(frozen=True)
class ObjectChange:
    """One change of one object by an operation."""

    action: Action
    object: SchemaObject
    new_name: str = ""
    """The name after a RENAME."""
    columns: tuple[str, ...] = ()
    """Identify an unnamed unique constraint or index that is dropped."""
    is_unique: bool = False
    """Whether the index or constraint is unique."""
    changes_type: bool = False
    """Whether a column gets another type."""


class Refusal(NamedTuple):
    """Why the schema refuses a change."""

    object: SchemaObject
    """The object that exists or that is missing."""
    used_by: SchemaObject | None = None
    """The object that already has the name. None if the object is missing."""


@dataclass
class _Constraint:
    """An index or a constraint."""

    name: str
    columns: tuple[str, ...]
    is_unique: bool
    is_index: bool
    """Whether the server has an index of this name."""


@dataclass
class _Table:
    columns: set[str]
    constraints: list[_Constraint] = field(default_factory=list)
    is_known: bool = True
    """False for a table that was refused, of which nothing more is reported."""


class SchemaSimulation:
    """The names in a schema while a plan runs.

    Args:
        actual: The tables of the actual schema.
        other_relations: Names of views, sequences, foreign tables and composite types, each with
            its kind. On PostgreSQL, tables and indexes share one namespace with them.
        other_types: Names of the other types. On PostgreSQL, a table is also a type.
        vendor: ``postgresql`` or ``mysql``.
    """

    def __init__(
        self,
        actual: Mapping[str, ActualTable],
        other_relations: Mapping[str, ObjectKind],
        other_types: Collection[str],
        vendor: str,
    ) -> None:
        self._tables = {
            name: _Table(
                set(table.columns),
                [
                    _Constraint(
                        each.name,
                        tuple(column.partition(" ")[0] for column in each.columns),
                        each.kind == "unique",
                        each.is_index,
                    )
                    for each in table.constraints
                ],
            )
            for name, table in actual.items()
        }
        self._other_relations = {
            name: SchemaObject(kind, name) for name, kind in other_relations.items()
        }
        self._other_types = frozenset(other_types)
        self._shares_namespace = vendor == "postgresql"

    def apply(self, change: ObjectChange) -> Refusal | None:
        """Apply a change, and return why the schema refuses it.

        A refused change is applied too, so that one cause is reported once.
        """
        target = change.object
        if target.kind is ObjectKind.TABLE:
            return self._apply_to_table(change)
        table = self._tables.get(target.table)
        if table is None:
            self._tables[target.table] = _Table(set(), is_known=False)
            return Refusal(SchemaObject(ObjectKind.TABLE, target.table))
        if not table.is_known:
            return None
        if target.kind is ObjectKind.COLUMN:
            return _apply_to_column(change, table)
        return self._apply_to_constraint(change, table)

    def _apply_to_table(self, change: ObjectChange) -> Refusal | None:
        name = change.object.table
        if change.action is Action.CREATE:
            used_by = self._find_table_name(name)
            # Columns of an existing table are refused with the table.
            self._tables[name] = _Table(set(), is_known=not used_by)
            return Refusal(change.object, used_by) if used_by else None
        table = self._tables.get(name)
        missing = None if table else Refusal(change.object)
        if change.action is Action.ALTER:
            return missing
        self._tables.pop(name, None)
        if change.action is Action.DROP:
            return missing
        used_by = self._find_table_name(change.new_name)
        self._tables[change.new_name] = table or _Table(set(), is_known=False)
        taken = SchemaObject(ObjectKind.TABLE, change.new_name)
        return missing or (Refusal(taken, used_by) if used_by else None)

    def _find_table_name(self, name: str) -> SchemaObject | None:
        """Return the object that already has the name of a new table."""
        is_type = name in self._other_types
        return SchemaObject(ObjectKind.TYPE, name) if is_type else self._find_relation(name)

    def _find_relation(self, name: str) -> SchemaObject | None:
        """Return the relation that already has the name of a new table or index."""
        if name in self._other_relations:  # MySQL lists the columns of views like those of tables.
            return self._other_relations[name]
        if name in self._tables:
            return SchemaObject(ObjectKind.TABLE, name)
        if self._shares_namespace:
            for table, content in self._tables.items():
                if any(each.is_index and each.name == name for each in content.constraints):
                    return SchemaObject(ObjectKind.INDEX, table, name)
        return None

    def _apply_to_constraint(self, change: ObjectChange, table: _Table) -> Refusal | None:
        target = change.object
        if change.action is Action.CREATE:
            used_by = self._find_constraint(change, table) if target.name else None
            is_index = target.kind is ObjectKind.INDEX or change.is_unique
            table.constraints.append(
                _Constraint(target.name, change.columns, change.is_unique, is_index)
            )
            return Refusal(target, used_by) if used_by else None
        matching = [each for each in table.constraints if _matches(each, change)]
        table.constraints = [each for each in table.constraints if each not in matching]
        if change.action is Action.RENAME:
            table.constraints += [replace(each, name=change.new_name) for each in matching]
        is_drop_of_index = change.action is Action.DROP and target.kind is ObjectKind.INDEX
        # Django drops a named index of PostgreSQL with IF EXISTS. It counts the indexes of columns.
        is_tolerated = is_drop_of_index and self._shares_namespace and target.name
        if matching or is_tolerated:
            return None
        name = target.name or f"({', '.join(change.columns)})"
        return Refusal(replace(target, name=name))

    def _find_constraint(self, change: ObjectChange, table: _Table) -> SchemaObject | None:
        """Return the object that already has the name of a new index or constraint."""
        target = change.object
        same_name = [each.is_index for each in table.constraints if each.name == target.name]
        if same_name:  # PostgreSQL lists a unique constraint also as its index.
            kind = ObjectKind.INDEX if all(same_name) else ObjectKind.CONSTRAINT
            return SchemaObject(kind, target.table, target.name)
        if self._shares_namespace and (target.kind is ObjectKind.INDEX or change.is_unique):
            return self._find_relation(target.name)
        return None


def _apply_to_column(change: ObjectChange, table: _Table) -> Refusal | None:
    target = change.object
    exists = target.name in table.columns
    if change.action is Action.CREATE:
        table.columns.add(target.name)
        return Refusal(target, target) if exists else None
    missing = None if exists else Refusal(target)
    if change.action is Action.DROP:
        table.columns.discard(target.name)
        table.constraints = [each for each in table.constraints if target.name not in each.columns]
    if change.action is not Action.RENAME:
        return missing
    is_taken = change.new_name in table.columns
    table.columns = table.columns - {target.name} | {change.new_name}
    for each in table.constraints:
        each.columns = tuple(
            change.new_name if column == target.name else column for column in each.columns
        )
    taken = replace(target, name=change.new_name)
    return missing or (Refusal(taken, taken) if is_taken else None)


def _matches(constraint: _Constraint, change: ObjectChange) -> bool:
    if change.object.name:
        return constraint.name == change.object.name
    return constraint.columns == change.columns and constraint.is_unique == change.is_unique
