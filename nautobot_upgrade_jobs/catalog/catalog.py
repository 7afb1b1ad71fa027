"""Queries about releases of Nautobot, answered from the catalog."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from packaging.version import Version

from .app_records import AppConflict, AppStep, MergedApp
from .records import (
    Advice,
    Advisory,
    Command,
    Durations,
    ExpectedChange,
    IndexRename,
    KnownReversal,
    MigrationSets,
    Postcondition,
    Release,
    ReleaseLine,
    RemovedSetting,
    UpgradeStop,
    VolatileData,
)
from .upgrade_path import UpgradePath, required_stops
from .versions import get_line_name, includes_change, parse_version

VersionStatus = Literal["known", "newer", "nonexistent", "prerelease"]


@dataclass(frozen=True, eq=False)
class Catalog:
    """Curated facts about the releases of Nautobot as of one date.

    Versions are accepted in every form of PEP 440. A local part is ignored. An invalid version
    raises ``packaging.version.InvalidVersion``, which is a ValueError.
    """

    version: str
    date: date
    lines: tuple[ReleaseLine, ...]
    """The release lines, oldest first."""
    migration_sets: MigrationSets
    advice: tuple[Advice, ...]
    advisories: tuple[Advisory, ...]
    removed_settings: tuple[RemovedSetting, ...]
    merged_apps: tuple[MergedApp, ...]
    app_conflicts: tuple[AppConflict, ...]
    app_steps: tuple[AppStep, ...]
    commands: tuple[Command, ...]
    index_renames: tuple[IndexRename, ...]
    merged_app_columns: Mapping[str, tuple[str, ...]]
    """Columns that data_validation.0002 reads from the Data Validation Engine App, by table."""
    cable_terminations: Mapping[str, str]
    """Content types of the cable ends that dcim.0089 migrates, with the table of each."""
    postconditions: tuple[Postcondition, ...]
    known_reversals: tuple[KnownReversal, ...]
    durations: Durations
    volatile_data: tuple[VolatileData, ...]
    expected_changes: tuple[ExpectedChange, ...]

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        """All published releases, sorted by version."""
        return tuple(release for line in self.lines for release in line.releases)

    @property
    def latest_known(self) -> tuple[str, ...]:
        """The newest known release of each maintained line."""
        return tuple(line.newest.version for line in self.lines if line.maintained)

    @property
    def coverage(self) -> str:
        """The coverage of the catalog, as a sentence."""
        first, last = self.releases[0].version, self.newest().version
        newest = " and ".join(self.latest_known)
        return (
            f"Catalog {self.version} of {self.date} covers the {len(self.releases)} releases "
            f"{first} to {last}. The newest releases of the maintained lines are {newest}."
        )

    def release(self, version: str) -> Release | None:
        """Return a published release. None if the catalog does not contain it."""
        return self._by_version.get(parse_version(version))

    def newest(self, line: str | None = None) -> Release:
        """Return the newest known release of a line such as "3.2", or of all lines.

        Raises:
            KeyError: The line does not exist.
        """
        return (self._by_line[line] if line else self.lines[-1]).newest

    def line(self, version: str) -> ReleaseLine | None:
        """Return the line of a version, released or not. None if the line is unknown."""
        return self._by_line.get(get_line_name(parse_version(version)))

    def nearest_release(self, version: str) -> Release | None:
        """Return the release whose requirements a version most likely has.

        This is the release itself or, for a version newer than the catalog, the newest of its line.
        """
        line = self.line(version)
        newer = line and self.status(version) == "newer"
        return line.newest if line and newer else self.release(version)

    def status(self, version: str) -> VersionStatus:
        """Return the status of a version in the catalog.

        Returns:
            "known": published and in the catalog.
            "newer": newer than the newest known release of its line, or of a newer line.
            "prerelease": a pre-release of a version within the coverage of the catalog.
            "nonexistent": within the coverage of the catalog, but never published.
        """
        parsed = parse_version(version)
        if parsed in self._by_version:
            return "known"
        ceiling = self.line(version) or self.lines[-1]
        if parsed > parse_version(ceiling.newest.version):
            return "newer"
        return "prerelease" if parsed.is_prerelease else "nonexistent"

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
        """Pre-release by name of a migration that only pre-releases had."""
        return self.migration_sets.pre_release_names

    def migrations(self, version: str) -> frozenset[str] | None:
        """Return the core migrations of a release. None if the catalog does not contain it."""
        release = self.release(version)
        return self.migration_sets.by_release[release.version] if release else None

    def match_releases(self, recorded: Collection[str]) -> tuple[str, ...]:
        """Return the releases whose core migrations are exactly those recorded in a database.

        Args:
            recorded: Recorded migrations, such as "dcim.0001_initial". Migrations of other apps
                are ignored. A migration that only a pre-release had prevents a match. To ignore
                such migrations, remove the names in `pre_release_names`.

        Returns:
            The releases, oldest first. None if the database is between releases or unknown.
        """
        core = frozenset(name for name in recorded if name.partition(".")[0] in self.core_apps)
        sets = self.migration_sets.by_release
        return tuple(each.version for each in self.releases if sets[each.version] == core)

    def upgrade_stops(self, source: str, target: str) -> tuple[UpgradeStop, ...]:
        """Return the stops between a source and a target, in order.

        Nautobot has never removed or squashed a migration, so the migrations of its own apps need
        no stop. There are two kinds of stops:

        * recommended: Nautobot's documentation advises a stop at a release line. The stop is the
          newest release of this line that was published no later than the target. The target can
          lack fixes of a release that was published later.
        * required: The source and the target have no Python version in common, so one environment
          cannot be upgraded in place. The stop is a release that has one Python version in common
          with the source, and one with the target. If a recommended stop has both, it becomes
          required. Otherwise the newest release that has both is the stop.

        A database server that is too old for the target needs no stop. No release has an upper
        bound on the server's version, so upgrade the server first, under the source. Apps may
        require further stops, which their metadata states. A downgrade has no stops.
        """
        if parse_version(source) >= parse_version(target):
            return ()
        known = self.release(target)
        path = UpgradePath(
            source=parse_version(source),
            target=parse_version(target),
            source_release=self.nearest_release(source),
            target_release=self.nearest_release(target),
            not_after=known.date if known else None,
        )
        return tuple(required_stops(path, self.lines, self.advice))

    def open_advisories(self, version: str) -> tuple[Advisory, ...]:
        """Return the advisories that concern a release and that it does not fix."""
        return tuple(each for each in self.advisories if self._is_open(each, version))

    def _is_open(self, advisory: Advisory, version: str) -> bool:
        """Return whether a release lacks a fix that its line has, or that an older line needed.

        If only newer lines have the fix, a line that was still maintained at that time does not
        need it. A line that was not maintained was not examined, so it counts as concerned.
        """
        if includes_change(version, advisory.fixed_in):
            return False
        if advisory.since and parse_version(version) < parse_version(advisory.since):
            return False
        line = get_line_name(parse_version(version))
        fixes = {get_line_name(parse_version(mark)): mark for mark in advisory.fixed_in}
        oldest = min(advisory.fixed_in, key=parse_version)
        if line in fixes or parse_version(version) > parse_version(oldest):
            return True
        known, first = self.line(version), self.release(oldest)
        was_maintained = known and first and known.newest.date >= first.date
        return not was_maintained

    def has_command(self, name: str, version: str) -> bool:
        """Return whether a release has a command. False for a command not in the catalog."""
        return any(each.name == name and each.exists_in(version) for each in self.commands)

    def removes_command(self, name: str, version: str) -> bool:
        """Return whether a release no longer has a command. False for an unknown command."""
        known = any(each.name == name for each in self.commands)
        return known and not self.has_command(name, version)

    @cached_property
    def _by_version(self) -> dict[Version, Release]:
        return {parse_version(release.version): release for release in self.releases}

    @cached_property
    def _by_line(self) -> dict[str, ReleaseLine]:
        return {line.name: line for line in self.lines}
