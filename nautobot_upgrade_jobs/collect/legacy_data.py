"""Find rows of Nautobot 1.x that the migrations to 2.x refuse, lose or rename.

The statements run on every release of 1.x, through the code of the target. A table or a column that
a release does not have yet holds no such rows.
"""

# ruff: noqa: S608 - all statements consist of constants

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..facts.base import Unavailable
from ..facts.data import AffectedRows
from ..facts.legacy_data import NO_ROWS, LegacyData
from .context import Context, attempt
from .db.sql import MAX_EXAMPLES, count_with_examples, fetch_rows, list_columns

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

UNIQUE_NAMES = (
    *("dcim_virtualchassis", "extras_configcontext", "extras_configcontextschema"),
    "extras_exporttemplate",
)
"""Tables whose names become unique, without a migration that renames duplicates."""
LOCATION_QUERIES = {
    "sibling_names": (
        "dcim_site.region_id",
        "SELECT s.name FROM dcim_site s JOIN dcim_region r "
        "ON r.parent_id = s.region_id AND r.name = s.name",
    ),
    "root_location_names": (
        "dcim_location.site_id",
        "SELECT name FROM dcim_location WHERE parent_id IS NULL "
        "GROUP BY site_id, name HAVING count(*) > 1",
    ),
    "reserved_location_types": (
        "dcim_locationtype.name",
        "SELECT name FROM dcim_locationtype WHERE "
        "(name = 'Site' AND EXISTS (SELECT 1 FROM dcim_site)) "
        "OR (name = 'Region' AND EXISTS (SELECT 1 FROM dcim_region))",
    ),
    "global_regions": (
        "dcim_region.name",
        "SELECT name FROM dcim_region WHERE name = 'Global Region' "
        "AND EXISTS (SELECT 1 FROM dcim_site WHERE region_id IS NULL)",
    ),
}
"""What ``dcim.0034`` refuses: the column without which there are no such rows, and the query."""
ROLE_TABLES = ("dcim_devicerole", "dcim_rackrole", "ipam_role")
OWN_VALUES = re.compile(
    r"(name|q|id|serial|asset_tag|mac_address|vid|rd|cf_\w+|has_\w+|is_\w+)(__\w+)?"
)
"""Filters of dynamic groups that take no other object. The others take slugs in 1.x."""


def collect(context: Context) -> LegacyData:
    """Run every query on a database of 1.x. If one fails, only its own result is unavailable."""
    connection = context.connection
    if not list_columns(connection, "dcim_site"):
        return LegacyData()

    def find(needs: str, query: str) -> AffectedRows | Unavailable:
        return attempt(lambda: _find(connection, needs, query))

    return LegacyData(
        **{name: find(needs, query) for name, (needs, query) in LOCATION_QUERIES.items()},
        mixed_vrf_interfaces=find(
            "ipam_ipaddress.assigned_object_id", _mixed_vrf_query(connection)
        ),
        duplicate_names={
            table: find(
                f"{table}.name", f"SELECT name FROM {table} GROUP BY name HAVING count(*) > 1"
            )
            for table in UNIQUE_NAMES
        },
        schedules_without_user=find(
            "extras_scheduledjob.user_id",
            "SELECT name FROM extras_scheduledjob "
            f"WHERE user_id IS NULL AND {_has_user(connection)}",
        ),
        role_custom_fields=attempt(lambda: _find_role_custom_fields(connection)),
        renamed_keys=attempt(lambda: _find_renamed_keys(connection)),
        outdated_group_filters=attempt(lambda: _find_outdated_filters(connection)),
        addresses_without_prefix=find("ipam_ipaddress.host", _orphaned_address_query(connection)),
        duplicate_prefixes=find(
            "ipam_prefix.network",
            f"SELECT {_text(connection, 'network')} FROM ipam_prefix "
            "GROUP BY network, prefix_length HAVING count(*) > 1",
        ),
    )


