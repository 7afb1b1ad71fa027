"""The data that each rollback option loses, item by item."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from ..facts import TableFingerprints, Tables, Unavailable
from ..facts.changes_since import ChangesSince, LoggedChanges
from ..facts.fingerprints import TableFingerprint
from ..facts.preconditions import PreconditionKind, PreconditionResult
from ..facts.reversal import Effect, Reversal, ReverseEffect

CHANGELOG_PATH = "/extras/object-changes/"
UNLOGGED_NOTE = "found by the rows' own time stamps; the change log has no entry"
MEDIA_NOTE = "files: new files are kept without the rows that name them; others are restored"

LossKind = Literal[
    "dropped",
    "cascaded",
    "restored empty",
    "altered",
    "left behind",
    "possibly altered",
    "deleted since",
    "written since",
]
"""
- dropped: data in tables and columns that only the newer release has
- cascaded: rows that refer to the content type of a removed model
- restored empty: data in tables and columns that the upgrade removed. They are restored empty
- altered: values that differ from the values before the upgrade
- left behind: data that code wrote during the upgrade and that nothing removes
- possibly altered: data that code may change in a way that is unknown
- deleted since: rows that are in the snapshot but no longer in the database
- written since: data that is newer than the backup
"""


@dataclass(frozen=True)
class DataLoss:
    """Data that a rollback removes, or does not restore to its previous values."""

    kind: LossKind
    subject: str
    """``table`` or ``table.column``. For a logged change, the model."""
    count: int | None
    """Rows, values or changes. None if unknown."""
    cause: str
    """The migration that is reversed, or the user who made the change."""
    description: str = ""
    sample: tuple[str, ...] = ()
    """Some of the objects, by name or key."""
    link: str = ""
    """Page of Nautobot that shows the changes: path and query."""


def losses_of_reversal(
    reversal: Reversal, baseline: TableFingerprints | Unavailable | None
) -> tuple[DataLoss, ...]:
    """Return what reversing migrations loses.

    Args:
        reversal: The effects of each operation on existing data.
        baseline: The tables in the previous state. None before an upgrade. The current state is
            then the previous state, and the effects have the counts.
    """
    dropped_tables = {
        one.table for one in reversal.effects if one.kind == ReverseEffect.DROPS and not one.column
    }
    explained = {one.migration for one in reversal.known_data_changes}
    losses = [
        *_dropped(reversal, dropped_tables),
        *_cascaded(reversal, dropped_tables),
        *_restored_empty(reversal, dropped_tables, baseline),
        *(
            DataLoss(
                "altered",
                one.migration,
                None if one.unknown_reason else one.affected_rows,
                one.migration,
                one.description,
            )
            for one in reversal.known_data_changes
        ),
        *_altered_by_code(reversal, dropped_tables, explained),
        *(
            DataLoss(
                "altered",
                _qualified_name(one),
                answer.affected_rows,
                one.migration,
                "longer texts are truncated",
            )
            for one in reversal.effects
            for answer in one.violated_preconditions
            if answer.precondition.kind == PreconditionKind.TRUNCATES
        ),
    ]
    return tuple(one for one in losses if one.count != 0)


def _dropped(reversal: Reversal, dropped_tables: set[str]) -> Iterator[DataLoss]:
    for effect in reversal.effects:
        if effect.kind == ReverseEffect.DROPS and not (
            effect.column and effect.table in dropped_tables
        ):
            count = None if effect.unknown_reason else effect.non_default_rows
            yield DataLoss(
                "dropped",
                _qualified_name(effect),
                count,
                effect.migration,
                effect.unknown_reason,
                effect.sample,
            )


def _cascaded(reversal: Reversal, dropped_tables: set[str]) -> Iterator[DataLoss]:
    for cascade in reversal.cascades:
        if cascade.referencing_column.partition(".")[0] not in dropped_tables:
            yield DataLoss(
                "cascaded", cascade.referencing_column, cascade.rows, "", "", cascade.models
            )


def _restored_empty(
    reversal: Reversal, dropped_tables: set[str], baseline: TableFingerprints | Unavailable | None
) -> Iterator[DataLoss]:
    for effect in reversal.effects:
        if effect.kind == ReverseEffect.RESTORES_EMPTY and effect.table not in dropped_tables:
            count, reason = _previous_count(effect, baseline)
            yield DataLoss(
                "restored empty", _qualified_name(effect), count, effect.migration, reason
            )


def _previous_count(
    effect: Effect, baseline: TableFingerprints | Unavailable | None
) -> tuple[int | None, str]:
    if baseline is None:
        return None if effect.unknown_reason else effect.rows, effect.unknown_reason
    if isinstance(baseline, Unavailable):
        return None, "there is no snapshot with these rows"
    table = baseline.tables.get(effect.table)
    if table is None:
        return None, "the snapshot has no such table"
    if isinstance(table, Unavailable):
        return None, table.reason
    if not effect.column:
        return table.rows, ""
    for column in table.columns:
        if column.name == effect.column:
            return column.non_null_count, ""
    return (0, "") if not table.rows else (None, "the snapshot has no fingerprints of the columns")


def _altered_by_code(
    reversal: Reversal, dropped_tables: set[str], explained: set[str]
) -> Iterator[DataLoss]:
    """Yield the data that code may alter, except in removed tables and for known reverse code."""
    for effect in reversal.effects:
        is_code = effect.kind in (ReverseEffect.RUNS_CODE, ReverseEffect.NOOP)
        if is_code and effect.migration not in explained and effect.table not in dropped_tables:
            kind: LossKind = (
                "left behind" if effect.kind == ReverseEffect.NOOP else "possibly altered"
            )
            rows = effect.rows if effect.table else None
            yield DataLoss(kind, effect.table or effect.migration, rows, effect.migration)


def losses_of_restore(
    changes: ChangesSince | Unavailable, volatile: Collection[str] = ()
) -> tuple[DataLoss, ...]:
    """Return what restoring a backup loses: everything that is newer than the backup.

    Args:
        changes: The changes after the backup.
        volatile: Tables that change without a user's action.
    """
    if isinstance(changes, Unavailable):
        return (DataLoss("written since", "everything since the backup", None, "", changes.reason),)
    if isinstance(changes.logged_changes, Unavailable):
        reason = changes.logged_changes.reason
        return (DataLoss("written since", "everything since the backup", None, "", reason),)
    logged = {one.model.replace(".", "_") for one in changes.logged_changes}
    losses = [_logged_loss(one, changes.since) for one in changes.logged_changes]
    losses += [
        DataLoss("written since", one.table, one.created + one.updated, "", UNLOGGED_NOTE)
        for one in changes.timestamp_changes
        if one.table not in {*logged, *volatile}
    ]
    losses += [
        DataLoss("written since", table, None, "", why)
        for table, why in sorted(changes.unreadable_tables.items())
        if table not in volatile
    ]
    if isinstance(changes.new_media_files, Unavailable):
        losses.append(
            DataLoss("written since", "MEDIA_ROOT", None, "", changes.new_media_files.reason)
        )
    elif changes.new_media_files:
        losses.append(
            DataLoss("written since", "MEDIA_ROOT", changes.new_media_files, "", MEDIA_NOTE)
        )
    return tuple(losses)


def _logged_loss(change: LoggedChanges, since: str) -> DataLoss:
    query = {"changed_object_type": change.model, "action": change.action, "time__gte": since}
    link = f"{CHANGELOG_PATH}?{urlencode(query)}"
    return DataLoss(
        "written since", change.model, change.count, change.user, change.action, change.sample, link
    )


def rows_deleted_since(
    baseline: TableFingerprints | Unavailable | None,
    current: Tables | Unavailable,
    volatile: Collection[str],
) -> Iterator[DataLoss]:
    """Yield the rows that were deleted since the baseline. Only a restore brings them back.

    Args:
        baseline: The tables in the previous state. None if the current state is the previous state.
        current: The current tables.
        volatile: Tables that lose rows without a user's action.
    """
    if baseline is None or isinstance(baseline, Unavailable) or isinstance(current, Unavailable):
        return
    for table in current.tables:
        before = baseline.tables.get(table.name)
        if not (table.exact and isinstance(before, TableFingerprint)) or table.name in volatile:
            continue
        if (deleted := before.rows - table.rows) > 0:
            yield DataLoss("deleted since", table.name, deleted, "", "by a user, or by the upgrade")


@dataclass(frozen=True)
class ReverseFailure:
    """The operation at which reversing will fail, after all later migrations were reversed."""

    migration: str
    operation: str
    migrations_reversed: int
    """Number of migrations that are reversed before the failure."""
    violation: PreconditionResult | None = None
    """The violated precondition. None if the operation cannot be reversed."""
    error: str = ""
    """The error that a rehearsal ended with. Empty if the failure is only predicted."""


def first_failure(reversal: Reversal) -> ReverseFailure | None:
    """Return the first operation at which reversing will fail. None if none is known."""
    for effect in reversal.effects:
        reversed_count = reversal.migrations.index(effect.migration)
        if effect.kind == ReverseEffect.IRREVERSIBLE:
            return ReverseFailure(effect.migration, effect.operation, reversed_count)
        for result in effect.violated_preconditions:
            if (
                result.affected_rows
                and not result.precondition.possibly_fixed_by
                and result.precondition.kind != PreconditionKind.TRUNCATES
            ):
                return ReverseFailure(effect.migration, effect.operation, reversed_count, result)
    return None


def _qualified_name(effect: Effect) -> str:
    return f"{effect.table}.{effect.column}" if effect.column else effect.table
