"""Find the requirements that prevent a package set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .requirement_lines import requirement_name
from .uv import Unsolvable, UvOutput

Solve = Callable[[Sequence[str]], UvOutput]
"""Returns a package set for requirements, or raises Unsolvable."""


@dataclass(frozen=True)
class PartialSet:
    """The largest package set that exists for some requirements."""

    output: UvOutput
    conflict: tuple[str, ...] = ()
    """Distributions that conflict with each other."""
    dropped: tuple[str, ...] = ()
    """Distributions that are left out of the set to solve the conflict."""
    reason: str = ""
    """The resolver's explanation of the conflict."""


def find_incompatible(solve: Solve, requirements: Sequence[str]) -> dict[str, str]:
    """Return the distributions that are each incompatible with the target.

    Args:
        solve: The resolver.
        requirements: The requirement on Nautobot, then all others.

    Returns:
        The resolver's explanation by distribution. If there is no set even for Nautobot alone, the
        only entry is Nautobot.
    """
    core, *rest = requirements
    try:
        solve([core])
    except Unsolvable as error:
        return {requirement_name(core): str(error)}
    return incompatible_requirements(solve, core, rest)


def incompatible_requirements(solve: Solve, core: str, rest: Sequence[str]) -> dict[str, str]:
    """Return the distributions that are incompatible with a requirement, with the explanation.

    The requirements are divided into halves. A half that can be solved is not divided further.

    Args:
        solve: The resolver.
        core: The requirement on Nautobot.
        rest: The requirements to test.
    """
    try:
        solve([core, *rest])
    except Unsolvable as error:
        if len(rest) == 1:
            return {requirement_name(rest[0]): str(error)}
        half = len(rest) // 2
        return incompatible_requirements(solve, core, rest[:half]) | incompatible_requirements(
            solve, core, rest[half:]
        )
    return {}


def solve_largest(solve: Solve, requirements: Sequence[str]) -> PartialSet:
    """Return a set that drops as few requirements as possible.

    Args:
        solve: The resolver.
        requirements: The requirement on Nautobot, then requirements that are each compatible with
            it.
    """
    try:
        return PartialSet(solve(requirements))
    except Unsolvable as error:
        reason = str(error)
    core, *rest = requirements
    conflict = minimal_conflict(solve, [core], rest)
    names = tuple(map(requirement_name, conflict))
    for requirement in reversed(conflict):
        fewer = [each for each in requirements if each != requirement]
        try:
            return PartialSet(solve(fewer), names, (requirement_name(requirement),), reason)
        except Unsolvable:
            continue
    # There is a second conflict.
    further = solve_largest(solve, [each for each in requirements if each != conflict[-1]])
    return PartialSet(
        further.output, (*names, *further.conflict), (names[-1], *further.dropped), reason
    )


def minimal_conflict(solve: Solve, fixed: Sequence[str], rest: Sequence[str]) -> list[str]:
    """Return a minimal set of requirements that conflict with each other.

    The algorithm divides the requirements into halves. See Junker, "QuickXplain: preferred
    explanations and relaxations for over-constrained problems", 2004.

    Args:
        solve: The resolver.
        fixed: Requirements that are not searched. A set exists for them.
        rest: Requirements to search. No set exists for them together with ``fixed``.
    """
    if len(rest) <= 1:
        return list(rest)
    half = len(rest) // 2
    first, second = rest[:half], rest[half:]
    in_second = _find_conflict_part(solve, [*fixed, *first], second)
    in_first = _find_conflict_part(solve, [*fixed, *in_second], first)
    return [*in_first, *in_second]


def _find_conflict_part(solve: Solve, fixed: Sequence[str], rest: Sequence[str]) -> list[str]:
    try:
        solve(fixed)
    except Unsolvable:
        return []  # There is no set even without the rest.
    return minimal_conflict(solve, fixed, rest)
