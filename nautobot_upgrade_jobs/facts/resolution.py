"""The package set for a target, resolved on the package index."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ResolvedPackage:
    """One distribution of the package set."""

    name: str
    version: str
    required_by: tuple[str, ...]
    """Distributions of the set that require it; empty if it was requested explicitly."""


@dataclass(frozen=True)
class AppReleases:
    """Releases of one App on the index. A version is empty if there is no such release."""

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
    """Another target, and the obstacles to it."""

    target: str
    incompatible: tuple[str, ...]
    """Distributions without a compatible release."""
    conflict: bool
    """Whether distributions that are compatible with it conflict with each other."""
    packages_changed: int
    """Installed distributions that would change."""
    apps_changed: int
    """Apps among them."""

    @property
    def is_resolvable(self) -> bool:
        """Whether a package set for it exists."""
        return not (self.incompatible or self.conflict)


@dataclass(frozen=True)
class Resolution:
    """The package set for a target, and the obstacles to it."""

    target: str
    packages: tuple[ResolvedPackage, ...]
    """Empty if no package set exists, whatever is excluded."""
    apps: tuple[AppReleases, ...]
    incompatible: dict[str, str] = field(default_factory=dict)
    """Distributions without a compatible release, each with the resolver's message."""
    conflict: tuple[str, ...] = ()
    """Distributions that are each compatible with the target but not with each other."""
    excluded: tuple[str, ...] = ()
    """Distributions excluded from the set as incompatible or to solve a conflict."""
    conflict_reason: str = ""
    sdist_only: tuple[str, ...] = ()
    """``name==version`` in the set with an sdist only; building it runs its code."""
    unverified: tuple[str, ...] = ()
    """New distributions in the set with an sdist only; their requirements are unknown."""
    local: tuple[str, ...] = ()
    """Distributions installed from a folder or a file; kept unchanged."""
    not_on_index: tuple[str, ...] = ()
    """Installed distributions that are not on the index."""
    unparsed_requirement_lines: tuple[str, ...] = ()
    """Lines of ``local_requirements.txt`` that are used in part or not at all."""
    yanked: dict[str, str] = field(default_factory=dict)
    """Yanked ``name==version`` in the set, each with the reason."""
    alternatives: tuple[AlternativeTarget, ...] = ()
    """The newest releases of other lines, oldest first."""
    constraints: str = ""
    """The package set as a requirements file with the hash of every file."""
