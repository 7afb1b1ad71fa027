"""Descriptions of objects with their number, and the listing of such descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...facts import Listing


@dataclass(frozen=True)
class CountedObjects:
    """A description of objects, and their number."""

    description: str
    count: int
    is_user_data: bool = False
    """Whether users entered the objects. A smaller number is then a loss."""

    def with_prefix(self, prefix: str) -> CountedObjects:
        """Return the same objects with a longer description."""
        return replace(self, description=f"{prefix}{self.description}")


Description = str | CountedObjects


def build_listing(descriptions: Mapping[str, Description]) -> Listing:
    """Return the listing of the descriptions, with the numbers of counted objects."""
    counted = {
        name: objects
        for name, objects in descriptions.items()
        if isinstance(objects, CountedObjects)
    }
    return Listing(
        {
            name: text if isinstance(text, str) else text.description
            for name, text in descriptions.items()
        },
        {name: objects.count for name, objects in counted.items()},
        tuple(name for name, objects in counted.items() if objects.is_user_data),
    )
