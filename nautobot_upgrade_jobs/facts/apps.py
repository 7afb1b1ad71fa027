"""The Apps in ``PLUGINS``."""

from __future__ import annotations

from dataclasses import dataclass

from .settings import Setting


@dataclass(frozen=True)
class App:
    """One enabled App, its declarations and its redacted settings."""

    module: str
    label: str
    distribution: str
    """Name of the distribution that contains the App. Empty if there is none."""
    version: str
    nautobot_requirements: tuple[str, ...]
    """Version specifiers for ``nautobot`` in ``Requires-Dist``, including those of extras."""
    requires_python: str
    min_version: str
    max_version: str
    conflicts: tuple[str, ...]
    """Modules of other Apps that the App declares as conflicting."""
    settings: tuple[Setting, ...]
    """Configured settings that differ from the App's defaults."""
    setting_names: tuple[str, ...] = ()
    """Names of the settings that the App declares."""


@dataclass(frozen=True)
class Apps:
    """The enabled Apps in the order of ``PLUGINS``, and the Apps in ``PLUGINS_CONFIG``."""

    enabled: tuple[App, ...]
    configured: dict[str, tuple[str, ...]]
    """By key of ``PLUGINS_CONFIG``, including those of Apps that are not enabled: the names of its
    settings. For an enabled App, these are the settings that differ from its defaults."""
    overrides: tuple[str, ...] = ()
    """Names of environment variables that are true and let an App start with conflicting Apps."""
