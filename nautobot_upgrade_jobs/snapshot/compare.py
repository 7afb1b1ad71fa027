"""Compare two states and classify each difference as expected or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..catalog import Catalog
from ..facts import Facts
from . import text
from .difference import Difference, NotComparable, Quantity, State, Unit
from .expected_changes import ExpectedChanges
from .fingerprint_diff import SECTION as FINGERPRINTS
from .fingerprint_diff import fingerprint_differences
from .listing_diff import listing_differences
from .listing_diff import sections as listing_sections


class ChangeKind(Enum):
    """The classes of changes, by their meaning for the operator."""

    LOST = "lost"
    UNEXPECTED = "unexpected"
    EXPECTED = "expected"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class Change:
    """One change, or one object that could not be compared."""

    kind: ChangeKind
    section: str
    subject: str
    description: str
    before: str = ""
    after: str = ""
    reason: str = ""
    """Why the change was expected, or why the object cannot be compared."""
    reference: str = ""
    row_counts: tuple[int, int] | None = None
    """Number of rows of a table before and after; 0 if the table does not exist."""


def sections() -> tuple[str, ...]:
    """Return the names of all sections in display order."""
    return (*listing_sections(), FINGERPRINTS)


def compare(before: Facts, after: Facts, catalog: Catalog) -> tuple[Change, ...]:
    """Compare two states of an installation.

    Args:
        before: The older state.
        after: The newer state.
        catalog: The changes that releases are known to make.

    Returns:
        All changes except those of volatile data, in the order of the sections.
    """
    expected = ExpectedChanges(before, after, catalog)
    return tuple(_classified_changes(before, after, expected))


def _classified_changes(before: Facts, after: Facts, expected: ExpectedChanges) -> Iterator[Change]:
    reported = set()
    for entry in (
        *listing_differences(before, after),
        *fingerprint_differences(before.fingerprints, after.fingerprints),
    ):
        if isinstance(entry, Difference):
            change = _classify(entry, expected)
            if change is None or change.kind is not ChangeKind.EXPECTED:
                reported.add(entry.subject)
            if change:
                yield change
        # Skip a table whose rows are already reported. Rows of volatile tables may differ.
        elif not entry.only_values or entry.subject not in reported:
            yield _not_comparable(entry)


def _not_comparable(entry: NotComparable) -> Change:
    return Change(
        ChangeKind.NOT_COMPARABLE,
        entry.section,
        text.not_comparable_subject(entry),
        text.describe_not_comparable(entry),
        reason=entry.reason,
    )


def _classify(difference: Difference, expected: ExpectedChanges) -> Change | None:
    """Return the classified change. None if the data is volatile."""
    if expected.is_volatile(difference):
        return None
    description = text.describe_difference(difference)
    reason = reference = ""
    if explanation := expected.explain(difference):
        kind = ChangeKind.EXPECTED
        reason, reference = explanation.reason, explanation.reference
    else:
        is_loss = difference.loses_data and not expected.is_truncated_log(difference)
        kind = ChangeKind.LOST if is_loss else ChangeKind.UNEXPECTED
        if move := expected.unmet_data_move(difference):
            description = f"{description}. {text.describe_unmet_move(move)}"
    return Change(
        kind,
        difference.section,
        difference.subject,
        description,
        text.describe_state(difference.before),
        text.describe_state(difference.after),
        reason,
        reference,
        _row_counts(difference),
    )


def _row_counts(difference: Difference) -> tuple[int, int] | None:
    states = (difference.before, difference.after)
    if not any(isinstance(state, Quantity) and state.unit is Unit.ROWS for state in states):
        return None
    return _count(difference.before), _count(difference.after)


def _count(state: State | None) -> int:
    return state.count if isinstance(state, Quantity) else 0
