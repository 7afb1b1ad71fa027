"""Rows and indexes that migrations of later releases stumble over."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class AffectedRows:
    """How many rows are concerned, and the first of them."""

    count: int
    examples: tuple[str, ...] = ()
    """A description of each of the first rows."""
    keys: tuple[str, ...] = ()
    """Primary keys of the first rows, where a command can use them."""


@dataclass(frozen=True)
class RenamedIndex:
    """A column set on which a migration expects exactly one index."""

    migration: str
    table: str
    columns: tuple[str, ...]
    matching_indexes: tuple[str, ...]


@dataclass(frozen=True)
class Data:
    """Results of read-only queries over live rows; each is missing where its tables are."""

    dangling_cables: AffectedRows | Unavailable
    """Cables with an end whose row no longer exists."""
    unsupported_cable_terminations: AffectedRows | Unavailable
    """Cables with an end of a type that ``dcim.0089`` does not carry over."""
    duplicate_cable_terminations: AffectedRows | Unavailable
    """Terminations that two cables claim."""
    renamed_indexes: tuple[RenamedIndex, ...] | Unavailable
    empty_social_uids: AffectedRows | Unavailable
    """Rows of ``social_auth_usersocialauth`` with an empty ``uid``."""
    non_uuid_compliance_ids: AffectedRows | Unavailable
    """Data compliance rows of the Data Validation Engine App whose object id is no UUID."""
    missing_validation_engine_columns: tuple[str, ...] | Unavailable
    """``table.column`` of that App that core reads to take the data over, and that is missing."""
    negated_group_filters: AffectedRows | Unavailable
    """Dynamic groups whose filter leaves something out."""
