"""Rows and indexes that make migrations of later releases fail."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class AffectedRows:
    """The number of affected rows, and the first affected rows."""

    count: int
    examples: tuple[str, ...] = ()
    """Descriptions of the first rows."""
    keys: tuple[str, ...] = ()
    """Primary keys of the first rows, if a command can use them."""


@dataclass(frozen=True)
class RenamedIndex:
    """A set of columns on which a migration expects exactly one index."""

    migration: str
    table: str
    columns: tuple[str, ...]
    matching_indexes: tuple[str, ...]


@dataclass(frozen=True)
class Data:
    """Results of queries on current rows. A result is unavailable if its tables do not exist."""

    dangling_cables: AffectedRows | Unavailable
    """Cables with a termination that no longer exists."""
    unsupported_cable_terminations: AffectedRows | Unavailable
    """Cables with a termination of a type that ``dcim.0089`` does not migrate."""
    duplicate_cable_terminations: AffectedRows | Unavailable
    """Terminations of more than one cable."""
    renamed_indexes: tuple[RenamedIndex, ...] | Unavailable
    empty_social_uids: AffectedRows | Unavailable
    """Rows of ``social_auth_usersocialauth`` with an empty ``uid``."""
    non_uuid_compliance_ids: AffectedRows | Unavailable
    """Data compliance rows of the Data Validation Engine App whose object id is not a UUID."""
    missing_validation_engine_columns: tuple[str, ...] | Unavailable
    """Missing columns (``table.column``) of that App, which a migration of Nautobot reads."""
    negated_group_filters: dict[str, tuple[str, ...]] | Unavailable
    """By name of a dynamic group: its negated filters."""
