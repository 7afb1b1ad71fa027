"""The App's own settings, with the defaults that hold where the App is not in ``PLUGINS``.

A Git repository of Jobs has no App configuration; it is configured under the same key of
``PLUGINS_CONFIG``.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field, fields
from typing import Any

APP = "nautobot_upgrade_jobs"
LONGEST_TIMEOUT_SECONDS = 86_400


class UsageError(ValueError):
    """A request cannot be carried out as it is; the message says what to change."""


class ConfigurationError(UsageError):
    """The App's settings cannot be used; the message names the setting."""


@dataclass(frozen=True)
class Configuration:
    """What ``PLUGINS_CONFIG["nautobot_upgrade_jobs"]`` may hold."""

    instance: str = ""
    """Name of this installation in reports and file names; the host name if empty."""
    acceptances: list[dict[str, Any]] = field(default_factory=list)
    """Findings that somebody decided to live with; see ``checks/acceptance.py``."""
    statement_timeout_seconds: int = 30
    """The database ends a query of ours after this time."""
    snapshot_timeout_seconds: int = 600
    """The same for the one statement that reads a whole table for a snapshot."""
    snapshot_directory: str = ""
    """Folder that snapshots are also written to: a restored database has lost the newer ones."""
    resolve: bool = True
    """Ask the package index for the target's packages."""
    resolve_timeout_seconds: int = 60
    """The package index has to answer all questions of a run within this time."""
    wheel_directory: str = ""
    """Folder of wheels to resolve from instead of the index, for a host without network."""
    allow_build: bool = True
    """Build and start the target beside this installation, for those who may; see ``build``."""
    build_timeout_seconds: int = 300
    """The target's packages have to be installed within this time."""
    build_megabytes: int = 2000
    """The target's environment may take this much, in MiB."""
    boot_timeout_seconds: int = 300
    """The target has to start, and to be looked at, within this time."""
    work_directory: str = ""
    """Folder to build in, of this user alone; the system's temporary directory if empty."""
    keep_builds: int = 0
    """Environments that stay in ``work_directory`` for runs that want the same set."""
    database_alias: str = "default"
    """Entry of ``DATABASES`` to read through, for instance one whose role has only SELECT."""

    @property
    def label(self) -> str:
        """The name of this installation."""
        return self.instance or platform.node() or "nautobot"


def defaults() -> dict[str, Any]:
    """Return all settings with their defaults, for the App configuration."""
    unset = Configuration()
    return {item.name: getattr(unset, item.name) for item in fields(Configuration)}


def configuration() -> Configuration:
    """Read the settings of this installation.

    Raises:
        ConfigurationError: A setting is unknown, or is not of its default's type.
    """
    from django.conf import settings

    given = dict(getattr(settings, "PLUGINS_CONFIG", {}).get(APP) or {})
    expected = defaults()
    for name, value in given.items():
        if name not in expected:
            raise ConfigurationError(
                f"PLUGINS_CONFIG[{APP!r}]: unknown setting {name!r}; known: {', '.join(expected)}."
            )
        kind = type(expected[name])
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ConfigurationError(
                f"PLUGINS_CONFIG[{APP!r}]: {name!r} must be a {kind.__name__}, "
                f"not a {type(value).__name__}."
            )
    for name in (one for one in expected if one.endswith("_seconds")):
        if not 1 <= given.get(name, 1) <= LONGEST_TIMEOUT_SECONDS:
            raise ConfigurationError(
                f"PLUGINS_CONFIG[{APP!r}]: {name!r} must be from 1 to {LONGEST_TIMEOUT_SECONDS}."
            )
    aliases = tuple(settings.DATABASES)
    if given.get("database_alias", "default") not in aliases:
        raise ConfigurationError(
            f"PLUGINS_CONFIG[{APP!r}]: 'database_alias' must be one of {', '.join(aliases)}."
        )
    return Configuration(**given)
