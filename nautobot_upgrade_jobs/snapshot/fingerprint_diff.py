"""Rows and values of two states: what the fingerprints tell, and what they cannot."""

from __future__ import annotations

from collections.abc import Iterator

from ..checks.text import MAX_LISTED, plural
from ..facts import TableFingerprints, Unavailable
from ..facts.fingerprints import (
    FINGERPRINT_DIGITS,
    NUMBER_OF_BUCKETS,
    ColumnFingerprint,
    TableFingerprint,
)
from .difference import Difference, NotComparable

SECTION = "fingerprints"
VALUES = " values"
"""After a table's name: its values, where they could not be compared."""
SAME_HASH = (
    frozenset({"int2", "int4", "int8"}),
    frozenset({"text", "varchar"}),
    frozenset({"smallint", "int", "bigint"}),
    frozenset({"varchar", "char", "text", "mediumtext", "longtext"}),
)
"""Types whose equal values have equal fingerprints; a type of the server is in one family only."""


def differences_of_contents(
    before: TableFingerprints | Unavailable, after: TableFingerprints | Unavailable
) -> Iterator[Difference | NotComparable]:
    """Yield the tables and columns whose rows or values differ.

    Where the fingerprints were made in different ways, counts are compared, and that is said once.
    """
    if isinstance(before, Unavailable):
        yield NotComparable(SECTION, SECTION, f"not in the older snapshot: {before.reason}")
        return
    if isinstance(after, Unavailable):
        yield NotComparable(SECTION, SECTION, f"not in the newer snapshot: {after.reason}")
        return
    reason = _why_not(before, after)
    if reason:
        yield NotComparable(SECTION, "fingerprints", reason)
    elif shallow := [side.depth for side in (before, after) if side.depth in ("counts", "keys")]:
        yield NotComparable(SECTION, "values", f"a snapshot has depth '{shallow[0]}', no values")
    for name in sorted(before.tables.keys() | after.tables.keys()):
        was, now = before.tables.get(name), after.tables.get(name)
        if isinstance(was, Unavailable):
            yield NotComparable(SECTION, name, was.reason)
        elif isinstance(now, Unavailable):
            yield NotComparable(SECTION, name, now.reason)
        else:
            yield from _table(name, was, now, fingerprints=not reason)


def _why_not(before: TableFingerprints, after: TableFingerprints) -> str:
    """Return why the fingerprints of two states cannot be compared; empty if they can."""
    for word, was, now in (
        ("algorithm", before.algorithm, after.algorithm),
        ("database server", before.server, after.server),
        ("collation", before.collation, after.collation),
    ):
        if was != now:
            return f"the {word} was {was}, now it is {now}; only counts are compared"
    return ""


def _table(
    name: str, was: TableFingerprint | None, now: TableFingerprint | None, *, fingerprints: bool
) -> Iterator[Difference | NotComparable]:
    if was is None or now is None:
        yield from _one_sided(name, was, now)
        return
    same_key = _same_key(was, now)
    comparable = fingerprints and same_key
    if not same_key:
        yield NotComparable(SECTION, name, "its primary key has another type or other columns")
    elif not was.primary_key and was.rows:
        yield NotComparable(SECTION, name, "without a primary key its rows are only counted")
    yield from _rows(name, was, now, comparable=comparable)
    moved = _moved(was, now) if comparable else None
    yield from _columns(name, was, now, moved)
    unseen = moved is None or len(moved) == NUMBER_OF_BUCKETS
    if comparable and was.columns and now.columns and unseen:
        # Whoever reads that rows changed knows as much; it is for those that were to be expected.
        reason = "rows came or went; of the values that stayed, only the number is compared"
        yield NotComparable(SECTION, f"{name}{VALUES}", reason)


def _same_key(was: TableFingerprint, now: TableFingerprint) -> bool:
    kinds = [{one.name: one.type for one in side.columns} for side in (was, now)]
    return was.primary_key == now.primary_key and all(
        _same_hash(kinds[0].get(key, ""), kinds[1].get(key, "")) or not (kinds[0] and kinds[1])
        for key in was.primary_key
    )


def _rows(
    name: str, was: TableFingerprint, now: TableFingerprint, *, comparable: bool
) -> Iterator[Difference]:
    """Yield that there are more rows, fewer, or others."""
    if was.rows != now.rows:
        word = "fewer" if now.rows < was.rows else "more"
        number = abs(now.rows - was.rows)
        story = f"{name}: {plural(now.rows, 'row')}, {number} {word} than before"
        counts = plural(was.rows, "row"), plural(now.rows, "row")
        yield Difference(SECTION, name, *counts, story, loses=now.rows < was.rows)
    elif (
        comparable
        and None not in (was.key_fingerprint, now.key_fingerprint)
        and was.key_fingerprint != now.key_fingerprint
    ):
        story = f"{name}: {plural(now.rows, 'row')} as before, but not the same: rows were replaced"
        yield Difference(SECTION, name, "the same keys", "other keys", story, loses=True)


