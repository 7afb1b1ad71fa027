"""The actual schema of the database, from the server's catalog."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing


@dataclass(frozen=True)
class Schema:
    """All tables of Nautobot's schema, as the server describes them."""

    columns: Listing
    """By ``table.column``: type and nullability."""
    indexes: Listing
    """By ``table.index``: the definition."""
    constraints: Listing
    """By ``table.constraint``: the definition. NOT NULL is part of the column."""
    invalid_indexes: tuple[str, ...] = ()
    """``table.index`` of each index that the server does not use, as after a failed build."""
    unvalidated_constraints: tuple[str, ...] = ()
    """``table.constraint`` of each constraint that the server does not enforce for all rows."""
    required_columns: tuple[str, ...] = ()
    """``table.column`` of each column that needs a value and has no default."""
    views: tuple[str, ...] = ()
    """Views, materialized views and foreign tables. One of them can have the name of a table of
    Nautobot."""
