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
    fields: tuple[str, ...] = ()
    """The fields that the filter of the objects reads, as ``app_label.model.field``."""

    def with_prefix(self, prefix: str) -> CountedObjects:
        """Return the same objects with a longer description."""
        return replace(self, description=f"{prefix}{self.description}")


@dataclass(frozen=True)
class EvaluationError:
    """Why a filter or a template could not be evaluated."""

    reason: str
    prefix: str = ""

    @property
    def description(self) -> str:
        """The text that a listing shows."""
        return f"{self.prefix}error: {self.reason}"

    def with_prefix(self, prefix: str) -> EvaluationError:
        """Return the same error with a longer description."""
        return replace(self, prefix=f"{prefix}{self.prefix}")


Description = str | CountedObjects | EvaluationError


def add_prefix(prefix: str, description: Description) -> Description:
    """Return the description with a text before it."""
    if isinstance(description, str):
        return f"{prefix}{description}"
    return description.with_prefix(prefix)


def build_listing(descriptions: Mapping[str, Description]) -> Listing:
    """Return the listing of the descriptions, with the numbers and the errors of objects."""
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
        {
            name: error.reason
            for name, error in descriptions.items()
            if isinstance(error, EvaluationError)
        },
        {name: objects.fields for name, objects in counted.items() if objects.fields},
    )
