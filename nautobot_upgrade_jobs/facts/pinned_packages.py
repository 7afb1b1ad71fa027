"""The packages of an earlier state, as they are to be installed again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PinnedPackages:
    """What pip is given, and whether it can still be had."""

    requirements: str
    """Requirements, one a line, with the hashes of their files where the index was asked."""
    unavailable: tuple[str, ...] = ()
    """``name==version`` of those that neither the index has nor this environment."""
    unchecked_reason: str = ""
    """Why nobody knows whether they can be had."""
