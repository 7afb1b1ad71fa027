"""Detect migrations that are not recorded, but have changed a part of the schema.

MySQL commits every operation immediately. A migration that fails is therefore partially applied and
not recorded. An interrupted restore leaves the same state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..facts.expected_schema import ExpectedTable
from ..facts.migrations import (
    FieldConstraint,
    Migration,
    Operation,
    SchemaChange,
    SchemaChangeKind,
)
from .history import MigrationHistory
from .schema_diff import ActualTable, SchemaDrift

ActualTables = Mapping[str, ActualTable]
ExpectedTables = Mapping[str, ExpectedTable]
GENERATED_UNIQUE_NAME = re.compile("_[0-9a-f]{8}_uniq$")
"""The names that Django gives to ``unique_together``. Constraints in the code have other names."""
ENFORCED_BY = {"index": {"index", "unique", "primary"}, "unique": {"unique", "primary"}}
"""The kinds of objects that serve as an index or enforce a unique field."""


@dataclass(frozen=True)
class PartialMigration:
    """A migration that is not recorded although the schema contains some of its changes."""

    migration: Migration
    applied: tuple[int, ...]
    """Indexes of the operations whose changes the schema contains."""
    pending: tuple[int, ...]
    """Indexes of the operations whose changes it does not contain. Empty if only the record is
    missing."""
    incomplete: Mapping[int, tuple[FieldConstraint, ...]] = field(default_factory=dict)
    """By index of an operation whose table or column exists: its missing constraints."""

    @property
    def unobservable(self) -> int:
        """Return the number of operations without a trace in the schema, such as RunPython."""
        observable = len(self.applied) + len(self.pending) + len(self.incomplete)
        return len(self.migration.operations) - observable

    def accounts_for(self, drift: SchemaDrift) -> bool:
        """Return whether a schema drift is a change by this migration."""
        fields = {drift.subject, drift.subject.removesuffix("_id")}
        return any(
            (drift.table == change.table and (not change.column or bool(fields & _fields(change))))
            or (change.is_about_table and drift.table == change.new_name)
            for change in self.migration.changes
        )


def _fields(change: SchemaChange) -> set[str]:
    return {change.column, change.new_name} - {""}


def partially_applied(
    history: MigrationHistory, actual: ActualTables, expected: ExpectedTables
) -> tuple[PartialMigration, ...]:
    """Return the partially applied migrations, in the order of their keys.

    Only migrations that could run next can be partially applied.

    Args:
        history: The recorded migrations.
        actual: The actual schema.
        expected: The schema that the recorded migrations should have created. If one of its tables
            or columns is missing, a migration may have removed it.
    """
    found = []
    for key in history.unapplied:
        migration = history.effective[key]
        if not set(migration.dependencies) & set(history.effective) <= history.applied:
            continue
        states = [is_applied(operation, actual, expected) for operation in migration.operations]
        begun = [index for index, state in enumerate(states) if state is True]
        pending = tuple(index for index, state in enumerate(states) if state is False)
        # A later migration may have removed a constraint.
        judged = [] if history.has_applied_children(key) else begun
        incomplete = {
            index: missing
            for index in judged
            if (missing := tuple(_missing_constraints(migration.operations[index:], actual)))
        }
        if begun and (not pending or begun[0] < pending[0]):
            applied = tuple(index for index in begun if index not in incomplete)
            found.append(PartialMigration(migration, applied, pending, incomplete))
    return tuple(found)


def _missing_constraints(
    operations: Sequence[Operation], actual: ActualTables
) -> Iterator[FieldConstraint]:
    """Yield the constraints that the first operation should have added to existing columns.

    Django adds them after the table or the column, a foreign key even after the last operation. The
    other operations are the later ones of the migration, which may change a constraint again.
    """
    operation, *later = operations
    changed = {(change.table, change.column) for other in later for change in other.changes}
    for change in operation.changes:
        for constraint in change.constraints if change.table in actual else ():
            is_changed = not changed.isdisjoint(
                {(change.table, constraint.field), (change.table, "")}
            )
            if not is_changed and not _has_constraint(actual[change.table], constraint):
                yield constraint


def _has_constraint(table: ActualTable, constraint: FieldConstraint) -> bool:
    """Return whether a table has a constraint, or lacks the whole column."""
    column = table.column_of(constraint.field)
    if column not in table.columns:
        return True
    kinds = ENFORCED_BY.get(constraint.kind, {constraint.kind})
    # An index also serves its first column. Only a single column is unique on its own.
    length = 1 if constraint.kind == "index" else None
    return any(
        each.kind in kinds and each.columns[:length] == (column,) for each in table.constraints
    )


def is_applied(operation: Operation, actual: ActualTables, expected: ExpectedTables) -> bool | None:
    """Return whether the schema contains an operation's changes. None if they leave no trace."""
    states = [
        _is_change_applied(operation, change, actual, expected) for change in operation.changes
    ]
    if not operation.is_observable or not states or None in states:
        return None
    return all(states)


def _is_change_applied(
    operation: Operation, change: SchemaChange, actual: ActualTables, expected: ExpectedTables
) -> bool | None:
    if operation.kind == "AlterField":
        return None
    if operation.unique_together is not None:
        sets = operation.unique_together
        return _are_sets_applied(sets, actual.get(change.table), expected.get(change.table))
    if change.kind is SchemaChangeKind.RENAMED:
        return _is_rename_applied(change, actual)
    if change.kind is SchemaChangeKind.REMOVED:
        if _exists(change.table, change.column, actual):
            return False
        return True if _is_expected(change, expected) else None
    if change.is_about_table or operation.kind == "AddField":
        return _exists(change.table, change.column, actual)
    if change.column or not operation.name or change.table not in actual:
        return None
    exists = any(each.name == operation.name for each in actual[change.table].constraints)
    return {"Add": exists, "Rem": not exists}.get(operation.kind[:3])


def _are_sets_applied(
    sets: Sequence[Sequence[str]], table: ActualTable | None, model: ExpectedTable | None
) -> bool | None:
    """Return whether exactly these sets of fields are unique. None if they were so before."""
    if table is None or model is None:
        return None
    after = {frozenset(map(table.column_of, each)) for each in sets}
    before = {
        frozenset(each.columns)
        for each in model.constraints
        if each.kind == "unique" and GENERATED_UNIQUE_NAME.search(each.name)
    }
    found = {frozenset(each.columns) for each in table.constraints if each.kind == "unique"}
    changed = before ^ after
    done = {each for each in changed if (each in found) == (each in after)}
    return bool(done) if changed else None


def _is_rename_applied(change: SchemaChange, actual: ActualTables) -> bool | None:
    new_table, new_column = (
        (change.table, change.new_name) if change.column else (change.new_name, "")
    )
    old_exists = _exists(change.table, change.column, actual)
    if _exists(new_table, new_column, actual):
        return not old_exists
    return False if old_exists else None


def _is_expected(change: SchemaChange, expected: ExpectedTables) -> bool:
    if change.table not in expected:
        return False
    columns = {column.name for column in expected[change.table].columns}
    return not change.column or bool({change.column, f"{change.column}_id"} & columns)


def _exists(table: str, column: str, actual: ActualTables) -> bool:
    if table not in actual:
        return False
    return not column or bool({column, f"{column}_id"} & set(actual[table].columns))
