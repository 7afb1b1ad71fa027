"""Explain differences by releases, migrations and the catalog."""

from __future__ import annotations

from fnmatch import fnmatchcase

from packaging.version import Version

from ..catalog import Catalog, ExpectedChange, VolatileData
from ..facts import Facts, Unavailable
from ..facts.fingerprints import TableFingerprint, TableFingerprints
from .difference import Difference, Explanation, Item, Quantity, State, Unit, UnmetDataMove
from .migration_effects import MigrationEffects
from .release_changes import ReleaseChanges


class ExpectedChanges:
    """The changes to expect between two states."""

    def __init__(self, before: Facts, after: Facts, catalog: Catalog) -> None:
        self._before, self._after, self._catalog = before, after, catalog
        self._releases = ReleaseChanges(before, after)
        self._migrations = MigrationEffects(before, after)

    def is_volatile(self, difference: Difference) -> bool:
        """Return whether a difference is insignificant, because the data changes by itself.

        Missing objects and lost values are significant, unless the catalog marks their data as
        fluctuating.
        """
        return any(
            entry.fluctuates
            or (
                (difference.change_kind != "gone" and not difference.loses_data)
                and (not entry.growth_only or _is_growth(difference))
            )
            for entry in self._catalog.volatile_data
            if _matches(entry, difference)
        )

    def is_truncated_log(self, difference: Difference) -> bool:
        """Return whether a log has fewer rows but is not empty, for example after a cleanup."""
        after = difference.after
        return (
            difference.change_kind == "changed"
            and isinstance(after, Quantity)
            and after.unit is Unit.ROWS
            and after.count > 0
            and any(
                entry.growth_only and _matches(entry, difference)
                for entry in self._catalog.volatile_data
            )
        )

    def explain(self, difference: Difference) -> Explanation | None:
        """Return why a difference was expected. None if nothing explains the difference."""
        return (
            self._releases.explain(difference)
            or self._migrations.explain(difference)
            or self._explain_by_catalog(difference)
        )

    def unmet_data_move(self, difference: Difference) -> UnmetDataMove | None:
        """Return the declared move of the values, if it is incomplete. Otherwise None."""
        for entry in self._catalog.expected_changes:
            if entry.moved_columns and self._applies(entry, difference):
                place, expected, actual = self._count_moved(entry, difference)
                if not _is_complete(entry, expected, actual):
                    return UnmetDataMove(place, expected, actual)
        return None

    def _explain_by_catalog(self, difference: Difference) -> Explanation | None:
        for entry in self._catalog.expected_changes:
            if self._applies(entry, difference):
                _, expected, actual = self._count_moved(entry, difference)
                if _is_complete(entry, expected, actual):
                    return Explanation(entry.reason, entry.reference)
        return None

    def _applies(self, entry: ExpectedChange, difference: Difference) -> bool:
        """Return whether an entry of the catalog explains a difference between the two states."""
        return (
            _matches(entry, difference)
            and difference.change_kind in entry.change_kinds
            and (not entry.growth_only or _is_growth(difference))
            and fnmatchcase(_description(difference), entry.value)
            and self._may_explain_loss(entry, difference)
            and self._is_in_range(entry)
        )

    def _may_explain_loss(self, entry: ExpectedChange, difference: Difference) -> bool:
        if entry.kept_where_not_null:
            return self._removes_only_null_rows(entry, difference)
        return not difference.loses_data or entry.explains_loss or bool(entry.moved_columns)

    def _is_in_range(self, entry: ExpectedChange) -> bool:
        """Return whether the migration or the release of an entry is between the two states.

        An entry that names neither applies to every upgrade.
        """
        if entry.migration:
            return entry.migration in self._migrations.applied
        if entry.since:
            old, new = self._releases.versions
            return old < Version(entry.since) <= new
        return bool(self._releases.upgraded_modules)

    def _removes_only_null_rows(self, entry: ExpectedChange, difference: Difference) -> bool:
        """Return whether only rows without a value in the column are missing, and all of them."""
        kept = self._non_null_count_before(entry.kept_where_not_null)
        after = difference.after
        return (
            kept is not None
            and isinstance(after, Quantity)
            and after.unit is Unit.ROWS
            and after.count == kept
        )

    def _count_moved(self, entry: ExpectedChange, difference: Difference) -> tuple[str, int, int]:
        """Return the new place of values, and the expected and the actual number there."""
        if not entry.moved_columns:
            return "", 0, 0
        table = difference.subject.partition(".")[0]
        place = entry.replaced_by.replace("*", table)
        columns = (each.replace("*", table) for each in entry.moved_columns)
        expected = sum(self._non_null_count_before(column) or 0 for column in columns)
        new = self._after.fingerprints
        if isinstance(new, Unavailable) or isinstance(self._before.fingerprints, Unavailable):
            return place, expected, -1
        if "." in place:
            return place, expected, _non_null_count(new, place) or 0
        found = new.tables.get(place)
        return place, expected, found.rows if isinstance(found, TableFingerprint) else 0

    def _non_null_count_before(self, subject: str) -> int | None:
        """Return the number of values in a column (``table.column``). None if unknown."""
        old = self._before.fingerprints
        return None if isinstance(old, Unavailable) else _non_null_count(old, subject)


def _non_null_count(fingerprints: TableFingerprints, subject: str) -> int | None:
    name, _, column_name = subject.partition(".")
    table = fingerprints.tables.get(name)
    columns = table.columns if isinstance(table, TableFingerprint) else ()
    return next((column.non_null_count for column in columns if column.name == column_name), None)


def _is_complete(entry: ExpectedChange, expected: int, actual: int) -> bool:
    """Return whether all values have moved, and nothing else is in their new place."""
    return expected <= actual if entry.allows_more else expected == actual


def _matches(entry: ExpectedChange | VolatileData, difference: Difference) -> bool:
    return fnmatchcase(difference.section, entry.section) and any(
        fnmatchcase(difference.subject, pattern) for pattern in entry.subjects
    )


def _description(difference: Difference) -> str:
    """Return the previous description of a listed object. For a new object, the description."""
    state = difference.after if difference.before is None else difference.before
    return state.description if isinstance(state, Item) else ""


def _is_growth(difference: Difference) -> bool:
    """Return whether the difference only adds objects. Compare their number or their names."""
    if difference.loses_data or difference.after is None:
        return False
    if difference.before is None:
        return True
    before, after = difference.before, difference.after
    if before.count is not None and after.count is not None:
        return after.count > before.count
    return _listed_names(before) <= _listed_names(after)


def _listed_names(state: State) -> set[str]:
    """Return the names in a description that consists of names, such as content types."""
    return set(state.description.split(", ")) if isinstance(state, Item) else set()
