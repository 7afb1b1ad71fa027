"""Which differences were to be expected, by the migrations, the requirements and the catalog."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from packaging.version import InvalidVersion, Version

from ..catalog import Catalog, ExpectedChange, VolatileThing
from ..facts import Facts, Unavailable
from ..facts.contents import TableContents
from .difference import Difference
from .requirements import Requirements, explained

RELEASE_NOTES = "https://docs.nautobot.com/projects/core/en/stable/release-notes/"
COUNT = re.compile(r"(\d+) (?:members?|rows?|values?|associations?)\b")


@dataclass(frozen=True)
class Explanation:
    """Why a difference was to be expected."""

    reason: str
    reference: str = RELEASE_NOTES


class Expectations:
    """What is to be expected between two states."""

    def __init__(self, before: Facts, after: Facts, catalog: Catalog) -> None:
        self._before, self._after, self._catalog = before, after, catalog

    def is_volatile(self, difference: Difference) -> bool:
        """Tell whether a difference says nothing, on this or any day."""
        return any(
            _matches(one, difference) and (not one.grows or _grows(difference))
            for one in self._catalog.volatile
        )

    def is_log(self, difference: Difference) -> bool:
        """Tell whether rows are of a log, which is shortened now and then by those who keep it."""
        return any(one.grows and _matches(one, difference) for one in self._catalog.volatile)

    def explain(self, difference: Difference) -> Explanation | None:
        """Return why a difference was to be expected; None if nothing explains it."""
        if difference.section == "packages":
            return self._package(difference)
        if difference.section == "installation":
            return self._installation(difference)
        if difference.section == "migrations":
            return self._migration(difference)
        if difference.section == "files.distributions":
            return self._files_of_package(difference)
        if migration := self._by_migration(difference):
            return Explanation(f"Migration {migration} alters it.")
        if difference.section.startswith("automation.") and difference.how == "added":
            return self._job_of_a_newer_app(difference)
        return self._by_catalog(difference)

    def broken_promise(self, difference: Difference) -> str:
        """Say which move of values was declared and did not come true; empty if none was."""
        for one in self._catalog.expected_changes:
            if one.rows_of and _matches(one, difference) and self._holds(one, difference):
                wanted, there = self._rows_of(one)
                if wanted != there:
                    return f"{one.replaced_by} should have {wanted} rows for it, and has {there}"
        return ""

    def _by_catalog(self, difference: Difference) -> Explanation | None:
        for one in self._catalog.expected_changes:
            if _matches(one, difference) and self._holds(one, difference):
                wanted, there = self._rows_of(one) if one.rows_of else (0, 0)
                if wanted == there:
                    return Explanation(one.reason, one.reference)
        return None

    def _holds(self, one: ExpectedChange, difference: Difference) -> bool:
        """Tell whether an entry of the catalog is about these two states."""
        if difference.how not in one.how or (one.grows and not _grows(difference)):
            return False
        if not fnmatchcase(difference.before or difference.after or "", one.value):
            return False
        if one.migration:
            return one.migration in self._applied
        if one.since:
            return self._versions[0] < Version(one.since) <= self._versions[1]
        return self._upgraded

    def _rows_of(self, one: ExpectedChange) -> tuple[int, int]:
        """Return how many rows the table that took over should have, and how many it has."""
        old, new = self._before.contents, self._after.contents
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return 0, -1
        wanted = 0
        for subject in one.rows_of:
            table, _, name = subject.partition(".")
            holder = old.tables.get(table)
            columns = holder.columns if isinstance(holder, TableContents) else ()
            wanted += sum(column.non_null for column in columns if column.name == name)
        heir = new.tables.get(one.replaced_by)
        return wanted, heir.rows if isinstance(heir, TableContents) else 0

    def _migration(self, difference: Difference) -> Explanation | None:
        """An upgrade records the migrations it brings; a way back forgets those it takes."""
        migrations = self._after.migrations
        if isinstance(migrations, Unavailable) or not self._upgraded:
            return None
        on_disk = any(one.key == difference.subject for one in migrations.on_disk)
        if difference.how == "added" and on_disk:
            return Explanation("The release has it.")
        if difference.how == "gone" and not on_disk:
            return Explanation("The release does not have it.")
        return None

    def _by_migration(self, difference: Difference) -> str:
        """Return the migration in between that alters the table or column; empty if none does.

        Of contents, that explains what is new: where values went, only the catalog can say.
        """
        section = difference.section
        if not section.startswith("schema.") and (section, difference.how) != ("contents", "added"):
            return ""
        for migration, changes in self._changes.items():
            if any(_alters(change, section, difference.subject) for change in changes):
                return migration
        return ""

    def _package(self, difference: Difference) -> Explanation | None:
        if difference.subject == "nautobot":
            return Explanation("This is the upgrade.")
        if self._requirements is None:
            return None
        before, after = self._requirements
        reason = explained(difference.subject, difference.before, difference.after, before, after)
        return Explanation(reason) if reason else None

    def _files_of_package(self, difference: Difference) -> Explanation | None:
        """Another version brings other files; that it is another one stands under packages."""
        old, new = self._before.packages, self._after.packages
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return None
        versions = [
            {one.name.lower().replace("_", "-"): one.version for one in side.installed}
            for side in (old, new)
        ]
        if versions[0].get(difference.subject) != versions[1].get(difference.subject):
            return Explanation("Its version changed.")
        if self._rebuilt_for_another_python:
            return Explanation("It was built for another Python.")
        return None

    def _installation(self, difference: Difference) -> Explanation | None:
        if difference.subject == "Nautobot":
            return Explanation("This is the upgrade.")
        if difference.subject in ("environment", "Python") and self._upgraded and self._rebuilt:
            return Explanation("The release was installed into an environment of its own.")
        return None

    @property
    def _rebuilt(self) -> bool:
        """Whether the newer state runs in another environment."""
        old, new = self._before.runtime, self._after.runtime
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return False
        return old.prefix != new.prefix

    @property
    def _rebuilt_for_another_python(self) -> bool:
        old, new = self._before.runtime, self._after.runtime
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return False
        return self._rebuilt and old.python.split(".")[:2] != new.python.split(".")[:2]

    def _job_of_a_newer_app(self, difference: Difference) -> Explanation | None:
        for module in self._newer:
            if difference.subject.startswith(f"{module}."):
                return Explanation(f"A newer release of {module} brings it.")
        return None

    @property
    def _upgraded(self) -> bool:
        return bool(self._newer)

    @cached_property
    def _newer(self) -> frozenset[str]:
        """Modules of core and of Apps that have another version than before, or are new."""
        core = {"nautobot"} if self._versions[0] != self._versions[1] else set()
        old, new = self._before.apps, self._after.apps
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return frozenset(core)
        versions = {app.module: app.version for app in old.enabled}
        return frozenset(core) | {
            app.module for app in new.enabled if versions.get(app.module) != app.version
        }

    @cached_property
    def _versions(self) -> tuple[Version, Version]:
        found = []
        for facts in (self._before, self._after):
            runtime = facts.runtime
            text = "0" if isinstance(runtime, Unavailable) else runtime.nautobot
            found.append(_base_version(text))
        return found[0], found[1]

    @cached_property
    def _applied(self) -> frozenset[str]:
        """Migrations recorded in between."""
        old, new = self._before.migrations, self._after.migrations
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return frozenset()
        return frozenset(new.recorded) - frozenset(old.recorded)

    @cached_property
    def _changes(self) -> dict[str, tuple[str, ...]]:
        """What the migrations alter that were applied, or reversed, in between."""
        found: dict[str, tuple[str, ...]] = {}
        old, new = self._before.migrations, self._after.migrations
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            return {}
        reversed_ = frozenset(old.recorded) - frozenset(new.recorded)
        for side, keys in ((old, reversed_), (new, self._applied)):
            found |= {one.key: one.changes for one in side.on_disk if one.key in keys}
        return found

    @cached_property
    def _requirements(self) -> tuple[Requirements, Requirements] | None:
        found = []
        for facts in (self._before, self._after):
            if isinstance(facts.packages, Unavailable) or isinstance(facts.runtime, Unavailable):
                return None
            found.append(Requirements(facts.packages, facts.runtime.python))
        return found[0], found[1]


def _matches(one: ExpectedChange | VolatileThing, difference: Difference) -> bool:
    return fnmatchcase(difference.section, one.section) and any(
        fnmatchcase(difference.subject, pattern) for pattern in one.subjects
    )


def _base_version(text: str) -> Version:
    """Return a version without its suffix; what is none is below all."""
    try:
        return Version(Version(text).base_version)
    except InvalidVersion:
        return Version("0")


def _alters(change: str, section: str, subject: str) -> bool:
    """Tell whether a change by a migration (see ``Migration.changes``) is about a subject."""
    table, _, name = subject.partition(".")
    changed, dot, field = change.partition(".")
    if not dot:
        return changed == table
    if f"{changed}_{field}" == table:
        return True  # the table of a many-to-many field
    if changed != table:
        return False
    if section in ("schema.columns", "contents"):
        return bool(name) and name in (field, f"{field}_id")
    return True  # its indexes and constraints follow


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
