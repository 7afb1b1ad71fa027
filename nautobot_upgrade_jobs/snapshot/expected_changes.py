"""Which differences were to be expected, by the migrations, the requirements and the catalog."""

from __future__ import annotations

from fnmatch import fnmatchcase

from packaging.version import Version

from ..catalog import Catalog, ExpectedChange, VolatileData
from ..checks.text import plural
from ..facts import Facts, Unavailable
from ..facts.fingerprints import TableFingerprint
from .difference import Difference, Explanation
from .listing_diff import COUNT
from .migration_effects import Alterations
from .release_changes import Releases


class Expectations:
    """What is to be expected between two states."""

    def __init__(self, before: Facts, after: Facts, catalog: Catalog) -> None:
        self._before, self._after, self._catalog = before, after, catalog
        self._releases = Releases(before, after)
        self._alterations = Alterations(before, after)

    def is_volatile(self, difference: Difference) -> bool:
        """Tell whether a difference says nothing, on this or any day.

        That something is there no more, or has lost what it held, always says something, but for
        what comes and goes by nature.
        """
        return any(
            one.fluctuates
            or (
                (difference.how != "gone" and not difference.loses)
                and (not one.growth_only or _grows(difference))
            )
            for one in self._catalog.volatile_data
            if _matches(one, difference)
        )

    def is_log(self, difference: Difference) -> bool:
        """Tell whether a log was shortened, as those who keep it do now and then; not emptied."""
        return (
            difference.how == "changed"
            and "." not in difference.subject
            and difference.after != "0 rows"
            and any(
                one.growth_only and _matches(one, difference) for one in self._catalog.volatile_data
            )
        )

    def explain(self, difference: Difference) -> Explanation | None:
        """Return why a difference was to be expected; None if nothing explains it."""
        return (
            self._releases.explain(difference)
            or self._alterations.explain(difference)
            or self._by_catalog(difference)
        )

    def broken_promise(self, difference: Difference) -> str:
        """Say which move of values was declared and did not come true; empty if none was."""
        for one in self._catalog.expected_changes:
            if one.moved_columns and _matches(one, difference) and self._holds(one, difference):
                wanted, there = self._rows_of(one)
                if wanted != there:
                    return f"{one.replaced_by} should have {wanted} rows for it, and has {there}"
        return ""

    def _by_catalog(self, difference: Difference) -> Explanation | None:
        for one in self._catalog.expected_changes:
            if _matches(one, difference) and self._holds(one, difference):
                wanted, there = self._rows_of(one) if one.moved_columns else (0, 0)
                if wanted == there:
                    return Explanation(one.reason, one.reference)
        return None

    def _holds(self, one: ExpectedChange, difference: Difference) -> bool:
        """Tell whether an entry of the catalog is about these two states."""
        if difference.how not in one.change_kinds or (one.growth_only and not _grows(difference)):
            return False
        if difference.loses and not (
            one.explains_loss or one.moved_columns or one.kept_where_not_null
        ):
            return False
        if one.kept_where_not_null and not self._kept(one, difference):
            return False
        if not fnmatchcase(difference.before or difference.after or "", one.value):
            return False
        if one.migration:
            return one.migration in self._alterations.applied
        if one.since:
            old, new = self._releases.versions
            return old < Version(one.since) <= new
        return bool(self._releases.newer)

    def _kept(self, one: ExpectedChange, difference: Difference) -> bool:
        """Tell whether just the rows went that had no value in the column."""
        kept = self._values_before(one.kept_where_not_null)
        return kept is not None and difference.after == plural(kept, "row")

    def _rows_of(self, one: ExpectedChange) -> tuple[int, int]:
        """Return how many rows the table that took over should have, and how many it has."""
        old, new = self._before.fingerprints, self._after.fingerprints
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return 0, -1
        wanted = sum(self._values_before(subject) or 0 for subject in one.moved_columns)
        heir = new.tables.get(one.replaced_by)
        return wanted, heir.rows if isinstance(heir, TableFingerprint) else 0

    def _values_before(self, subject: str) -> int | None:
        """Return how many values a column (``table.column``) held; None if nobody looked."""
        table, _, name = subject.partition(".")
        old = self._before.fingerprints
        holder = None if isinstance(old, Unavailable) else old.tables.get(table)
        columns = holder.columns if isinstance(holder, TableFingerprint) else ()
        return next((column.non_null_count for column in columns if column.name == name), None)


def _matches(one: ExpectedChange | VolatileData, difference: Difference) -> bool:
    return fnmatchcase(difference.section, one.section) and any(
        fnmatchcase(difference.subject, pattern) for pattern in one.subjects
    )


def _grows(difference: Difference) -> bool:
    """Tell whether there is more than before: in number, or in a list of names."""
    if difference.loses or difference.how == "gone":
        return False
    if difference.how == "added":
        return True
    was, now = COUNT.search(difference.before or ""), COUNT.search(difference.after or "")
    if was and now:
        return int(now[1]) > int(was[1])
    return set((difference.before or "").split(", ")) <= set((difference.after or "").split(", "))
