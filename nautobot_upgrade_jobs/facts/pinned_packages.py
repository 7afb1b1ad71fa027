"""The pinned packages of an earlier state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PinnedPackages:
    """Pinned requirements, and whether the packages are still available."""

    requirements: str
    """Requirements. Either all have the hashes of their files, or none has."""
    unavailable: tuple[str, ...] = ()
    """``name==version`` of packages that are neither on the index nor in this environment."""
    unchecked_reason: str = ""
    """Why the availability was not checked. Empty if it was."""
    unhashed_requirements: str = ""
    """The requirements without a hash, if the others have hashes."""
