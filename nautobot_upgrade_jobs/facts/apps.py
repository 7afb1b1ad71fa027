"""The Apps in ``PLUGINS``."""

from __future__ import annotations

from dataclasses import dataclass

from .settings import Setting


@dataclass(frozen=True)
class App:
    """One enabled App, what it declares, and its redacted settings."""

    module: str
    label: str
    distribution: str
    """Name of the distribution that brought it; empty if it came without one."""
    version: str
    nautobot_requirements: tuple[str, ...]
    """Its ``Requires-Dist`` specifiers on ``nautobot``, those behind an extra included."""
    requires_python: str
    min_version: str
    max_version: str
    conflicts: tuple[str, ...]
    """Modules it refuses to run beside, where it says so itself."""
    settings: tuple[Setting, ...]
    """Those that the configuration gives it and that differ from its defaults."""


@dataclass(frozen=True)
class Apps:
    """The enabled Apps in the order of ``PLUGINS``, and every configured block."""

    enabled: tuple[App, ...]
    configured: tuple[str, ...]
    """Keys of ``PLUGINS_CONFIG``, of Apps that are not enabled, too."""
