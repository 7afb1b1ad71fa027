"""What the catalog holds, one type per kind of fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from .versions import includes_change


@dataclass(frozen=True)
class Release:
    """One published release of Nautobot and what it requires."""

    version: str
    date: date
    """Day (UTC) on which it was published on the package index."""
    line: str
    """Major and minor version, such as "3.2"."""
    python: str
    """Python versions it can be installed with, as a PEP 440 specifier."""
    python_tested: tuple[str, ...]
    """Python versions it names as supported, such as ("3.10", "3.11")."""
    postgresql: str
    """Oldest supported PostgreSQL."""
    mysql: str | None
    """Oldest supported MySQL; None if MySQL is not supported."""
    redis: str
    """Oldest supported Redis."""
    redis_recommended: str | None
    """Oldest Redis that the redis client installed with it today asks for, if known."""
    django: str
    """Series of Django it runs on, such as "5.2"."""
    ltm: bool
    """True in a line of long-term maintenance."""
    reference: str
    """Its own section of the release notes."""


@dataclass(frozen=True)
class ReleaseLine:
    """All patch releases that share a major and minor version."""

    name: str
    ltm: bool
    maintained: bool
    """True while it still gets patch releases."""
    releases: tuple[Release, ...]

    @property
    def newest(self) -> Release:
        """The newest release known of this line."""
        return self.releases[-1]


@dataclass(frozen=True)
class UpgradeStop:
    """A release to upgrade to on the way."""

    release: str
    kind: Literal["required", "recommended"]
    reason: str
    reference: str


@dataclass(frozen=True)
class Advice:
    """Upstream's advice to stop at a line: from below one version, to another or later."""

    source_below: str
    target_from: str
    line: str
    reason: str
    reference: str


@dataclass(frozen=True)
class RemovedSetting:
    """A setting of ``nautobot_config.py`` that a release stopped supporting."""

    name: str
    removed_in: str
    effect: Literal["refused", "ignored", "unsupported"]
    """Of leaving it in the file: Nautobot does not start, or it says nothing and ignores it, or it
    still reads it and misbehaves."""
    reference: str
    replacement: str | None = None
    """What to set instead; None if nothing takes its place."""
    env: tuple[str, ...] = ()
    """Environment variables that set it; from `removed_in` on they are ignored silently, also
    where the setting itself is refused."""
    supported_since: tuple[str, ...] = ()
    """Releases that understand the replacement, the first of each line: set it before the upgrade
    if the installed one does."""
    key: str | None = None
    """If only this key of a dictionary setting was removed."""
    note: str = ""

    def is_replaceable_in(self, version: str) -> bool:
        """Tell whether a release already understands the replacement."""
        return includes_change(version, self.supported_since)


@dataclass(frozen=True)
class MergedApp:
    """An App whose models became part of Nautobot itself."""

    module: str
    distribution: str
    core_app: str
    """The app of Nautobot that took over."""
    since: str
    data_migrated: bool
    """True if a migration of Nautobot takes the App's data over."""
    blocks_startup: bool
    """True if Nautobot does not start while the App is still configured."""
    remediation: str
    commands: tuple[str, ...]
    reference: str


@dataclass(frozen=True)
class ConflictingApp:
    """An App that another App has absorbed and does not tolerate beside itself."""

    module: str
    distribution: str
    """Its name by convention; an installed one is best found by its module."""
    config_from: str
    """Key of PLUGINS_CONFIG that held its settings."""
    config_to: str
    """Key of PLUGINS_CONFIG that they move to."""
    prefix: str | None
    """What the moved settings' names begin with, if known."""
    enable_setting: str | None
    """The setting that switches the integration on."""
    since: str
    """The first release of the absorbing App that refuses it."""


@dataclass(frozen=True)
class AppConflict:
    """An App that stops Nautobot from starting while Apps it absorbed are in PLUGINS."""

    app: str
    distribution: str
    override_warning: str
    """Why not to rely on the override."""
    reference: str
    conflicts: tuple[ConflictingApp, ...]
    override: str | None = None
    """Environment variable that silences the check, if there is one."""
    override_since: str | None = None
    """First release of the App that knows the override."""

    def list_conflicts(self, app_version: str) -> tuple[ConflictingApp, ...]:
        """List what a release of the App refuses to have beside it."""
        return tuple(each for each in self.conflicts if includes_change(app_version, (each.since,)))


@dataclass(frozen=True)
class Command:
    """A command for upgrades, and the releases that have it."""

    name: str
    since: tuple[str, ...]
    """First release with it; one per line if it was backported."""
    writes: bool
    """True if it can change the database or files."""
    note: str
    removed_in: tuple[str, ...] = ()
    """First release without it; one per line if the removal was backported."""

    @property
    def command_line(self) -> str:
        """How to run it: a command of ``nautobot-server``, or a script of its own."""
        return self.name if self.name.startswith("nautobot-") else f"nautobot-server {self.name}"

    def exists_in(self, version: str) -> bool:
        """Tell whether a release has the command."""
        return includes_change(version, self.since) and not includes_change(
            version, self.removed_in
        )


@dataclass(frozen=True)
class IndexRename:
    """Columns on which a migration needs exactly one index, because it renames it by columns."""

    migration: str
    table: str
    columns: tuple[str, ...]
    new_name: str
    """The index's name afterwards."""


@dataclass(frozen=True)
class Postcondition:
    """What a data migration leaves behind, and a query for the rows of which it is not true."""

    id: str
    migration: str
    description: str
    """What is true of all rows afterwards, in one sentence."""
    sql: str
    remediation: str
    reference: str


@dataclass(frozen=True)
class KnownReversal:
    """What the code does that undoes a data migration, and a query for what it spoils."""

    migration: str
    description: str
    sql: str = ""
    """Empty if nothing is spoilt that an older release can read."""
    fixes_tables: tuple[str, ...] = ()
    """Tables whose rows it changes so that they may comply with what comes back after it."""


@dataclass(frozen=True)
class VolatileData:
    """Something that changes without anybody's doing, and why that says nothing."""

    section: str
    subjects: tuple[str, ...]
    reason: str
    growth_only: bool = False
    """Only growth says nothing; less than before is a change like any other."""
    fluctuates: bool = False
    """Neither more nor less says anything."""


@dataclass(frozen=True)
class ExpectedChange:
    """What a release is known to change; sections, subjects and values are shell patterns."""

    section: str
    subjects: tuple[str, ...]
    reason: str
    reference: str
    change_kinds: tuple[str, ...] = ("added", "gone", "changed")
    migration: str = ""
    """It holds only if this migration was applied in between."""
    since: str = ""
    """It holds only if this release was reached in between."""
    growth_only: bool = False
    """It holds only if there is more than before."""
    value: str = "*"
    """What was there before, or is new."""
    replaced_by: str = ""
    moved_columns: tuple[str, ...] = ()
    """It holds only if the table `replaced_by` has a row for each value of these columns."""
    kept_where_not_null: str = ""
    """It holds only if just the rows went that had no value in this column."""
    explains_loss: bool = False
    """It explains values that are gone without a place that they moved to."""


@dataclass(frozen=True)
class MigrationSets:
    """The migrations of Nautobot's own apps, as recorded in a database ("dcim.0001_initial")."""

    by_release: Mapping[str, frozenset[str]]
    pre_release_names: Mapping[str, str]
