"""What each rollback option loses, item by item."""

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
- dropped: the newer release added it, and the older one has no place for it
- cascaded: it refers to the content type of a model that is removed
- restored empty: the upgrade removed it, and it is restored without values
- altered: its value differs from the one before the upgrade
- left behind: code wrote it during the upgrade, and nothing removes it
- possibly altered: code works on it, and only its author knows how
- deleted since: it is in the snapshot and not in the database
- written since: it is newer than the backup
"""
LOSS_TEXT: dict[LossKind, str] = {
    "dropped": "removed with what the newer release added",
    "cascaded": "removed with the stale content types that post_upgrade deletes",
    "restored empty": "not restored",
    "altered": "different from before the upgrade",
    "left behind": "left as the newer release made it",
    "possibly altered": "changed by code, in a way that only its author knows",
    "deleted since": "deleted since the snapshot, and not restored",
    "written since": "written since the backup",
}
"""What happens to rows, values or changes."""
LOSS_UNIT: dict[LossKind, str] = {
    "cascaded": "row",
    "written since": "change",
    "deleted since": "row",
}
"""The unit of the count, where it is not values."""


@dataclass(frozen=True)
class DataLoss:
    """Data that a rollback removes, or does not restore as it was."""

    kind: LossKind
    subject: str
    """``table`` or ``table.column``; a model of the change log."""
    count: int | None
    """Rows, values or changes; None if unknown."""
    cause: str
    """The migration that is reversed, or the user who wrote it."""
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
        reversal: What each operation does to existing data.
        baseline: The tables in the previous state; None if the current state is the previous one,
            and the effects themselves hold the counts.
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
        return None, "there is no snapshot with its rows"
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
    return (0, "") if not table.rows else (None, "the snapshot has no fingerprints of its columns")


def _altered_by_code(
    reversal: Reversal, dropped_tables: set[str], explained: set[str]
) -> Iterator[DataLoss]:
    """Yield what code may alter, except in removed tables and where the effect is known."""
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
    """Return what restoring a backup loses: everything newer than the backup.

    Args:
        changes: What was written since the backup.
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
    """Yield rows deleted since the baseline, which only a restore of the backup brings back.

    Args:
        baseline: The tables in the previous state; None if it is the current one.
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
    """Where reversing will fail, with all later migrations already reversed."""

    migration: str
    operation: str
    migrations_reversed: int
    """Migrations that are reversed by that point."""
    violation: PreconditionResult | None = None
    """The violated precondition; None if the operation cannot be reversed."""


def first_failure(reversal: Reversal) -> ReverseFailure | None:
    """Return the first operation at which reversing will fail; None if none is known."""
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
