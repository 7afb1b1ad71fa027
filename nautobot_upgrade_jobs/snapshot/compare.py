"""Compares two states and says of each difference whether it was to be expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..catalog import Catalog
from ..facts import Facts
from .difference import Difference
from .expected_changes import Expectations
from .fingerprint_diff import SECTION as CONTENTS
from .fingerprint_diff import VALUES, differences_of_contents
from .listing_diff import differences_of_listings
from .listing_diff import sections as sections_of_listings


class Kind(Enum):
    """What a change is to the one who reads of it."""

    LOST = "lost"
    UNEXPECTED = "unexpected"
    EXPECTED = "expected"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class Change:
    """One thing that changed, or of which nobody can say so."""

    kind: Kind
    section: str
    subject: str
    story: str
    before: str = ""
    after: str = ""
    reason: str = ""
    """Why it was to be expected, or why it cannot be compared."""
    reference: str = ""


def sections() -> tuple[str, ...]:
    """Return the names of all sections, in the order they are shown."""
    return (*sections_of_listings(), CONTENTS)


def compare(before: Facts, after: Facts, catalog: Catalog) -> tuple[Change, ...]:
    """Compare two states of an installation.

    Args:
        before: The older one.
        after: The newer one.
        catalog: What releases are known to change.

    Returns:
        All changes but those of volatile things, in the order of the sections.
    """
    expectations = Expectations(before, after, catalog)
    return tuple(_changes(before, after, expectations))


def _changes(before: Facts, after: Facts, expectations: Expectations) -> Iterator[Change]:
    told = set()
    for one in (
        *differences_of_listings(before, after),
        *differences_of_contents(before.fingerprints, after.fingerprints),
    ):
        if isinstance(one, Difference):
            if change := _judged(one, expectations):
                if change.kind is not Kind.EXPECTED:
                    told.add(change.subject)
                yield change
        elif one.subject.removesuffix(VALUES) not in told or not one.subject.endswith(VALUES):
            story = f"{one.subject} cannot be compared"
            yield Change(Kind.NOT_COMPARABLE, one.section, one.subject, story, reason=one.reason)


def _judged(one: Difference, expectations: Expectations) -> Change | None:
    """Return a difference as a change; None if it says nothing."""
    if expectations.is_volatile(one):
        return None
    before, after = one.before or "", one.after or ""
    if why := expectations.explain(one):
        told = (why.reason, why.reference)
        return Change(Kind.EXPECTED, one.section, one.subject, one.story, before, after, *told)
    kind = Kind.LOST if one.loses and not expectations.is_log(one) else Kind.UNEXPECTED
    broken = expectations.broken_promise(one)
    story = f"{one.story}; {broken}" if broken else one.story
    return Change(kind, one.section, one.subject, story, before, after)