def _find(connection: BaseDatabaseWrapper, needs: str, query: str) -> AffectedRows:
    """Return the rows of a query with one column of text.

    Args:
        connection: The read-only session.
        needs: ``table.column``. Without it, the release has no such rows.
        query: The query.
    """
    table, _, column = needs.partition(".")
    if column not in list_columns(connection, table):
        return NO_ROWS
    number, first = count_with_examples(connection, query)
    return AffectedRows(number, tuple(str(name) for (name,) in first))


def _count(names: list[str]) -> AffectedRows:
    return AffectedRows(len(names), tuple(names[:MAX_EXAMPLES]))


def _text(connection: BaseDatabaseWrapper, column: str) -> str:
    """Return the expression for a column with an address, which is stored as bytes."""
    return f"encode({column}, 'hex')" if connection.vendor == "postgresql" else f"hex({column})"


def _mixed_vrf_query(connection: BaseDatabaseWrapper) -> str:
    kind = "text" if connection.vendor == "postgresql" else "char"
    return (
        "SELECT assigned_object_id FROM ipam_ipaddress WHERE assigned_object_id IS NOT NULL "
        "GROUP BY assigned_object_type_id, assigned_object_id "
        f"HAVING count(DISTINCT coalesce(cast(vrf_id AS {kind}), '-')) > 1"
    )


def _has_user(connection: BaseDatabaseWrapper) -> str:
    """Return the condition that the arguments of a schedule name its user."""
    if connection.vendor == "postgresql":
        return "kwargs ->> 'user' IS NOT NULL"
    return "coalesce(json_type(json_extract(kwargs, '$.user')), 'NULL') <> 'NULL'"


def _orphaned_address_query(connection: BaseDatabaseWrapper) -> str:
    return (
        f"SELECT {_text(connection, 'i.host')} FROM ipam_ipaddress i WHERE NOT EXISTS "
        "(SELECT 1 FROM ipam_prefix p WHERE p.prefix_length <= i.prefix_length "
        "AND length(p.network) = length(i.host) AND p.network <= i.host AND p.broadcast >= i.host)"
    )


def _find_role_custom_fields(connection: BaseDatabaseWrapper) -> AffectedRows:
    names = [
        name
        for table in ROLE_TABLES
        for name, values in fetch_rows(connection, f"SELECT name, _custom_field_data FROM {table}")
        if any(value is not None for value in _parse(values).values())
    ]
    return _count(names)


def _find_renamed_keys(connection: BaseDatabaseWrapper) -> AffectedRows:
    """Return the keys that change. In 1.x, values are stored by the name of a custom field."""
    renamed = []
    for table, old in (("extras_customfield", "name"), ("extras_relationship", "slug")):
        if {old, "slug"} <= list_columns(connection, table):
            for key, slug in fetch_rows(connection, f"SELECT {old}, slug FROM {table} ORDER BY 1"):
                if key != (new := _build_key(slug)):
                    renamed.append(f"{table.partition('_')[2]} {key} → {new}")
    return _count(renamed)


def _build_key(slug: str) -> str:
    """Return the key that 2.0 makes of a slug: a name of GraphQL."""
    key = re.sub(r"\W", "_", slug.lower())
    return f"a{key}" if key[:1].isdecimal() else key


def _find_outdated_filters(connection: BaseDatabaseWrapper) -> AffectedRows:
    if "filter" not in list_columns(connection, "extras_dynamicgroup"):
        return NO_ROWS
    rows = fetch_rows(connection, "SELECT name, filter FROM extras_dynamicgroup ORDER BY name")
    names = [name for name, content in rows if any(_list_old_filters(_parse(content)))]
    return _count(names)


def _list_old_filters(content: dict[str, Any]) -> Iterator[str]:
    return (name for name in content if not OWN_VALUES.fullmatch(name))


def _parse(content: Any) -> dict[str, Any]:
    """Return a JSON object. The client library returns it as text or as a dict."""
    parsed = json.loads(content) if isinstance(content, (str, bytes)) else content
    return parsed if isinstance(parsed, dict) else {}
