"""What undoing migrations would do, as far as facts alone tell: without their code and the rows.

A snapshot knows what each operation alters, and how many rows and values there were. Whether rows
comply with what comes back, and what code does, only a running Nautobot can find out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..facts import Migrations, TableFingerprints, Unavailable
from ..facts.fingerprints import ColumnFingerprint, TableFingerprint
from ..facts.migrations import Operation
from ..facts.preconditions import Precondition, PreconditionResult
from ..facts.reversal import Effect, Reversal

KEEPS = frozenset(
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
"""Kinds of operations whose undoing takes nothing and demands nothing."""
CODE = ("RunPython", "RunSQL")
NOT_HERE = "only a running Nautobot can try it"
Tables = Mapping[str, TableFingerprint | Unavailable]


def undoing(
    migrations: Migrations,
    undoes: Sequence[str],
    now: TableFingerprints | Unavailable,
    then: TableFingerprints | Unavailable,
) -> Reversal:
    """Return the effects of undoing migrations.

    Args:
        migrations: Those on disk, with what they alter.
        undoes: Keys of those to undo, in order.
        now: The tables as they are.
        then: The tables in the state to go back to.
    """
    files = {one.key: one for one in migrations.on_disk}
    tables = {} if isinstance(now, Unavailable) else now.tables
    earlier = {} if isinstance(then, Unavailable) else then.tables
    found = [
        effect
        for key in undoes
        for one in reversed(files[key].operations)
        for effect in _effects(key, one, tables, earlier)
    ]
    return Reversal(tuple(undoes), tuple(found))


def _effects(key: str, one: Operation, now: Tables, then: Tables) -> Iterator[Effect]:
    plain = Effect("keeps", key, one.kind)
    if one.kind in CODE:
        yield Effect("runs code", key, one.kind)
    elif one.kind in KEEPS:
        yield plain
    elif one.kind in ("CreateModel", "AddField"):
        yield from (_that_goes(key, one, change, now) for change in one.changes)
    elif one.kind in ("DeleteModel", "RemoveField"):
        yield from (_that_returns(key, one, change.lstrip("-"), then) for change in one.changes)
    else:
        demand = Precondition("untried", key, one.kind, one.changes[0] if one.changes else "")
        yield Effect(
            "may fail",
            key,
            one.kind,
            violated_preconditions=(PreconditionResult(demand, 0, unknown_reason=NOT_HERE),),
        )


def _that_goes(key: str, one: Operation, change: str, now: Tables) -> Effect:
    table, _, field = change.partition(".")
    contents = now.get(table)
    if not isinstance(contents, TableFingerprint):
        return Effect("drops", key, one.kind, table, field, unknown_reason=_why(contents))
    if not field:
        return Effect("drops", key, one.kind, table, "", contents.rows, contents.rows)
    column = _column(contents, field)
    if column is None:
        why = "" if not contents.rows else "the snapshot has not looked at its columns"
        return Effect("drops", key, one.kind, table, field, unknown_reason=why)
    return Effect(
        "drops", key, one.kind, table, column.name, column.non_null_count, column.non_null_count
    )


def _that_returns(key: str, one: Operation, change: str, then: Tables) -> Effect:
    table, _, field = change.partition(".")
    contents = then.get(table)
    column = _column(contents, field) if isinstance(contents, TableFingerprint) else None
    return Effect("returns empty", key, one.kind, table, column.name if column else field)


def _column(contents: TableFingerprint, field: str) -> ColumnFingerprint | None:
    named = {one.name: one for one in contents.columns}
    return named.get(field) or named.get(f"{field}_id")


def _why(contents: Unavailable | None) -> str:
    return contents.reason if contents else "the snapshot has no such table"
