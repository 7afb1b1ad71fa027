"""What the package index offers for a target: the whole set, resolved at once."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ResolvedPackage:
    """One distribution of the set."""

    name: str
    version: str
    required_by: tuple[str, ...]
    """Distributions of the set that ask for it; none if it was asked for by itself."""


@dataclass(frozen=True)
class AppReleases:
    """What the index has of one App. Versions are empty where there is none."""

    distribution: str
    installed: str
    compatible: str
    """The newest in the set for the target."""
    within_current_release: str
    """The newest that leaves Nautobot at the installed release."""
    latest: str
    """The newest of all, for this Python."""


@dataclass(frozen=True)
class AlternativeTarget:
    """Another target, and what would be in its way."""

    target: str
    incompatible: tuple[str, ...]
    """Distributions of which no release fits."""
    conflict: bool
    """Whether requirements that fit it one by one do not go together."""
    packages_changed: int
    """Installed distributions that would change."""
    apps_changed: int
    """Apps among them."""

    @property
    def is_resolvable(self) -> bool:
        """Whether there is a set for it."""
        return not (self.incompatible or self.conflict)


@dataclass(frozen=True)
class Resolution:
    """The set for a target, and what was in its way."""

    target: str
    packages: tuple[ResolvedPackage, ...]
    """Empty if there is no set, whatever is left out."""
    apps: tuple[AppReleases, ...]
    incompatible: dict[str, str] = field(default_factory=dict)
    """Distributions of which no release fits the target, with what the resolver says."""
    conflict: tuple[str, ...] = ()
    """Distributions that each fit the target, but not all of them together."""
    excluded: tuple[str, ...] = ()
    """What is not in the set, because it was refused or for the conflict's sake."""
    conflict_reason: str = ""
    sdist_only: tuple[str, ...] = ()
    """``name==version`` in the set that the index has as source only: its code runs to build it."""
    unverified: tuple[str, ...] = ()
    """In the set, new, and on the index as source only: nobody knows what they ask for."""
    local: tuple[str, ...] = ()
    """Installed from a folder or a file; taken as they are."""
    not_on_index: tuple[str, ...] = ()
    """Installed, and unknown to the index."""
    unparsed_requirement_lines: tuple[str, ...] = ()
    """Lines of ``local_requirements.txt`` that count in part, or not at all."""
    yanked: dict[str, str] = field(default_factory=dict)
    """``name==version`` in the set that was taken back, and why."""
    alternatives: tuple[AlternativeTarget, ...] = ()
    """The newest releases of other lines, the oldest first."""
    constraints: str = ""
    """The set as a requirements file, with the hash of every file."""
