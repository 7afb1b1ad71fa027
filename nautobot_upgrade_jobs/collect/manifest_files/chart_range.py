"""The major versions that a version range of a Helm chart admits.

The ranges are those of Helm: comparisons joined by commas or spaces, alternatives joined by ``||``,
the operators ``^`` and ``~``, and ``x`` or ``*`` for any number.
"""

from __future__ import annotations

import re

LARGEST_MAJOR = 20
LARGEST_NUMBER = 10**6
COMPARISON = re.compile(
    r"(?P<operator>[<>=!^~]{0,2}) {0,5}v?(?P<major>\d{1,6}|[xX*])"
    r"(\.(?P<minor>\d{1,6}|[xX*]))?(\.(?P<patch>\d{1,6}|[xX*]))?[\w.+-]{0,40}"
)
Number = tuple[int, int, int]


def admitted_majors(text: str) -> tuple[int, ...]:
    """Return the major versions of which a range admits a version."""
    alternatives = [COMPARISON.finditer(part[:200]) for part in text.split("||")[:20]]
    admitted: set[int] = set()
    for comparisons in alternatives:
        low, high = (0, 0, 0), (LARGEST_MAJOR, LARGEST_NUMBER, LARGEST_NUMBER)
        for found in comparisons:
            lower, upper = _bounds(found)
            low, high = max(low, lower), min(high, upper)
        if low <= high:
            admitted |= set(range(low[0], high[0] + 1))
    return tuple(sorted(admitted))


def _bounds(found: re.Match[str]) -> tuple[Number, Number]:
    """Return the smallest and the largest version of one comparison."""
    lowest, highest = (0, 0, 0), (LARGEST_MAJOR, LARGEST_NUMBER, LARGEST_NUMBER)
    parts = [found["major"], found["minor"], found["patch"]]
    numbers = [int(part) for part in parts if part and part.isdigit()]
    if not numbers or found["operator"] == "!=":
        return lowest, highest
    first = _fill(numbers, 0)
    last = _fill(numbers, LARGEST_NUMBER)
    if found["operator"] in (">", ">="):
        return first, highest
    if found["operator"] == "<":
        return lowest, _before(first)
    if found["operator"] == "<=":
        return lowest, last
    if found["operator"] == "^":
        return first, (first[0], LARGEST_NUMBER, LARGEST_NUMBER)
    if found["operator"] == "~":
        return first, _fill(numbers[:2], LARGEST_NUMBER)
    return first, last


def _fill(numbers: list[int], value: int) -> Number:
    major, minor, patch = [*numbers, value, value][:3]
    return major, minor, patch


def _before(number: Number) -> Number:
    """Return the largest version below a version."""
    major, minor, patch = number
    if patch:
        return major, minor, patch - 1
    if minor:
        return major, minor - 1, LARGEST_NUMBER
    return major - 1, LARGEST_NUMBER, LARGEST_NUMBER
