"""What the package index has of the distributions that are installed."""

from __future__ import annotations

from dataclasses import dataclass

from ..facts.packages import Package
from .root_requirements import RootRequirements, format_exact_pins
from .uv import ResolverFailed, Unsolvable, Uv
from .uv_output import parse_not_found, parse_unmatched_wheels, parse_wheel_availability


@dataclass(frozen=True)
class IndexAvailability:
    """What the index has of the installed distributions."""

    available: tuple[Package, ...]
    missing_distributions: frozenset[str]
    """Canonical names that it does not have."""
    missing_versions: frozenset[str]
    """Those that it has in other versions only."""
    sdist_only: tuple[Package, ...]
    """Those whose installed version it has as source only."""
    sdist_only_forever: tuple[Package, ...]
    """Those of them that it has as source only in every version."""


def query_availability(uv: Uv, wishes: RootRequirements) -> IndexAvailability:
    """Ask for exactly what is installed: what is unknown, and what has no wheel?

    Raises:
        ResolverFailed: The index, or uv, does not answer.
    """
    known = dict(wishes.installed)
    unknown: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    while True:
        try:
            answer = uv.compile(
                format_exact_pins(known.values()), "--no-deps", "--format", "pylock.toml"
            )
            break
        except Unsolvable as error:
            new, other = parse_not_found(str(error))
            other |= parse_unmatched_wheels(str(error)) & known.keys()
            if not (new | other) & set(known):
                raise ResolverFailed(str(error)) from None
            unknown, gone = unknown | new, gone | other
            for name in new | other:
                known.pop(name, None)
    wheels = parse_wheel_availability(answer.text)
    source_only = tuple(one for name, one in known.items() if not wheels.get(name, True))
    never = tuple(one for one in source_only if not has_wheels(uv, one.name))
    return IndexAvailability(tuple(known.values()), unknown, gone, source_only, never)


def has_wheels(uv: Uv, name: str) -> bool:
    """Tell whether any release of a distribution has a wheel for this Python."""
    try:
        uv.compile([name], "--no-deps", "--only-binary", ":all:")
    except Unsolvable:
        return False
    return True
