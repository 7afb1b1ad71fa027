"""Predict the effects of reversing migrations from facts, without running Nautobot.

A snapshot contains the schema changes of each operation and the number of rows and values. It
does not contain the rows and the code of the migrations. Whether rows satisfy restored constraints,
and what code does, is therefore unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..facts import Migrations, TableFingerprints, Unavailable
from ..facts.fingerprints import ColumnFingerprint, TableFingerprint
from ..facts.migrations import Operation, SchemaChange
from ..facts.preconditions import Precondition, PreconditionKind, PreconditionResult
from ..facts.reversal import Effect, Reversal, ReverseEffect

LOSSLESS_OPERATIONS = frozenset(
    {
        "AddConstraint",
        "AddIndex",
        "AlterModelManagers",
        "AlterModelOptions",
        "AlterModelTable",
        "RemoveIndex",
        "RenameField",
        "RenameIndex",
        "RenameModel",
    }
)
"""Kinds of operations that can be reversed without a loss of data and without preconditions."""
CODE_OPERATIONS = ("RunPython", "RunSQL")
UNTESTED_REASON = "only a running Nautobot can test this operation"
Tables = Mapping[str, TableFingerprint | Unavailable]


def reversal_from_snapshot(
    migrations: Migrations,
    reversed_keys: Sequence[str],
    current: TableFingerprints | Unavailable,
    previous: TableFingerprints | Unavailable,
) -> Reversal:
    """Return the effects of reversing migrations.

    Args:
        migrations: The migrations on disk, with their schema changes.
        reversed_keys: Keys of the migrations to reverse, in order.
        current: The tables of the current state.
        previous: The tables of the state to roll back to.
    """
    files = {migration.key: migration for migration in migrations.on_disk}
    current_tables = {} if isinstance(current, Unavailable) else current.tables
    previous_tables = {} if isinstance(previous, Unavailable) else previous.tables
    effects = [
        effect
        for key in reversed_keys
        for operation in reversed(files[key].operations)
        for effect in _effects(key, operation, current_tables, previous_tables)
    ]
    return Reversal(tuple(reversed_keys), tuple(effects))


def _effects(key: str, operation: Operation, current: Tables, previous: Tables) -> Iterator[Effect]:
    if operation.kind in CODE_OPERATIONS:
        yield Effect(ReverseEffect.RUNS_CODE, key, operation.kind)
    elif operation.kind in LOSSLESS_OPERATIONS:
        yield Effect(ReverseEffect.LOSSLESS, key, operation.kind)
    elif operation.kind in ("CreateModel", "AddField"):
        for change in operation.changes:
            yield _dropped_by(key, operation, change, current)
    elif operation.kind in ("DeleteModel", "RemoveField"):
        for change in operation.changes:
            yield _restored_by(key, operation, change, previous)
    else:
        table = operation.changes[0].name if operation.changes else ""
        untested = Precondition(PreconditionKind.UNTESTED, key, operation.kind, table)
        yield Effect(
            ReverseEffect.MAY_FAIL,
            key,
            operation.kind,
            violated_preconditions=(
                PreconditionResult(untested, 0, unknown_reason=UNTESTED_REASON),
            ),
        )


def _dropped_by(key: str, operation: Operation, change: SchemaChange, current: Tables) -> Effect:
    table, field = change.table, change.column
    fingerprint = current.get(table)
    if not isinstance(fingerprint, TableFingerprint):
        reason = _unknown_reason(fingerprint)
        return Effect(ReverseEffect.DROPS, key, operation.kind, table, field, unknown_reason=reason)
    if not field:
        rows = fingerprint.rows
        return Effect(ReverseEffect.DROPS, key, operation.kind, table, "", rows, rows)
    column = _column(fingerprint, field)
    if column is None:
        reason = "the snapshot does not contain the columns" if fingerprint.rows else ""
        return Effect(ReverseEffect.DROPS, key, operation.kind, table, field, unknown_reason=reason)
    values = column.non_null_count
    return Effect(ReverseEffect.DROPS, key, operation.kind, table, column.name, values, values)


def _restored_by(key: str, operation: Operation, change: SchemaChange, previous: Tables) -> Effect:
    fingerprint = previous.get(change.table)
    name = change.column
    if isinstance(fingerprint, TableFingerprint) and (column := _column(fingerprint, name)):
        name = column.name
    return Effect(ReverseEffect.RESTORES_EMPTY, key, operation.kind, change.table, name)


def _column(table: TableFingerprint, field: str) -> ColumnFingerprint | None:
    columns = {column.name: column for column in table.columns}
    return columns.get(field) or columns.get(f"{field}_id")


def _unknown_reason(fingerprint: Unavailable | None) -> str:
    return fingerprint.reason if fingerprint else "the snapshot does not contain this table"
