"""Derive what pending migrations do to objects that use Nautobot's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from ..facts.schema_conflicts import ObjectKind
from ..facts.schema_dependents import DependentEffect, DependentKind, SchemaDependent
from .schema_simulation import Action, ObjectChange

STOP_A_TYPE_CHANGE = {
    "postgresql": frozenset(DependentKind) - {DependentKind.FOREIGN_KEY},
    "mysql": frozenset({DependentKind.FOREIGN_KEY}),
}
"""Kinds that stop a new type of the column, by vendor."""
STOP_A_DROP = {
    "postgresql": frozenset[DependentKind](),  # Django drops columns and tables with CASCADE.
    "mysql": frozenset({DependentKind.FOREIGN_KEY, DependentKind.GENERATED_COLUMN}),
}
"""Kinds that stop the removal of the column or table, by vendor."""
STOP_A_RENAME = {
    "postgresql": frozenset[DependentKind](),
    "mysql": frozenset({DependentKind.GENERATED_COLUMN}),
}
"""Kinds that stop a new name of the column, by vendor."""


class Effect(NamedTuple):
    """The effect of a change on an object."""

    dependent: SchemaDependent
    effect: DependentEffect


class DependentSimulation:
    """The objects that use Nautobot's tables while a plan runs.

    Args:
        dependents: The objects with the names of tables and columns before the plan.
        vendor: ``postgresql`` or ``mysql``.
    """

    def __init__(self, dependents: Iterable[SchemaDependent], vendor: str) -> None:
        self._uses = [(each, each) for each in dependents]
        """Each object as it was found, and with the current names of its table and column."""
        self._vendor = vendor

    def apply(self, change: ObjectChange) -> Iterator[Effect]:
        """Apply a change, and yield what it does to each object that uses its table or column."""
        target = change.object
        if change.action is Action.CREATE or target.kind not in (
            ObjectKind.TABLE,
            ObjectKind.COLUMN,
        ):
            return
        used: list[tuple[SchemaDependent, SchemaDependent]] = []
        others: list[tuple[SchemaDependent, SchemaDependent]] = []
        for found, current in self._uses:
            is_used = current.table == target.table and target.name in ("", current.column)
            (used if is_used else others).append((found, current))
        effects = [
            Effect(found, effect)
            for found, current in used
            if (effect := self._effect(change, current))
        ]
        dropped = {
            _identity(each.dependent) for each in effects if each.effect is DependentEffect.DROPPED
        }
        for each in effects:  # What is dropped cannot break as well.
            if each.effect is DependentEffect.DROPPED or _identity(each.dependent) not in dropped:
                yield each
        if change.action is not Action.DROP:
            others += [(found, _rename(change, current)) for found, current in used]
        # The server drops the whole object, with its other uses.
        self._uses = [each for each in others if _identity(each[0]) not in dropped]

    def _effect(self, change: ObjectChange, dependent: SchemaDependent) -> DependentEffect | None:
        """Return what a change of the table or column does to an object that uses it."""
        kind, vendor = dependent.kind, self._vendor
        stops = change.changes_type and kind in STOP_A_TYPE_CHANGE[vendor]
        if dependent.is_tracked and stops:
            return DependentEffect.STOPS
        is_column = change.object.kind is ObjectKind.COLUMN
        if change.action is Action.ALTER or (kind is DependentKind.ROW_COLUMN and is_column):
            return None
        if not dependent.is_tracked:
            is_own_table = change.object.kind is ObjectKind.TABLE and kind is DependentKind.TRIGGER
            return None if is_own_table else DependentEffect.BREAKS
        if change.action is Action.DROP:
            is_own = kind is DependentKind.GENERATED_COLUMN and not is_column
            is_refused = kind in STOP_A_DROP[vendor] and not is_own
            return DependentEffect.STOPS if is_refused else DependentEffect.DROPPED
        return DependentEffect.STOPS if is_column and kind in STOP_A_RENAME[vendor] else None


def _identity(dependent: SchemaDependent) -> tuple[DependentKind, str]:
    return dependent.kind, dependent.name


def _rename(change: ObjectChange, dependent: SchemaDependent) -> SchemaDependent:
    if change.action is not Action.RENAME:
        return dependent
    if change.object.kind is ObjectKind.TABLE:
        return replace(dependent, table=change.new_name)
    return replace(dependent, column=change.new_name)
