"""Compare rows and values of two states by their fingerprints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..facts import TableFingerprints, Unavailable
from ..facts.fingerprints import (
    FINGERPRINT_DIGITS,
    NUMBER_OF_BUCKETS,
    ColumnFingerprint,
    TableFingerprint,
)
from .difference import Buckets, Difference, NotComparable, Quantity, Unit

SECTION = "fingerprints"
SAME_HASH_TYPES = (
    frozenset({"int2", "int4", "int8"}),
    frozenset({"text", "varchar"}),
    frozenset({"smallint", "int", "bigint"}),
    frozenset({"varchar", "char", "text", "mediumtext", "longtext"}),
)
"""Groups of types. Equal values have equal fingerprints in all types of a group."""
SHALLOW_DEPTHS = ("counts", "keys")


def fingerprint_differences(
    before: TableFingerprints | Unavailable, after: TableFingerprints | Unavailable
) -> Iterator[Difference | NotComparable]:
    """Yield the tables and columns whose rows or values differ.

    If the fingerprints cannot be compared, only counts are compared.
    """
    if isinstance(before, Unavailable):
        yield NotComparable(SECTION, SECTION, f"not in the older snapshot: {before.reason}")
        return
    if isinstance(after, Unavailable):
        yield NotComparable(SECTION, SECTION, f"not in the newer snapshot: {after.reason}")
        return
    reason = _incomparable_reason(before, after)
    if reason:
        yield NotComparable(SECTION, "fingerprints", reason)
    elif shallow := [side.depth for side in (before, after) if side.depth in SHALLOW_DEPTHS]:
        reason_for_values = f"a snapshot has depth '{shallow[0]}', without values"
        yield NotComparable(SECTION, "values", reason_for_values)
    for name in sorted(before.tables.keys() | after.tables.keys()):
        old, new = before.tables.get(name), after.tables.get(name)
        if isinstance(old, Unavailable):
            yield NotComparable(SECTION, name, old.reason)
        elif isinstance(new, Unavailable):
            yield NotComparable(SECTION, name, new.reason)
        elif old is None or new is None:
            yield from _added_or_removed_table(name, old, new)
        else:
            yield from _TableComparison(name, old, new).differences(use_fingerprints=not reason)


def _incomparable_reason(before: TableFingerprints, after: TableFingerprints) -> str:
    """Return why the fingerprints of two states cannot be compared. Empty if they can."""
    if before.key_id != after.key_id:
        return (
            "the SECRET_KEY has changed between the snapshots, and it is the key of the "
            "fingerprints, so only counts are compared"
        )
    for property_name, old, new in (
        ("algorithm", before.algorithm, after.algorithm),
        ("database server", before.server, after.server),
        ("collation", before.collation, after.collation),
    ):
        if old != new:
            return (
                f"the {property_name} has changed from {old} to {new}, so only counts are compared"
            )
    return ""


def _added_or_removed_table(
    name: str, before: TableFingerprint | None, after: TableFingerprint | None
) -> Iterator[Difference]:
    """Yield an added or removed table, if it has rows. The schema section lists empty tables."""
    if before is not None and before.rows:
        rows = Quantity(before.rows, Unit.ROWS)
        yield Difference(SECTION, name, rows, None, loses_data=True)
    if after is not None and after.rows:
        yield Difference(SECTION, name, None, Quantity(after.rows, Unit.ROWS))


@dataclass(frozen=True)
class _TableComparison:
    """A table that exists in both states."""

    name: str
    before: TableFingerprint
    after: TableFingerprint

    def differences(self, *, use_fingerprints: bool) -> Iterator[Difference | NotComparable]:
        if not (self.before.rows and self.after.rows):
            # No row exists in both states, so the counts show everything.
            yield from self._row_differences(comparable=False)
            if self.before.columns and self.after.columns:
                yield from self._column_differences(None)
            return
        same_key = _same_key(self.before, self.after)
        comparable = use_fingerprints and same_key
        if not same_key:
            reason = "the primary key has another type or other columns"
            yield NotComparable(SECTION, self.name, reason)
        elif not self.before.primary_key and self.before.rows:
            reason = "the table has no primary key, so the rows are only counted"
            yield NotComparable(SECTION, self.name, reason)
        yield from self._row_differences(comparable=comparable)
        changed = _changed_buckets(self.before, self.after) if comparable else None
        has_columns = bool(self.before.columns) and bool(self.after.columns)
        if not has_columns:
            return
        yield from self._column_differences(changed)
        if comparable and (changed is None or len(changed) == NUMBER_OF_BUCKETS):
            reason = "rows were added or removed, so the remaining values are only counted"
            yield NotComparable(SECTION, self.name, reason, only_values=True)

    def _row_differences(self, *, comparable: bool) -> Iterator[Difference]:
        """Yield added, removed or replaced rows."""
        before, after = self.before, self.after
        if before.rows != after.rows:
            yield Difference(
                SECTION,
                self.name,
                Quantity(before.rows, Unit.ROWS),
                Quantity(after.rows, Unit.ROWS),
                loses_data=after.rows < before.rows,
            )
        elif (
            comparable
            and before.key_fingerprint is not None
            and after.key_fingerprint is not None
            and before.key_fingerprint != after.key_fingerprint
        ):
            yield Difference(
                SECTION,
                self.name,
                Quantity(before.rows, Unit.ROWS, before.key_fingerprint),
                Quantity(after.rows, Unit.ROWS, after.key_fingerprint),
                loses_data=True,
            )

    def _column_differences(
        self, changed: frozenset[int] | None
    ) -> Iterator[Difference | NotComparable]:
        """Yield columns that were added, removed or emptied, or that contain other values."""
        old_columns = {column.name: column for column in self.before.columns}
        new_columns = {column.name: column for column in self.after.columns}
        removed_rows = max(0, self.before.rows - self.after.rows)
        for name in sorted(old_columns.keys() | new_columns.keys()):
            subject = f"{self.name}.{name}"
            old, new = old_columns.get(name), new_columns.get(name)
            if old is not None and new is not None:
                yield from _value_differences(subject, old, new, changed, removed_rows)
            elif old is not None and old.non_null_count:
                values = Quantity(old.non_null_count, Unit.VALUES)
                yield Difference(SECTION, subject, values, None, loses_data=True)
            elif new is not None and new.non_null_count:
                yield Difference(SECTION, subject, None, Quantity(new.non_null_count, Unit.VALUES))


def _same_key(before: TableFingerprint, after: TableFingerprint) -> bool:
    old_types = {column.name: column.type for column in before.columns}
    new_types = {column.name: column.type for column in after.columns}
    return before.primary_key == after.primary_key and all(
        _same_hash(old_types.get(key, ""), new_types.get(key, "")) or not (old_types and new_types)
        for key in before.primary_key
    )


def _changed_buckets(before: TableFingerprint, after: TableFingerprint) -> frozenset[int] | None:
    """Return the buckets in which rows were added or removed. None if unknown."""
    if before.key_fingerprint is None or after.key_fingerprint is None:
        return None
    if before.key_fingerprint == after.key_fingerprint:
        return frozenset()
    if before.key_buckets and after.key_buckets:
        return _differing(before.key_buckets, after.key_buckets)
    return None


def _differing(before: str, after: str) -> frozenset[int]:
    """Return the numbers of the buckets whose fingerprints differ.

    An empty text stands for buckets without values.
    """
    empty = "0" * FINGERPRINT_DIGITS * NUMBER_OF_BUCKETS
    before, after = before or empty, after or empty
    return frozenset(
        number
        for number in range(NUMBER_OF_BUCKETS)
        if before[number * FINGERPRINT_DIGITS : (number + 1) * FINGERPRINT_DIGITS]
        != after[number * FINGERPRINT_DIGITS : (number + 1) * FINGERPRINT_DIGITS]
    )


def _value_differences(
    subject: str,
    before: ColumnFingerprint,
    after: ColumnFingerprint,
    changed: frozenset[int] | None,
    removed_rows: int,
) -> Iterator[Difference | NotComparable]:
    """Yield a column whose values differ in rows that exist in both states.

    If more values than rows are missing, values were lost in rows that still exist.
    """
    states = _quantity(before), _quantity(after)
    if before.non_null_count - after.non_null_count > removed_rows:
        yield Difference(SECTION, subject, *states, loses_data=True)
    elif changed is None or before.fingerprint == after.fingerprint:
        return
    elif not _same_hash(before.type, after.type):
        if before.non_null_count or after.non_null_count:
            reason = f"the type has changed from {before.type} to {after.type}"
            yield NotComparable(SECTION, subject, reason)
    elif all(column.buckets or not column.non_null_count for column in (before, after)):
        differing = sorted(_differing(before.buckets, after.buckets) - changed)
        if differing:  # Otherwise only added and removed rows differ.
            buckets = Buckets(tuple(differing), NUMBER_OF_BUCKETS - len(changed))
            yield Difference(SECTION, subject, *states, buckets=buckets)
    elif not changed:
        yield Difference(SECTION, subject, *states)


def _quantity(column: ColumnFingerprint) -> Quantity:
    return Quantity(column.non_null_count, Unit.VALUES, column.fingerprint)


def _same_hash(before: str, after: str) -> bool:
    return before == after or any({before, after} <= family for family in SAME_HASH_TYPES)
