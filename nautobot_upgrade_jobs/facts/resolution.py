"""The package set for a target, resolved on the package index."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ResolvedPackage:
    """One distribution of the package set."""

    name: str
    version: str
    required_by: tuple[str, ...]
    """Distributions of the set that require this one. Empty if it was requested explicitly."""


@dataclass(frozen=True)
class AppReleases:
    """Releases of one App on the package index. A field is empty if there is no such release."""

    distribution: str
    installed: str
    compatible: str
    """The release in the package set for the target."""
    within_current_release: str
    """The newest release that is compatible with the installed Nautobot."""
    latest: str
    """The newest release for this Python."""


@dataclass(frozen=True)
class AlternativeTarget:
    """Another target, and what prevents a package set for it."""

    target: str
    incompatible: tuple[str, ...]
    """Distributions without a compatible release."""
    conflict: bool
    """Whether distributions are each compatible with this target but not with each other."""
    packages_changed: int
    """Number of installed distributions that would change."""
    apps_changed: int
    """Number of Apps that would change."""


@dataclass(frozen=True)
class Resolution:
    """The package set for a target, and the distributions that prevent a complete set."""

    target: str
    packages: tuple[ResolvedPackage, ...]
    """The package set. Empty if none exists, even after excluding distributions."""
    apps: tuple[AppReleases, ...]
    incompatible: dict[str, str] = field(default_factory=dict)
    """Distributions without a compatible release, each with the resolver's message."""
    conflict: tuple[str, ...] = ()
    """Distributions that are each compatible with the target but not with each other."""
    excluded: tuple[str, ...] = ()
    """Distributions that are left out of the set: they are incompatible, or in a conflict."""
    conflict_reason: str = ""
    sdist_only: tuple[str, ...] = ()
    """``name==version`` of the set without a wheel. Building the sdist runs its code."""
    unverified: tuple[str, ...] = ()
    """New distributions of the set without a wheel. Their requirements are unknown."""
    local: tuple[str, ...] = ()
    """Distributions that were installed from a folder or a file. They are kept unchanged."""
    not_on_index: tuple[str, ...] = ()
    """Installed distributions that are not on the index."""
    unparsed_requirement_lines: tuple[str, ...] = ()
    """Lines of ``local_requirements.txt`` that the resolver uses only in part or not at all."""
    yanked: dict[str, str] = field(default_factory=dict)
    """Yanked ``name==version`` in the set, each with the reason."""
    alternatives: tuple[AlternativeTarget, ...] = ()
    """The newest release of each other line, oldest first."""
    constraints: str = ""
    """The package set as a requirements file with the hash of every file."""
