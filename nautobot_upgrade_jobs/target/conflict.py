"""Who is to blame for a set that does not exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .requirement_lines import requirement_name
from .uv import Unsolvable, UvOutput

Solver = Callable[[Sequence[str]], UvOutput]
"""Returns a set for requirements, or raises Unsolvable."""


def incompatible_requirements(solve: Solver, core: str, rest: Sequence[str]) -> dict[str, str]:
    """Return what does not fit, not even alone, with the resolver's explanation.

    Args:
        solve: The resolver.
        core: The requirement that all have to fit.
        rest: What is asked about; a half of it that fits is asked about no more.
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


def minimal_conflict(solve: Solver, held: Sequence[str], rest: Sequence[str]) -> list[str]:
    """Return requirements that do not go together, each of which is needed for that.

    By halves: see Junker, "QuickXplain: preferred explanations and relaxations for
    over-constrained problems", 2004.

    Args:
        solve: The resolver.
        held: Requirements that are not in question; there is a set for them.
        rest: Requirements for which there is none beside them.
    """
    if len(rest) <= 1:
        return list(rest)
    half = len(rest) // 2
    first, second = rest[:half], rest[half:]
    of_second = _find_conflict_part(solve, [*held, *first], second)
    of_first = _find_conflict_part(solve, [*held, *of_second], first)
    return [*of_first, *of_second]


def _find_conflict_part(solve: Solver, held: Sequence[str], rest: Sequence[str]) -> list[str]:
    try:
        solve(held)
    except Unsolvable:
        return []  # there is no set without the rest either
    return minimal_conflict(solve, held, rest)
