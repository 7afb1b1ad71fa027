"""What is lost on a way back, thing by thing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from ..facts import TableFingerprints, Tables, Unavailable
from ..facts.changes_since import ChangesSince, LoggedChanges
from ..facts.fingerprints import TableFingerprint
from ..facts.preconditions import PreconditionResult
from ..facts.reversal import Effect, Reversal

LOG = "/extras/object-changes/"
NOT_LOGGED = "by their own time stamps; the change log has none of them"
FILES = "files: new ones stay, without the rows that name them; others are the old ones again"

Kind = Literal[
    "goes",
    "goes along",
    "comes back empty",
    "is spoilt",
    "stays",
    "may be spoilt",
    "removed since",
    "written since",
]
"""``goes``: what the newer release keeps there, and the older one has no place for. ``goes along``:
it refers to the content type of a model that goes. ``comes back empty``: what the older release
kept there, and the upgrade has removed. ``is spoilt``: it will be otherwise than it was. ``stays``:
what code has written on the way there, and nothing takes back. ``may be spoilt``: code works on it,
and only its author knows how. ``removed since``: it is in the snapshot and not in the database,
whoever has removed it. ``written since``: it is younger than the backup."""
WORDS: dict[Kind, str] = {
    "goes": "gone with what the newer release brought",
    "goes along": "gone with the content types of it, which post_upgrade removes as stale",
    "comes back empty": "not coming back",
    "is spoilt": "not as before",
    "stays": "left as the newer release has made it",
    "may be spoilt": "worked on by code that only its author knows",
    "removed since": "removed since the snapshot, and staying away",
    "written since": "written since the backup",
}
"""What becomes of rows, values or changes."""
UNITS: dict[Kind, str] = {
    "goes along": "row",
    "written since": "change",
    "removed since": "row",
}
"""In what it is counted; otherwise in values."""


@dataclass(frozen=True)
class Loss:
    """Something that is not there afterwards, or not as it was."""

    kind: Kind
    subject: str
    """``table`` or ``table.column``; a model of the change log."""
    number: int | None
    """Rows, values or changes; None if nobody knows."""
    cause: str
    """The migration that is undone, or who has written it."""
    says: str = ""
    sample: tuple[str, ...] = ()
    """Some of it, by name or key."""
    link: str = ""
    """Page of Nautobot that shows it: path and query."""


def of_reversal(
    reversal: Reversal, then: TableFingerprints | Unavailable | None
) -> tuple[Loss, ...]:
    """Return what undoing migrations loses.

    Args:
        reversal: What each operation does to what is there.
        then: What was in the tables in the state to go back to; None if it is that of today, and
            the effects themselves tell.
    """
    gone = {one.table for one in reversal.effects if one.kind == "drops" and not one.column}
    known = {one.migration for one in reversal.known_data_changes}
    found = [
        *_that_go(reversal, gone),
        *_that_go_along(reversal, gone),
        *_that_return(reversal, gone, then),
        *(
            Loss(
                "is spoilt",
                one.migration,
                None if one.unknown_reason else one.affected_rows,
                one.migration,
                one.description,
            )
            for one in reversal.known_data_changes
        ),
        *_by_code(reversal, gone, known),
        *(
            Loss(
                "is spoilt",
                _place(one),
                answer.affected_rows,
                one.migration,
                "longer texts are cut",
            )
            for one in reversal.effects
            for answer in one.violated_preconditions
            if answer.precondition.kind == "cut"
        ),
    ]
    return tuple(one for one in found if one.number != 0)


def _that_go(reversal: Reversal, gone: set[str]) -> Iterator[Loss]:
    for one in reversal.effects:
        if one.kind == "drops" and not (one.column and one.table in gone):
            number = None if one.unknown_reason else one.non_default_rows
            yield Loss("goes", _place(one), number, one.migration, one.unknown_reason, one.sample)


def _that_go_along(reversal: Reversal, gone: set[str]) -> Iterator[Loss]:
    for one in reversal.cascades:
        if one.referencing_column.partition(".")[0] not in gone:
            yield Loss("goes along", one.referencing_column, one.rows, "", "", one.models)


def _that_return(
    reversal: Reversal, gone: set[str], then: TableFingerprints | Unavailable | None
) -> Iterator[Loss]:
    for one in reversal.effects:
        if one.kind == "returns empty" and one.table not in gone:
            number, why = _there_then(one, then)
            yield Loss("comes back empty", _place(one), number, one.migration, why)


def _there_then(
    one: Effect, then: TableFingerprints | Unavailable | None
) -> tuple[int | None, str]:
    if then is None:
        return None if one.unknown_reason else one.rows, one.unknown_reason
    if isinstance(then, Unavailable):
        return None, "no snapshot says what was in it"
    table = then.tables.get(one.table)
    if table is None:
        return None, "the snapshot has no such table"
    if isinstance(table, Unavailable):
        return None, table.reason
    if not one.column:
        return table.rows, ""
    for column in table.columns:
        if column.name == one.column:
            return column.non_null_count, ""
    return (0, "") if not table.rows else (None, "the snapshot has not looked at its columns")


def _by_code(reversal: Reversal, gone: set[str], known: set[str]) -> Iterator[Loss]:
    """Yield what code may spoil: not in tables that go, and not where it is known."""
    for one in reversal.effects:
        is_code = one.kind in ("runs code", "does nothing")
        if is_code and one.migration not in known and one.table not in gone:
            kind: Kind = "stays" if one.kind == "does nothing" else "may be spoilt"
            rows = one.rows if one.table else None
            yield Loss(kind, one.table or one.migration, rows, one.migration)


def of_restore(
    written: ChangesSince | Unavailable, volatile: Collection[str] = ()
) -> tuple[Loss, ...]:
    """Return what restoring a backup loses: everything that is younger than it.

    Args:
        written: Since then.
        volatile: Tables that are written to without anybody's doing.
    """
    if isinstance(written, Unavailable):
        return (Loss("written since", "everything since the backup", None, "", written.reason),)
    if isinstance(written.logged_changes, Unavailable):
        reason = written.logged_changes.reason
        return (Loss("written since", "everything since the backup", None, "", reason),)
    logged = {one.model.replace(".", "_") for one in written.logged_changes}
    found = [_of_the_log(one, written.since) for one in written.logged_changes]
    found += [
        Loss("written since", one.table, one.created + one.updated, "", NOT_LOGGED)
        for one in written.timestamp_changes
        if one.table not in {*logged, *volatile}
    ]
    found += [
        Loss("written since", table, None, "", why)
        for table, why in sorted(written.unreadable_tables.items())
        if table not in volatile
    ]
    if isinstance(written.new_media_files, Unavailable):
        found.append(Loss("written since", "MEDIA_ROOT", None, "", written.new_media_files.reason))
    elif written.new_media_files:
        found.append(Loss("written since", "MEDIA_ROOT", written.new_media_files, "", FILES))
    return tuple(found)


def _of_the_log(one: LoggedChanges, since: str) -> Loss:
    asked = {"changed_object_type": one.model, "action": one.action, "time__gte": since}
    link = f"{LOG}?{urlencode(asked)}"
    return Loss("written since", one.model, one.count, one.user, one.action, one.sample, link)


def of_removal(
    then: TableFingerprints | Unavailable | None,
    now: Tables | Unavailable,
    volatile: Collection[str],
) -> Iterator[Loss]:
    """Yield what a way keeps away that keeps the database: rows that have gone meanwhile.

    Args:
        then: The tables in the state to go back to; None if it is that of today.
        now: The tables as they are.
        volatile: Tables that lose rows without anybody's doing.
    """
    if then is None or isinstance(then, Unavailable) or isinstance(now, Unavailable):
        return
    for one in now.tables:
        known = then.tables.get(one.name)
        if not (one.exact and isinstance(known, TableFingerprint)) or one.name in volatile:
            continue
        if (gone := known.rows - one.rows) > 0:
            yield Loss("removed since", one.name, gone, "", "by a user, or by the upgrade")


@dataclass(frozen=True)
class Stop:
    """Where undoing will stop, with everything before it already undone."""

    migration: str
    operation: str
    undone: int
    """Migrations that are undone by then."""
    answer: PreconditionResult | None = None
    """What the rows do not comply with; None if nobody has written a way back."""


def stop_of(reversal: Reversal) -> Stop | None:
    """Return the first place at which undoing will stop; None if none is known to."""
    for one in reversal.effects:
        undone = reversal.migrations.index(one.migration)
        if one.kind == "irreversible":
            return Stop(one.migration, one.operation, undone)
        for answer in one.violated_preconditions:
            if (
                answer.affected_rows
                and not answer.precondition.possibly_fixed_by
                and answer.precondition.kind != "cut"
            ):
                return Stop(one.migration, one.operation, undone, answer)
    return None


def _place(one: Effect) -> str:
    return f"{one.table}.{one.column}" if one.column else one.table
