"""The shape of the database: what the server itself says of its tables."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing


@dataclass(frozen=True)
class Schema:
    """All tables of Nautobot's schema, in the server's own words."""

    columns: Listing
    """``table.column`` to type and nullability."""
    indexes: Listing
    """``table.index`` to its definition."""
    constraints: Listing
    """``table.constraint`` to its definition; NOT NULL stands with the column."""
