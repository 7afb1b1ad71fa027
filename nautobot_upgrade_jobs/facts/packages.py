"""Everything installed beside Nautobot in its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """One installed distribution and what it asks for."""

    name: str
    version: str
    requires: tuple[str, ...]
    """``Requires-Dist`` lines as the distribution states them."""
    requires_python: str


@dataclass(frozen=True)
class Packages:
    """All installed distributions, by name."""

    installed: tuple[Package, ...]
