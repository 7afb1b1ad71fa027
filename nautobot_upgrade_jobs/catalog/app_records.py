"""Record types of the catalog that describe Apps."""

from __future__ import annotations

from dataclasses import dataclass

from .versions import includes_change


@dataclass(frozen=True)
class MergedApp:
    """An App whose models became part of Nautobot."""

    module: str
    distribution: str
    core_app: str
    """Nautobot's own app that replaces the App."""
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
    """An App that was merged into another App. Nautobot does not start if both are in PLUGINS."""

    module: str
    distribution: str
    """Usual name of the distribution. Use `module` to find out whether the App is installed."""
    config_from: str
    """Key of PLUGINS_CONFIG that held the settings of the merged App."""
    config_to: str
    """Key of PLUGINS_CONFIG to which these settings move."""
    prefix: str | None
    """Prefix of the names of the moved settings, if known."""
    enable_setting: str | None
    """The setting that enables the integration, if there is one."""
    since: str
    """First release of the other App with which Nautobot does not start."""
    other_names: tuple[str, ...] = ()
    """Other keys of PLUGINS_CONFIG under which documents show its settings."""


@dataclass(frozen=True)
class AppConflict:
    """An App that other Apps were merged into.

    Nautobot does not start if this App and one of the merged Apps are in PLUGINS.
    """

    app: str
    distribution: str
    override_warning: str
    """Reason not to rely on the override."""
    reference: str
    conflicts: tuple[ConflictingApp, ...]
    override: str | None = None
    """Environment variable that turns off this check at startup. None if there is none."""
    override_since: str | None = None
    """First release of the App that supports the override."""

    def list_conflicts(self, app_version: str) -> tuple[ConflictingApp, ...]:
        """Return the Apps that must not be in PLUGINS together with this release of the App."""
        return tuple(each for each in self.conflicts if includes_change(app_version, (each.since,)))


@dataclass(frozen=True)
class AppStep:
    """A step that an upgrade of an App requires, and that no command of Nautobot carries out."""

    distribution: str
    since: str
    """The release of the App that requires the step."""
    when: str
    """``now``, ``window`` or ``after``, as in remediations."""
    reason: str
    """Why the step is needed, in whole sentences."""
    remediation: str
    reference: str
    tables: tuple[str, ...] = ()
    """The step is needed only if one of these tables has rows. Empty if it is always needed."""
    optional: bool = False
    """Whether the App itself works without the step."""
    commands: tuple[str, ...] = ()
