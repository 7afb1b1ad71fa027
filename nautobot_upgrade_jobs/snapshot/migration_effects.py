"""Explain differences by the schema changes of migrations."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from ..facts import Facts, TableFingerprints, Unavailable
from ..facts.fingerprints import ColumnFingerprint, TableFingerprint
from ..facts.migrations import SchemaChange, SchemaChangeKind
from .difference import Difference, Explanation, Item

MAX_NAME_LENGTHS = (63, 64)
"""Maximum number of characters of a name on PostgreSQL and on MySQL."""
REMOVING_KINDS = (SchemaChangeKind.REMOVED, SchemaChangeKind.RENAMED)
REVERSE_KINDS = {
    SchemaChangeKind.ADDED: SchemaChangeKind.REMOVED,
    SchemaChangeKind.REMOVED: SchemaChangeKind.ADDED,
}


class MigrationEffects:
    """The schema changes of migrations that were applied or reversed between two states."""

    def __init__(self, before: Facts, after: Facts) -> None:
        self._before, self._after = before, after

    @cached_property
    def applied(self) -> frozenset[str]:
        """Migrations that were recorded between the two states."""
        old, new = self._before.migrations, self._after.migrations
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return frozenset()
        return frozenset(new.recorded) - frozenset(old.recorded)

    def explain(self, difference: Difference) -> Explanation | None:
        """Explain a difference of the schema or of the fingerprints.

        Migrations explain new and renamed tables and columns. If a migration removes a table or a
        column, only the catalog can explain where its values are now.
        """
        if self._is_invalid_index(difference):
            return None  # No migration creates an invalid index on purpose.
        is_schema = difference.section.startswith("schema.")
        fingerprint_kind = difference.change_kind if difference.section == "fingerprints" else ""
        table = difference.subject.partition(".")[0]
        for migration, change in self._changes_by_table.get(table, ()):
            if (is_schema or fingerprint_kind == "added") and accounts_for(change, difference):
                return Explanation(f"Migration {migration} alters it.")
            if fingerprint_kind == "gone" and self._is_renamed(change, difference.subject):
                return Explanation(f"Migration {migration} renames it. Its content is the same.")
        return None

    def _is_invalid_index(self, difference: Difference) -> bool:
        schema = self._after.schema
        return (
            difference.section == "schema.indexes"
            and not isinstance(schema, Unavailable)
            and difference.subject in schema.invalid_indexes
        )

    def _is_renamed(self, change: SchemaChange, subject: str) -> bool:
        old, new = self._before.fingerprints, self._after.fingerprints
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return False
        is_rename = change.kind is SchemaChangeKind.RENAMED
        return is_rename and same_content(old, new, change, subject)

    @cached_property
    def _changes_by_table(self) -> dict[str, list[tuple[str, SchemaChange]]]:
        """Schema changes with their migrations, by each table that they can concern."""
        by_table: dict[str, list[tuple[str, SchemaChange]]] = defaultdict(list)
        for migration, changes in self._changes.items():
            for change in changes:
                for table in {*_concerned_tables(change)}:
                    by_table[table].append((migration, change))
        return by_table

    @cached_property
    def _changes(self) -> dict[str, tuple[SchemaChange, ...]]:
        """Schema changes by migration. The changes of reversed migrations are reversed."""
        old, new = self._before.migrations, self._after.migrations
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return {}
        reversed_keys = frozenset(old.recorded) - frozenset(new.recorded)
        changes = {
            migration.key: migration.changes
            for migration in new.on_disk
            if migration.key in self.applied
        }
        for migration in old.on_disk:
            if migration.key in reversed_keys:
                changes[migration.key] = tuple(map(_reverse, migration.changes))
        return changes


def _concerned_tables(change: SchemaChange) -> Iterator[str]:
    """Yield the table of a change, its other name, and tables of many-to-many fields."""
    yield change.table
    if change.is_about_table:
        yield change.new_name
    else:
        for field in filter(None, (change.column, change.new_name)):
            yield from m2m_table_names(change.table, field)


def _reverse(change: SchemaChange) -> SchemaChange:
    """Return the change that reversing the operation makes."""
    if change.kind is SchemaChangeKind.RENAMED:
        if change.column:
            return replace(change, column=change.new_name, new_name=change.column)
        return replace(change, table=change.new_name, new_name=change.table)
    return replace(change, kind=REVERSE_KINDS.get(change.kind, change.kind))


def accounts_for(change: SchemaChange, difference: Difference) -> bool:
    """Return whether a schema change by a migration explains a difference."""
    is_missing_column = (difference.section, difference.change_kind) == ("schema.columns", "gone")
    if is_missing_column and change.kind not in REMOVING_KINDS:
        return False
    table, _, name = difference.subject.partition(".")
    if change.is_about_table:
        return table in (change.table, change.new_name)
    fields = (change.column, change.new_name) if change.new_name else (change.column,)
    return any(_concerns(change.table, field, table, name, difference) for field in fields)


def _concerns(
    changed_table: str, field: str, table: str, name: str, difference: Difference
) -> bool:
    if field and table in m2m_table_names(changed_table, field):
        return True
    if changed_table != table:
        return False
    columns = (field, f"{field}_id")
    if difference.section in ("schema.columns", "fingerprints"):
        return bool(field and name) and name in columns
    # An index or a constraint belongs to the field, or to the whole table.
    definitions = " ".join(
        state.description
        for state in (difference.before, difference.after)
        if isinstance(state, Item)
    )
    return not field or any(
        re.search(rf"\b{re.escape(column)}\b", definitions) for column in columns
    )


def m2m_table_names(table: str, field: str) -> Iterator[str]:
    """Yield the possible names of the table of a many-to-many field.

    If a name is too long for the server, Django replaces its end by four digits of a digest. See
    ``truncate_name`` in ``django.db.backends.utils``.
    """
    name = f"{table}_{field}"
    yield name
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:4]
    for max_length in MAX_NAME_LENGTHS:
        if len(name) > max_length:
            yield name[: max_length - len(digest)] + digest


def same_content(
    old: TableFingerprints, new: TableFingerprints, rename: SchemaChange, subject: str
) -> bool:
    """Return whether a missing table or column was renamed and has the same content.

    Args:
        old: The fingerprints of the older state.
        new: The fingerprints of the newer state.
        rename: The change that renames the table or the field.
        subject: The missing ``table`` or ``table.column``.
    """
    new_table = rename.table if rename.column else rename.new_name
    before, after = old.tables.get(rename.table), new.tables.get(new_table)
    if not isinstance(before, TableFingerprint) or not isinstance(after, TableFingerprint):
        return False
    if not rename.column:
        same = (before.rows, before.key_fingerprint) == (after.rows, after.key_fingerprint)
        return subject == rename.table and same
    for suffix in ("", "_id"):
        if subject == f"{rename.table}.{rename.column}{suffix}":
            old_column = _column(before, f"{rename.column}{suffix}")
            new_column = _column(after, f"{rename.new_name}{suffix}")
            if not old_column or not new_column:
                return False
            return _column_content(old_column) == _column_content(new_column)
    return False


def _column(table: TableFingerprint, name: str) -> ColumnFingerprint | None:
    return next((column for column in table.columns if column.name == name), None)


def _column_content(column: ColumnFingerprint) -> tuple[int, str]:
    return column.non_null_count, column.fingerprint
