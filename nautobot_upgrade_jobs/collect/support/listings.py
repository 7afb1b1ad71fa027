"""Collect listings of objects. An error in one object is recorded as the result of this object."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ...facts import Listing, Unavailable
from ..context import attempt, guard
from .counted_objects import CountedObjects, Description, EvaluationError, build_listing

if TYPE_CHECKING:
    from django.contrib.contenttypes.models import ContentType
    from django.db.models import QuerySet

MAX_TEXT = 300
"""Number of characters that are kept of an error."""
BUDGET_SECONDS = 300
"""Time limit for all listings of a topic, because filters and templates of users can be slow."""

Items = Iterable[tuple[str, Description]]


def collect_listings(kinds: Mapping[str, Callable[[], Items]]) -> dict[str, Listing | Unavailable]:
    """Return the listing of each kind, or why it is unavailable."""
    end = time.monotonic() + BUDGET_SECONDS
    return {kind: _collect_listing(items, end) for kind, items in kinds.items()}


def _collect_listing(items: Callable[[], Items], end: float) -> Listing | Unavailable:
    descriptions: dict[str, Description] = {}
    with guard() as outcome:
        for name, description in items():
            if time.monotonic() > end:
                return Unavailable(f"the budget of {BUDGET_SECONDS} seconds was used up")
            descriptions[name] = description
    return outcome.failure or build_listing(descriptions)


def evaluate_or_error(function: Callable[[], Description]) -> Description:
    """Return the description of an object, or the error of the user's filter or template."""
    result = attempt(function, expected=Exception)
    if isinstance(result, Unavailable):
        return EvaluationError(result.reason[:MAX_TEXT])
    return result


def describe_members(queryset: QuerySet[Any], key: str = "pk") -> CountedObjects:
    """Return the number and a digest of the keys. Order does not matter. Memory is constant."""
    number = fingerprint = 0
    keys = queryset.order_by().values_list(key, flat=True).distinct()
    for member in keys.iterator(chunk_size=2000):
        number += 1
        fingerprint ^= int.from_bytes(blake2b(str(member).encode(), digest_size=8).digest(), "big")
    return CountedObjects(f"{number} members, {fingerprint:016x}", number)


def format_content_type(content_type: ContentType | None) -> str:
    """Return ``app_label.model``, or ``nothing``."""
    return f"{content_type.app_label}.{content_type.model}" if content_type else "nothing"