def _moved(was: TableFingerprint, now: TableFingerprint) -> frozenset[int] | None:
    """Return the buckets whose rows are not the same ones; None if nobody can tell."""
    if was.key_fingerprint is None or now.key_fingerprint is None:
        return None
    if was.key_fingerprint == now.key_fingerprint:
        return frozenset()
    if was.key_buckets and now.key_buckets:
        return _differing(was.key_buckets, now.key_buckets)
    return None


def _differing(was: str, now: str) -> frozenset[int]:
    """Return the numbers of the buckets whose fingerprints differ; of no values they are empty."""
    empty = "0" * FINGERPRINT_DIGITS * NUMBER_OF_BUCKETS
    was, now = was or empty, now or empty
    return frozenset(
        number
        for number in range(NUMBER_OF_BUCKETS)
        if was[number * FINGERPRINT_DIGITS : (number + 1) * FINGERPRINT_DIGITS]
        != now[number * FINGERPRINT_DIGITS : (number + 1) * FINGERPRINT_DIGITS]
    )


def _one_sided(
    name: str, was: TableFingerprint | None, now: TableFingerprint | None
) -> Iterator[Difference]:
    """Yield a table that came or went, if it holds anything; an empty one is the schema's."""
    if was is not None and was.rows:
        rows = plural(was.rows, "row")
        yield Difference(SECTION, name, rows, None, f"{name}: gone, with {rows}", loses=True)
    if now is not None and now.rows:
        rows = plural(now.rows, "row")
        yield Difference(SECTION, name, None, rows, f"{name}: new, with {rows}")


def _columns(
    name: str, was: TableFingerprint, now: TableFingerprint, moved: frozenset[int] | None
) -> Iterator[Difference | NotComparable]:
    """Yield columns that came, went, were emptied or hold other values."""
    old = {one.name: one for one in was.columns}
    new = {one.name: one for one in now.columns}
    looked_at = bool(old) and bool(new)
    for column in sorted(old.keys() | new.keys()) if looked_at else ():
        subject = f"{name}.{column}"
        before, after = old.get(column), new.get(column)
        if after is None and before is not None and before.non_null_count:
            values = plural(before.non_null_count, "value")
            yield Difference(
                SECTION, subject, values, None, f"{subject}: gone, with {values}", loses=True
            )
        elif before is None and after is not None and after.non_null_count:
            values = plural(after.non_null_count, "value")
            yield Difference(SECTION, subject, None, values, f"{subject}: new, with {values}")
        elif before is not None and after is not None:
            rows_gone = max(0, was.rows - now.rows)
            yield from _values(subject, before, after, moved, rows_gone)


def _values(
    subject: str,
    was: ColumnFingerprint,
    now: ColumnFingerprint,
    moved: frozenset[int] | None,
    rows_gone: int,
) -> Iterator[Difference | NotComparable]:
    """Yield a column whose values differ, as far as its rows are the same ones.

    More values missing than rows are gone are lost from rows that stayed.
    """
    if was.non_null_count - now.non_null_count > rows_gone:
        number = plural(was.non_null_count - now.non_null_count, "value")
        story = f"{subject}: {number} fewer than the {was.non_null_count} before"
        yield Difference(SECTION, subject, _shown(was), _shown(now), story, loses=True)
    elif moved is None or was.fingerprint == now.fingerprint:
        return
    elif not _same_hash(was.type, now.type):
        if was.non_null_count or now.non_null_count:
            yield NotComparable(SECTION, subject, f"its type was {was.type}, now it is {now.type}")
    elif story := _other_values(subject, was, now, moved):
        yield Difference(SECTION, subject, _shown(was), _shown(now), story)


def _other_values(
    subject: str, was: ColumnFingerprint, now: ColumnFingerprint, moved: frozenset[int]
) -> str:
    """Return how the values differ; empty if they do only where the rows do, too."""
    if all(one.buckets or not one.non_null_count for one in (was, now)):
        differing = sorted(_differing(was.buckets, now.buckets) - moved)
        if not differing:
            return ""
        shown = ", ".join(map(str, differing[:MAX_LISTED])) + (
            " …" if len(differing) > MAX_LISTED else ""
        )
        same = NUMBER_OF_BUCKETS - len(moved)
        return f"{subject}: other values in {len(differing)} of {same} buckets ({shown})"
    if moved:
        return ""
    if was.non_null_count != now.non_null_count:
        return f"{subject}: {now.non_null_count - was.non_null_count} more values than before"
    return f"{subject}: the same rows, other values"


def _shown(column: ColumnFingerprint) -> str:
    return f"{plural(column.non_null_count, 'value')}, {column.fingerprint}"


def _same_hash(was: str, now: str) -> bool:
    return was == now or any({was, now} <= family for family in SAME_HASH)
