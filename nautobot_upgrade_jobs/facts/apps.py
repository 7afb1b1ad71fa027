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
    """Name of the distribution that contains it; empty if there is none."""
    version: str
    nautobot_requirements: tuple[str, ...]
    """Its ``Requires-Dist`` specifiers on ``nautobot``, including those of an extra."""
    requires_python: str
    min_version: str
    max_version: str
    conflicts: tuple[str, ...]
    """Modules that it declares as conflicting."""
    settings: tuple[Setting, ...]
    """Configured settings that differ from its defaults."""


@dataclass(frozen=True)
class Apps:
    """The enabled Apps in the order of ``PLUGINS``, and the configured blocks."""

    enabled: tuple[App, ...]
    configured: tuple[str, ...]
    """Keys of ``PLUGINS_CONFIG``, including those of Apps that are not enabled."""
