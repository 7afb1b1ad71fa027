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
    """Python versions that the release can be installed with (Requires-Python)."""
    python_tested: tuple[str, ...]
    """Python versions that the release declares as supported, such as ("3.10", "3.11")."""
    postgresql: str
    """Oldest supported PostgreSQL."""
    mysql: str | None
    """Oldest supported MySQL. None if MySQL is not supported."""
    redis: str
    """Oldest supported Redis."""
    redis_recommended: str | None
    """Oldest Redis that the currently installed redis client requires, if known."""
    django: str
    """Release series of Django, such as "5.2"."""
    ltm: bool
    """Whether the line has long-term maintenance."""
    reference: str
    """URL of the release's section in the release notes."""


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
class Advisory:
    """A security advisory of Nautobot."""

    id: str
    """Such as ``GHSA-9fgc-m542-2g84``."""
    title: str
    fixed_in: tuple[str, ...]
    """The first release of each line with the fix."""
    since: str = ""
    """The first release with the feature that it concerns. Empty if unknown."""

    @property
    def url(self) -> str:
        """The page of the advisory."""
        return f"https://github.com/nautobot/nautobot/security/advisories/{self.id}"


@dataclass(frozen=True)
class Advice:
    """Advice of Nautobot's documentation to stop at a line, for a range of sources and targets."""

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
    """Setting to use instead. None if there is none."""
    env: tuple[str, ...] = ()
    """Environment variables that set the setting. From `removed_in` on, Nautobot ignores these
    variables silently, even if it refuses the setting itself."""
    supported_since: tuple[str, ...] = ()
    """First release of each line that supports the replacement. If the installed release
    supports it, set the replacement before the upgrade."""
    key: str | None = None
    """Removed key of a dictionary setting. None if the whole setting was removed."""
    note: str = ""

    def is_replaceable_in(self, version: str) -> bool:
        """Return whether a release already supports the replacement."""
        return includes_change(version, self.supported_since)


@dataclass(frozen=True)
class Command:
    """A command used in upgrades, and the releases that have it."""

    name: str
    since: tuple[str, ...]
    """First release with the command. One per line if it was backported."""
    writes: bool
    """Whether the command can change the database or files."""
    note: str
    removed_in: tuple[str, ...] = ()
    """First release without the command. One per line if the removal was backported."""

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
    """An index that a migration renames.

    The migration finds the index by its columns, so exactly one index on these columns may exist.
    """

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
    """Effect of the reverse code of a data migration, and a query that counts the changed rows."""

    migration: str
    description: str
    sql: str = ""
    """Query that counts the changed rows. Empty if older releases read none of these rows."""
    fixes_tables: tuple[str, ...] = ()
    """Tables whose rows the reverse code may change to satisfy constraints that return later."""


@dataclass(frozen=True)
class VolatileData:
    """Data that changes by itself, and the reason why a difference is not significant."""

    section: str
    subjects: tuple[str, ...]
    reason: str
    growth_only: bool = False
    """Whether only growth is insignificant. A decrease is then an ordinary change."""
    fluctuates: bool = False
    """Whether growth and decrease are both insignificant."""


@dataclass(frozen=True)
class ExpectedChange:
    """A known change of a release. Sections, subjects and values are shell patterns."""

    section: str
    subjects: tuple[str, ...]
    reason: str
    reference: str
    change_kinds: tuple[str, ...] = ("added", "gone", "changed")
    migration: str = ""
    """Migration that must have been applied between the snapshots. Empty for any."""
    since: str = ""
    """Release that must have been reached between the snapshots. Empty for any."""
    growth_only: bool = False
    """Whether only growth is expected."""
    value: str = "*"
    """The value before the change. For an addition, the new value."""
    replaced_by: str = ""
    """Table, or column of a table, to which values moved. A table `*` is that of the subject."""
    moved_columns: tuple[str, ...] = ()
    """Columns whose values moved to `replaced_by`, which must have one row or value for each."""
    allows_more: bool = False
    """Whether `replaced_by` may have more, for instance values of its own."""
    kept_where_not_null: str = ""
    """Column that had no value in each of the removed rows. Rows with a value must remain."""
    explains_loss: bool = False
    """Whether the entry also explains lost values that were not moved elsewhere."""


@dataclass(frozen=True)
class MigrationSets:
    """The migrations of Nautobot's own apps, as recorded in a database ("dcim.0001_initial")."""

    by_release: Mapping[str, frozenset[str]]
    pre_release_names: Mapping[str, str]


@dataclass(frozen=True)
class RowDuration:
    """CPU time that a data migration needs for the rows of a table."""

    migration: str
    table: str
    seconds_per_million: float


@dataclass(frozen=True)
class Durations:
    """Measured CPU times of migrations."""

    seconds: Mapping[str, float]
    """By migration: CPU seconds with almost no rows."""
    rows: tuple[RowDuration, ...] = ()
    varied_tables: tuple[str, ...] = ()
    """Tables whose number of rows was varied. For other tables, the time for rows is unknown."""
