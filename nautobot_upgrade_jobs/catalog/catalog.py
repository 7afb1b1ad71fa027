"""The catalog: questions about releases, and their answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from packaging.version import Version

from .records import (
    Advice,
    AppConflict,
    Command,
    ExpectedChange,
    IndexRename,
    KnownReversal,
    MergedApp,
    MigrationSets,
    Postcondition,
    Release,
    ReleaseLine,
    RemovedSetting,
    UpgradeStop,
    VolatileData,
)
from .upgrade_path import UpgradePath, required_stops
from .versions import get_line_name, parse_version

VersionStatus = Literal["known", "newer", "nonexistent", "prerelease"]


@dataclass(frozen=True, eq=False)
class Catalog:
    """Curated facts about the releases of Nautobot, as of one day.

    Versions are accepted in every spelling of PEP 440; a local part is ignored. Text that is no
    version raises ``packaging.version.InvalidVersion``, which is a ValueError.
    """

    version: str
    date: date
    lines: tuple[ReleaseLine, ...]
    """Oldest first."""
    migration_sets: MigrationSets
    advice: tuple[Advice, ...]
    removed_settings: tuple[RemovedSetting, ...]
    merged_apps: tuple[MergedApp, ...]
    app_conflicts: tuple[AppConflict, ...]
    commands: tuple[Command, ...]
    index_renames: tuple[IndexRename, ...]
    merged_app_columns: Mapping[str, tuple[str, ...]]
    """Table to columns, of everything that data_validation.0002 reads of the absorbed App."""
    cable_terminations: Mapping[str, str]
    """Content type to table, of everything that dcim.0089 can move a cable's end to."""
    postconditions: tuple[Postcondition, ...]
    known_reversals: tuple[KnownReversal, ...]
    volatile_data: tuple[VolatileData, ...]
    expected_changes: tuple[ExpectedChange, ...]

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        """All published releases, sorted by version."""
        return tuple(release for line in self.lines for release in line.releases)

    @property
    def latest_known(self) -> tuple[str, ...]:
        """The newest known release of each line that still gets patches."""
        return tuple(line.newest.version for line in self.lines if line.maintained)

    @property
    def coverage(self) -> str:
        """What the catalog covers, as a sentence."""
        first, last = self.releases[0].version, self.newest().version
        newest = " and ".join(self.latest_known)
        return (
            f"Catalog {self.version} of {self.date} knows the {len(self.releases)} releases "
            f"{first} to {last}; the newest of the lines that still get patches are {newest}."
        )

    def release(self, version: str) -> Release | None:
        """Find a published release; None if the catalog does not know it."""
        return self._by_version.get(parse_version(version))

    def newest(self, line: str | None = None) -> Release:
        """Find the newest known release of a line such as "3.2", or of all.

        Raises:
            KeyError: There is no such line.
        """
        return (self._by_line[line] if line else self.lines[-1]).newest

    def line(self, version: str) -> ReleaseLine | None:
        """Find the line a version belongs to, or would; None if the line itself is unknown."""
        return self._by_line.get(get_line_name(parse_version(version)))

    def nearest_release(self, version: str) -> Release | None:
        """Find the release whose requirements a version has, as far as can be told.

        That is the release itself or, for a version newer than known, the newest of its line.
        """
        line = self.line(version)
        newer = line and self.status(version) == "newer"
        return line.newest if line and newer else self.release(version)

    def status(self, version: str) -> VersionStatus:
        """Tell how a version relates to what the catalog knows.

        Returns:
            "known": published and in the catalog.
            "newer": higher than the newest known of its line, or of a line newer than any known.
            "prerelease": a pre-release of a version that the catalog covers.
            "nonexistent": inside what the catalog covers, but never published.
        """
        asked = parse_version(version)
        if asked in self._by_version:
            return "known"
        ceiling = self.line(version) or self.lines[-1]
        if asked > parse_version(ceiling.newest.version):
            return "newer"
        return "prerelease" if asked.is_prerelease else "nonexistent"

    @cached_property
    def all_core_migrations(self) -> frozenset[str]:
        """The migrations of Nautobot's own apps in any release."""
        return frozenset().union(*self.migration_sets.by_release.values())

    @cached_property
    def core_apps(self) -> frozenset[str]:
        """The labels of Nautobot's own apps that have migrations."""
        return frozenset(name.partition(".")[0] for name in self.all_core_migrations)

    @property
    def pre_release_names(self) -> Mapping[str, str]:
        """Names of migrations that only pre-releases had, and which ones."""
        return self.migration_sets.pre_release_names

    def migrations(self, version: str) -> frozenset[str] | None:
        """List the core migrations of a release; None if the catalog does not know it."""
        release = self.release(version)
        return self.migration_sets.by_release[release.version] if release else None

    def match_releases(self, recorded: Collection[str]) -> tuple[str, ...]:
        """Name the releases whose core migrations are exactly those recorded in a database.

        Args:
            recorded: Recorded migrations, such as "dcim.0001_initial". Those of other apps do not
                matter; names that only a pre-release had do, so leave out `pre_release_names`
                to see through them.

        Returns:
            The releases, oldest first; none if the database is between releases or unknown.
        """
        core = frozenset(name for name in recorded if name.partition(".")[0] in self.core_apps)
        sets = self.migration_sets.by_release
        return tuple(each.version for each in self.releases if sets[each.version] == core)

    def upgrade_stops(self, source: str, target: str) -> tuple[UpgradeStop, ...]:
        """List the releases to upgrade to between a source and a target, in order.

        Nautobot has never removed or squashed a migration, so no stop is needed for the
        migrations of its own apps. What there is:

        * recommended: upstream's advice, at the newest release of the advised line that is not
          younger than the target (an upgrade must not lead back to older fixes).
        * required: no Python version is named as supported by both ends of a leg, so one
          environment cannot be upgraded in place; a release that shares one with each end bridges
          it. An advised stop that does so becomes required; otherwise the newest that does.

        A database server that is too old for the target is no stop: no release has an upper bound,
        so it is upgraded first, under the source. Apps may force further stops, which their own
        metadata tells. A downgrade has none.
        """
        if parse_version(source) >= parse_version(target):
            return ()
        known = self.release(target)
        journey = UpgradePath(
            source=parse_version(source),
            target=parse_version(target),
            source_release=self.nearest_release(source),
            target_release=self.nearest_release(target),
            not_after=known.date if known else None,
        )
        return tuple(required_stops(journey, self.lines, self.advice))

    def has_command(self, name: str, version: str) -> bool:
        """Tell whether a release has a command; False also for a command not in the catalog."""
        return any(each.name == name and each.exists_in(version) for each in self.commands)

    @cached_property
    def _by_version(self) -> dict[Version, Release]:
        return {parse_version(release.version): release for release in self.releases}

    @cached_property
    def _by_line(self) -> dict[str, ReleaseLine]:
        return {line.name: line for line in self.lines}
