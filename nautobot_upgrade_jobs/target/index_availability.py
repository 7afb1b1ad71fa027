"""What the package index has of the distributions that are installed."""

from __future__ import annotations

from dataclasses import dataclass

from ..facts.packages import Package
from .root_requirements import Wishes, exact_pins
from .uv import ResolverFailed, Unsolvable, Uv
from .uv_output import not_found_in, not_ours_in, wheels_in


@dataclass(frozen=True)
class Offer:
    """What the index has of the installed distributions."""

    known: tuple[Package, ...]
    unknown: frozenset[str]
    """Canonical names that it does not have."""
    gone: frozenset[str]
    """Those that it has in other versions only."""
    source_only: tuple[Package, ...]
    """Those whose installed version it has as source only."""
    never_a_wheel: tuple[Package, ...]
    """Those of them that it has as source only in every version."""


def look(uv: Uv, wishes: Wishes) -> Offer:
    """Ask for exactly what is installed: what is unknown, and what has no wheel?

    Raises:
        ResolverFailed: The index, or uv, does not answer.
    """
    known = dict(wishes.installed)
    unknown: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    while True:
        try:
            answer = uv.compile(exact_pins(known.values()), "--no-deps", "--format", "pylock.toml")
            break
        except Unsolvable as error:
            new, other = not_found_in(str(error))
            other |= not_ours_in(str(error)) & known.keys()
            if not (new | other) & set(known):
                raise ResolverFailed(str(error)) from None
            unknown, gone = unknown | new, gone | other
            for name in new | other:
                known.pop(name, None)
    wheels = wheels_in(answer.text)
    source_only = tuple(one for name, one in known.items() if not wheels.get(name, True))
    never = tuple(one for one in source_only if not has_wheels(uv, one.name))
    return Offer(tuple(known.values()), unknown, gone, source_only, never)


def has_wheels(uv: Uv, name: str) -> bool:
    """Tell whether any release of a distribution has a wheel for this Python."""
    try:
        uv.compile([name], "--no-deps", "--only-binary", ":all:")
    except Unsolvable:
        return False
    return True
