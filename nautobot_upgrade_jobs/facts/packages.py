"""All distributions in Nautobot's environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """One installed distribution and its requirements."""

    name: str
    version: str
    requires: tuple[str, ...]
    """``Requires-Dist`` lines of the distribution, unchanged."""
    requires_python: str
    local: bool = False
    """Whether the package was installed from a folder or a file, not from an index."""


@dataclass(frozen=True)
class Packages:
    """All installed distributions, by name."""

    installed: tuple[Package, ...]
    requirements_file: tuple[str, ...] = ()
    """Lines of ``local_requirements.txt`` in ``NAUTOBOT_ROOT``, without comments."""
