"""What the migrations in between explain; how they are told: see ``Migration.changes``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cached_property

from ..facts import Facts, TableFingerprints, Unavailable
from ..facts.fingerprints import ColumnFingerprint, TableFingerprint
from .difference import Difference, Explanation

LONGEST_NAMES = (63, 64)
"""Characters: on PostgreSQL, on MySQL."""


class Alterations:
    """What was altered by the migrations that were applied, or reversed, between two states."""

    def __init__(self, before: Facts, after: Facts) -> None:
        self._before, self._after = before, after

    @cached_property
    def applied(self) -> frozenset[str]:
        """Migrations recorded in between."""
        old, new = self._before.migrations, self._after.migrations
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return frozenset()
        return frozenset(new.recorded) - frozenset(old.recorded)

    def explain(self, difference: Difference) -> Explanation | None:
        """Explain a difference of schema or contents.

        Of contents, that explains what is new and what has another name: where values went, only
        the catalog can say.
        """
        kind = (difference.section, difference.how)
        for migration, changes in self._changes.items():
            if (
                difference.section.startswith("schema.") or kind == ("fingerprints", "added")
            ) and any(alters(change, difference) for change in changes):
                return Explanation(f"Migration {migration} alters it.")
            if kind == ("fingerprints", "gone") and self._renames(changes, difference.subject):
                return Explanation(f"Migration {migration} renames it; what it holds is the same.")
        return None

    def _renames(self, changes: tuple[str, ...], subject: str) -> bool:
        old, new = self._before.fingerprints, self._after.fingerprints
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return False
        names = [change.split(">") for change in changes if ">" in change]
        return any(holds_the_same(old, was, new, now, subject) for was, now in names)

    @cached_property
    def _changes(self) -> dict[str, tuple[str, ...]]:
        old, new = self._before.migrations, self._after.migrations
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return {}
        gone = frozenset(old.recorded) - frozenset(new.recorded)
        found = {one.key: one.changes for one in new.on_disk if one.key in self.applied}
        for one in old.on_disk:
            if one.key in gone:
                found[one.key] = tuple(map(_reversed, one.changes))
        return found


def _reversed(change: str) -> str:
    """Return what the reverse of a migration alters: what came goes, what went comes."""
    if ">" in change:
        was, _, now = change.partition(">")
        return f"{now}>{was}"
    return change.removeprefix("-") if change.startswith("-") else f"-{change}"


def alters(change: str, difference: Difference) -> bool:
    """Tell whether a change by a migration explains a difference of schema or contents."""
    if "INVALID" in (difference.after or ""):
        return False  # no migration leaves an index so
    table, _, name = difference.subject.partition(".")
    takes_away = change.startswith("-") or ">" in change
    if difference.how == "gone" and difference.section == "schema.columns" and not takes_away:
        return False
    parts = change.removeprefix("-").split(">")
    return any(_about(part, table, name, difference) for part in parts)


def _about(part: str, table: str, name: str, difference: Difference) -> bool:
    changed, dot, field = part.partition(".")
    if not dot:
        return changed == table
    if table in many_to_many_tables(changed, field):
        return True
    if changed != table:
        return False
    columns = (field, f"{field}_id")
    if difference.section in ("schema.columns", "fingerprints"):
        return bool(name) and name in columns
    # An index or a constraint: of the field, or stated for the whole table.
    text = f"{difference.before or ''} {difference.after or ''}"
    return not field or any(re.search(rf"\b{re.escape(column)}\b", text) for column in columns)


def many_to_many_tables(table: str, field: str) -> Iterator[str]:
    """Yield the names that the own table of a many-to-many field may have.

    A name too long for the server ends in four digits of its digest (``truncate_name`` of
    ``django.db.backends.utils``).
    """
    name = f"{table}_{field}"
    yield name
    mark = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:4]
    for longest in LONGEST_NAMES:
        if len(name) > longest:
            yield name[: longest - len(mark)] + mark


def holds_the_same(
    old: TableFingerprints, was: str, new: TableFingerprints, now: str, subject: str
) -> bool:
    """Tell whether a table or column that is gone is there by its new name, with all it held.

    Args:
        old: The contents before.
        was: Its old name, ``table`` or ``table.field``.
        new: The contents after.
        now: Its new name.
        subject: What is gone: the table or the column.
    """
    old_table, _, old_field = was.partition(".")
    new_table, _, new_field = now.partition(".")
    before, after = old.tables.get(old_table), new.tables.get(new_table)
    if not isinstance(before, TableFingerprint) or not isinstance(after, TableFingerprint):
        return False
    if not old_field:
        same = (before.rows, before.key_fingerprint) == (after.rows, after.key_fingerprint)
        return subject == old_table and same
    for suffix in ("", "_id"):
        if subject == f"{old_table}.{old_field}{suffix}":
            one = _column(before, f"{old_field}{suffix}")
            other = _column(after, f"{new_field}{suffix}")
            return bool(one and other) and _held(one) == _held(other)
    return False


def _column(table: TableFingerprint, name: str) -> ColumnFingerprint | None:
    return next((column for column in table.columns if column.name == name), None)


def _held(column: ColumnFingerprint | None) -> tuple[int, str] | None:
    return (column.non_null_count, column.fingerprint) if column else None
