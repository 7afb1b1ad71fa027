"""Compares two states and says of each difference whether it was to be expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..catalog import Catalog
from ..facts import Facts
from .contents import SECTION as CONTENTS
from .contents import differences_of_contents
from .difference import NotComparable
from .expectations import Expectations
from .listings import differences_of_listings
from .listings import sections as sections_of_listings


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
    for source in (
        differences_of_listings(before, after),
        differences_of_contents(before.contents, after.contents),
    ):
        for one in source:
            if isinstance(one, NotComparable):
                yield Change(
                    Kind.NOT_COMPARABLE,
                    one.section,
                    one.subject,
                    f"{one.subject} cannot be compared",
                    reason=one.reason,
                )
            elif not expectations.is_volatile(one):
                why = expectations.explain(one)
                lost = one.loses and not expectations.is_log(one)
                kind = Kind.EXPECTED if why else Kind.LOST if lost else Kind.UNEXPECTED
                broken = "" if why else expectations.broken_promise(one)
                yield Change(
                    kind,
                    one.section,
                    one.subject,
                    f"{one.story}; {broken}" if broken else one.story,
                    one.before or "",
                    one.after or "",
                    why.reason if why else "",
                    why.reference if why else "",
                )
