"""Render differences as text. No decision depends on these texts."""

from __future__ import annotations

import re

from ..common.text import plural
from .difference import (
    Buckets,
    Difference,
    Item,
    NotComparable,
    Quantity,
    State,
    Unit,
    UnmetDataMove,
)

MAX_BUCKETS = 10
"""Maximum number of bucket numbers in a description."""
DIGEST = re.compile(r"(,? ?\b(digest|sha256) |, |^)[0-9a-f]{16,64}$")
"""A digest at the end of a description. Only the JSON report contains the digest."""


def describe_state(state: State | None) -> str:
    """Return a state as text. Empty if the object does not exist."""
    if state is None:
        return ""
    if isinstance(state, Item):
        return state.description
    count = plural(state.count, state.unit.value)
    return f"{count}, {state.fingerprint}" if state.fingerprint else count


def describe_difference(difference: Difference) -> str:
    """Return a difference as a sentence."""
    before, after = difference.before, difference.after
    state = after if before is None else before
    if not isinstance(state, Quantity):
        return _describe_items(difference)
    count = plural(state.count, state.unit.value)
    if before is None:
        return f"{difference.subject}: new, with {count}"
    if after is None:
        return f"{difference.subject}: missing, with {count}"
    if isinstance(before, Quantity) and isinstance(after, Quantity):
        if state.unit is Unit.ROWS:
            return f"{difference.subject}: {_describe_rows(before, after)}"
        return f"{difference.subject}: {_describe_values(difference, before, after)}"
    return _describe_items(difference)


def describe_not_comparable(entry: NotComparable) -> str:
    """Return a sentence that names the object that cannot be compared."""
    return f"{not_comparable_subject(entry)} cannot be compared"


def not_comparable_subject(entry: NotComparable) -> str:
    """Return the displayed name of the object that cannot be compared."""
    return f"{entry.subject} values" if entry.only_values else entry.subject


def describe_unmet_move(move: UnmetDataMove) -> str:
    """Return an incomplete move of data as a sentence."""
    return (
        f"{move.table} should contain {plural(move.expected_rows, 'row')} for it, "
        f"but contains {move.actual_rows}"
    )


def _describe_rows(before: Quantity, after: Quantity) -> str:
    count = plural(after.count, "row")
    if before.count == after.count:
        return f"{count} as before, but different ones, because rows were replaced"
    comparison = "fewer" if after.count < before.count else "more"
    return f"{count}, {abs(after.count - before.count)} {comparison} than before"


def _describe_values(difference: Difference, before: Quantity, after: Quantity) -> str:
    if difference.loses_data:
        missing = plural(before.count - after.count, "value")
        return f"{missing} fewer than the {before.count} before"
    if difference.buckets:
        return _describe_buckets(difference.buckets)
    if before.count != after.count:
        return f"{after.count - before.count} more values than before"
    return "the same rows, other values"


def _describe_buckets(buckets: Buckets) -> str:
    numbers = ", ".join(map(str, buckets.differing[:MAX_BUCKETS]))
    rest = " …" if len(buckets.differing) > MAX_BUCKETS else ""
    return (
        f"other values in {len(buckets.differing)} of {buckets.compared} buckets ({numbers}{rest})"
    )


def _describe_items(difference: Difference) -> str:
    name = difference.subject
    before, after = (
        DIGEST.sub("", describe_state(state)).strip()
        for state in (difference.before, difference.after)
    )
    if difference.before is None:
        return f"{name} is new: {after}" if after else f"{name} is new"
    if difference.after is None:
        return f"{name} is missing, before: {before}" if before else f"{name} is missing"
    if before == after:  # Only the digest differs.
        return f"{name} has changed: {after}" if after else f"{name} has changed"
    return f"{name} has changed from {before} to {after}"
