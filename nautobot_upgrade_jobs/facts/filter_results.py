"""The objects that stored filters and constraints select. An upgrade can change the selection."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable

FILTER_KINDS = {
    "dynamic_groups": "dynamic group",
    "object_permissions": "object permission",
    "saved_views": "saved view",
}
"""By section: the objects that have the filters."""


@dataclass(frozen=True)
class FilterResults:
    """By filter or constraint: the number of selected objects, and a digest of their keys."""

    dynamic_groups: Listing | Unavailable
    """By name: the members, computed from the filter. The members of static groups are stored."""
    object_permissions: Listing | Unavailable
    """By name and model: the matching objects. By name: the users and groups."""
    saved_views: Listing | Unavailable
    """By view, name and owner: the objects that the view lists. Without filters it has no entry."""
