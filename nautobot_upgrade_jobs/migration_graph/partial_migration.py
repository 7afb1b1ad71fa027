"""Detect migrations that are not recorded, but have changed a part of the schema.

MySQL commits every operation immediately. A migration that fails is therefore partially applied and
not recorded. An interrupted restore leaves the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..facts.expected_schema import ExpectedTable
from ..facts.migrations import Migration, Operation, SchemaChange, SchemaChangeKind
from .history import MigrationHistory
from .schema_diff import ActualTable, SchemaDrift

ActualTables = Mapping[str, ActualTable]
ExpectedTables = Mapping[str, ExpectedTable]


@dataclass(frozen=True)
class PartialMigration:
    """A migration that is not recorded although the schema contains some of its changes."""

    migration: Migration
    applied: tuple[int, ...]
    """Indexes of the operations whose changes the schema contains."""
    pending: tuple[int, ...]
    """Indexes of the operations whose changes it does not contain; empty if only the record is
    missing."""

    @property
    def unobservable(self) -> int:
        """Return the number of operations without a trace in the schema, such as RunPython."""
        return len(self.migration.operations) - len(self.applied) - len(self.pending)

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
        applied = tuple(index for index, state in enumerate(states) if state is True)
        pending = tuple(index for index, state in enumerate(states) if state is False)
        if applied and (not pending or applied[0] < pending[0]):
            found.append(PartialMigration(migration, applied, pending))
    return tuple(found)


def is_applied(operation: Operation, actual: ActualTables, expected: ExpectedTables) -> bool | None:
    """Return whether the schema contains an operation's changes; None if they leave no trace."""
    states = [
        _is_change_applied(operation, change, actual, expected) for change in operation.changes
    ]
    if not states or None in states:
        return None
    return all(states)


def _is_change_applied(
    operation: Operation, change: SchemaChange, actual: ActualTables, expected: ExpectedTables
) -> bool | None:
    if operation.kind == "AlterField":
        return None
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
