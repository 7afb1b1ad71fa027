"""Record types of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from .versions import includes_change


@dataclass(frozen=True)
class Release:
    """One published release of Nautobot and its requirements."""

    version: str
    date: date
    """Date (UTC) of publication on the package index."""
    line: str
    """Major and minor version, such as "3.2"."""
    python: str
    """Python versions that it can be installed with, as a PEP 440 specifier."""
    python_tested: tuple[str, ...]
    """Python versions that it declares as supported, such as ("3.10", "3.11")."""
    postgresql: str
    """Oldest supported PostgreSQL."""
    mysql: str | None
    """Oldest supported MySQL; None if MySQL is not supported."""
    redis: str
    """Oldest supported Redis."""
    redis_recommended: str | None
    """Oldest Redis that the currently installed redis client requires, if known."""
    django: str
    """Release series of Django, such as "5.2"."""
    ltm: bool
    """Whether the line has long-term maintenance."""
    reference: str
    """Its section of the release notes."""


@dataclass(frozen=True)
class ReleaseLine:
    """All patch releases that share a major and minor version."""

    name: str
    ltm: bool
    maintained: bool
    """Whether the line still gets patch releases."""
    releases: tuple[Release, ...]

    @property
    def newest(self) -> Release:
        """The newest known release of this line."""
        return self.releases[-1]


@dataclass(frozen=True)
class UpgradeStop:
    """An intermediate release of an upgrade."""

    release: str
    kind: Literal["required", "recommended"]
    reason: str
    reference: str


@dataclass(frozen=True)
class Advice:
    """Upstream's advice to stop at a line, for a range of sources and targets."""

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
    """Effect of leaving the setting in the file. ``refused``: Nautobot does not start. ``ignored``:
    Nautobot ignores it silently. ``unsupported``: Nautobot still reads it and misbehaves."""
    reference: str
    replacement: str | None = None
    """Setting to use instead; None if there is none."""
    env: tuple[str, ...] = ()
    """Environment variables that set it. From `removed_in` on they are ignored silently, even
    where the setting itself is refused."""
    supported_since: tuple[str, ...] = ()
    """First release of each line that supports the replacement. If the installed release does, set
    it before the upgrade."""
    key: str | None = None
    """Removed key of a dictionary setting; None if the whole setting was removed."""
    note: str = ""

    def is_replaceable_in(self, version: str) -> bool:
        """Return whether a release already supports the replacement."""
        return includes_change(version, self.supported_since)


@dataclass(frozen=True)
class MergedApp:
    """An App whose models became part of Nautobot."""

    module: str
    distribution: str
    core_app: str
    """The app of Nautobot that replaces it."""
    since: str
    data_migrated: bool
    """Whether a migration of Nautobot copies the App's data."""
    blocks_startup: bool
    """Whether Nautobot fails to start while the App is configured."""
    remediation: str
    commands: tuple[str, ...]
    reference: str


@dataclass(frozen=True)
class ConflictingApp:
    """An App that another App has absorbed and does not accept next to itself."""

    module: str
    distribution: str
    """Conventional name. To find an installed App, use its module."""
    config_from: str
    """Key of PLUGINS_CONFIG that held its settings."""
    config_to: str
    """Key of PLUGINS_CONFIG to which they move."""
    prefix: str | None
    """Prefix of the names of the moved settings, if known."""
    enable_setting: str | None
    """The setting that enables the integration."""
    since: str
    """The first release of the absorbing App that refuses it."""


@dataclass(frozen=True)
class AppConflict:
    """An App that prevents the start of Nautobot while Apps that it absorbed are in PLUGINS."""

    app: str
    distribution: str
    override_warning: str
    """Reason not to rely on the override."""
    reference: str
    conflicts: tuple[ConflictingApp, ...]
    override: str | None = None
    """Environment variable that silences the check, if there is one."""
    override_since: str | None = None
    """First release of the App that supports the override."""

    def list_conflicts(self, app_version: str) -> tuple[ConflictingApp, ...]:
        """Return the Apps that a release of this App does not accept."""
        return tuple(each for each in self.conflicts if includes_change(app_version, (each.since,)))


@dataclass(frozen=True)
class Command:
    """A command used in upgrades, and the releases that have it."""

    name: str
    since: tuple[str, ...]
    """First release with the command; one per line if it was backported."""
    writes: bool
    """Whether it can change the database or files."""
    note: str
    removed_in: tuple[str, ...] = ()
    """First release without the command; one per line if the removal was backported."""

    @property
    def command_line(self) -> str:
        """The command line: a command of ``nautobot-server``, or a separate script."""
        return self.name if self.name.startswith("nautobot-") else f"nautobot-server {self.name}"

    def exists_in(self, version: str) -> bool:
        """Return whether a release has the command."""
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
    """The name of the index after the migration."""


@dataclass(frozen=True)
class Postcondition:
    """A condition that a data migration establishes, and a query for the rows that violate it."""

    id: str
    migration: str
    description: str
    """The condition, in one sentence."""
    sql: str
    remediation: str
    reference: str


@dataclass(frozen=True)
class KnownReversal:
    """Effect of the reverse code of a data migration, and a query for the rows that it changes."""

    migration: str
    description: str
    sql: str = ""
    """Query that counts the changed rows; empty if an older release reads none of them."""
    fixes_tables: tuple[str, ...] = ()
    """Tables whose rows it changes so that they can satisfy constraints restored afterwards."""


@dataclass(frozen=True)
class VolatileData:
    """Data that changes by itself, and the reason why a difference is not significant."""

    section: str
    subjects: tuple[str, ...]
    reason: str
    growth_only: bool = False
    """Only growth is insignificant. A decrease is an ordinary change."""
    fluctuates: bool = False
    """Both growth and decrease are insignificant."""


@dataclass(frozen=True)
class ExpectedChange:
    """A known change of a release. Sections, subjects and values are shell patterns."""

    section: str
    subjects: tuple[str, ...]
    reason: str
    reference: str
    change_kinds: tuple[str, ...] = ("added", "gone", "changed")
    migration: str = ""
    """Migration that must have been applied between the snapshots; empty for any."""
    since: str = ""
    """Release that must have been reached between the snapshots; empty for any."""
    growth_only: bool = False
    """Whether only growth is expected."""
    value: str = "*"
    """The former value, or the new one of an addition."""
    replaced_by: str = ""
    moved_columns: tuple[str, ...] = ()
    """Columns for whose values the table `replaced_by` must have one row each."""
    kept_where_not_null: str = ""
    """Column that must have had no value in all removed rows."""
    explains_loss: bool = False
    """Whether it explains lost values that were not moved elsewhere."""


@dataclass(frozen=True)
class MigrationSets:
    """The migrations of Nautobot's own apps, as recorded in a database ("dcim.0001_initial")."""

    by_release: Mapping[str, frozenset[str]]
    pre_release_names: Mapping[str, str]
