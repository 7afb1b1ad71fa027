"""Rows of Nautobot 1.x that the migrations to 2.x refuse, lose or rename."""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import Unavailable
from .data import AffectedRows

NO_ROWS = AffectedRows(0)


@dataclass(frozen=True)
class LegacyData:
    """Results of queries on rows of 1.x. A release without the tables has no such rows."""

    sibling_names: AffectedRows | Unavailable = NO_ROWS
    """Sites that have the name of a region in their own region."""
    root_location_names: AffectedRows | Unavailable = NO_ROWS
    """Names of several locations without a parent in one site."""
    reserved_location_types: AffectedRows | Unavailable = NO_ROWS
    """Location types with the name ``Region`` or ``Site``."""
    global_regions: AffectedRows | Unavailable = NO_ROWS
    """Regions with the name that ``dcim.0034`` gives to the region of sites without one."""
    mixed_vrf_interfaces: AffectedRows | Unavailable = NO_ROWS
    """Interfaces whose addresses are in different VRFs, or only some of them in a VRF."""
    duplicate_names: dict[str, AffectedRows | Unavailable] = field(default_factory=dict)
    """By table: names that several rows have, and that must be unique."""
    schedules_without_user: AffectedRows | Unavailable = NO_ROWS
    """Schedules whose user was deleted."""
    role_custom_fields: AffectedRows | Unavailable = NO_ROWS
    """Roles of devices, racks and prefixes that have values of custom fields."""
    renamed_keys: AffectedRows | Unavailable = NO_ROWS
    """Custom fields and relationships whose key changes, with the new key."""
    outdated_group_filters: AffectedRows | Unavailable = NO_ROWS
    """Dynamic groups with filters by the slugs of other objects."""
    addresses_without_prefix: AffectedRows | Unavailable = NO_ROWS
    """Addresses that are in no prefix."""
    duplicate_prefixes: AffectedRows | Unavailable = NO_ROWS
    """Networks that several prefixes have."""
