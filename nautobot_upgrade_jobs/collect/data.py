"""Find rows and indexes that make migrations of later releases fail.

A result is unavailable if its tables or columns do not exist, because an App is not installed or
because another release moved them. The check that needs the result then does not apply, or it
reports the reason.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from uuid import UUID

from ..catalog import load_catalog
from ..facts import Data, Unavailable
from ..facts.data import AffectedRows, RenamedIndex
from .context import Context, attempt
from .db.sql import count_with_examples, fetch_rows, list_columns

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

DATA_COMPLIANCE_TABLE = "nautobot_data_validation_engine_datacompliance"
NEGATED_LOOKUP = re.compile(r"__n(e|ie|ic|isw|iew|re|ire)?$")
"""Names of Nautobot's negated filters: ``name__n``, ``name__nic`` and so on."""
UUID_PATTERN = "^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$"


def collect(context: Context) -> Data:
    """Run every query. If a query fails, only its own result is unavailable."""
    connection = context.connection
    return Data(
        dangling_cables=attempt(lambda: _find_dangling_cables(connection)),
        unsupported_cable_terminations=attempt(
            lambda: _find_unsupported_cable_terminations(connection)
        ),
        duplicate_cable_terminations=attempt(
            lambda: _find_duplicate_cable_terminations(connection)
        ),
        renamed_indexes=attempt(lambda: _find_ambiguous_indexes(connection)),
        empty_social_uids=attempt(lambda: _find_empty_social_uids(connection)),
        non_uuid_compliance_ids=attempt(lambda: _find_non_uuid_compliance_ids(connection)),
        missing_validation_engine_columns=attempt(lambda: _find_missing_engine_columns(connection)),
        negated_group_filters=attempt(lambda: _find_negated_group_filters(connection)),
    )


def _terminations_query() -> str:
    """Return a query for both ends of all cables: (cable, app_label, model, end_id)."""
    return " UNION ALL ".join(
        f"SELECT c.id AS cable, ct.app_label, ct.model, c.termination_{side}_id AS end_id "  # noqa: S608
        f"FROM dcim_cable c JOIN django_content_type ct ON ct.id = c.termination_{side}_type_id"
        for side in "ab"
    )


def _count_cables(connection: BaseDatabaseWrapper, ends: str, note: str = "") -> AffectedRows:
    """Count the cables in a query of (cable, app_label, model, end_id).

    The query may contain both ends of a cable.
    """
    number, first = count_with_examples(
        connection,
        "SELECT cable, min(concat(app_label, '.', model, ' ', end_id)) AS end_ "  # noqa: S608
        f"FROM ({ends}) ends GROUP BY cable",
    )
    keys = tuple(_normalize_uuid(cable) for cable, _ in first)
    return AffectedRows(
        number,
        tuple(f"cable {key}: {end}{note}" for key, (_, end) in zip(keys, first, strict=True)),
        keys,
    )


def _find_dangling_cables(connection: BaseDatabaseWrapper) -> AffectedRows:
    quote = connection.ops.quote_name
    return _count_cables(
        connection,
        " UNION ALL ".join(
            f"SELECT e.* FROM ({_terminations_query()}) e "  # noqa: S608
            f"LEFT JOIN {quote(table)} t ON t.id = e.end_id "
            f"WHERE e.app_label = '{label}' AND e.model = '{model}' AND t.id IS NULL"
            for (label, model), table in _termination_tables().items()
        ),
        " does not exist",
    )


def _find_unsupported_cable_terminations(connection: BaseDatabaseWrapper) -> AffectedRows:
    migrated = ", ".join(f"'{label}.{model}'" for label, model in _termination_tables())
    return _count_cables(
        connection,
        f"SELECT e.* FROM ({_terminations_query()}) e "  # noqa: S608 - names from the catalog
        f"WHERE concat(e.app_label, '.', e.model) NOT IN ({migrated})",
    )


def _find_duplicate_cable_terminations(connection: BaseDatabaseWrapper) -> AffectedRows:
    number, first = count_with_examples(
        connection,
        f"SELECT e.app_label, e.model, e.end_id FROM ({_terminations_query()}) e "  # noqa: S608 - constants only
        "GROUP BY e.app_label, e.model, e.end_id HAVING count(*) > 1",
    )
    return AffectedRows(
        number, tuple(f"{label}.{model} {_normalize_uuid(end)}" for label, model, end in first)
    )


def _find_ambiguous_indexes(
    connection: BaseDatabaseWrapper,
) -> tuple[RenamedIndex, ...] | Unavailable:
    if list_columns(connection, "dcim_site"):
        return Unavailable("migrations of 2.x create these indexes, and have not run")
    indexes = []
    for expected in load_catalog().index_renames:
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(cursor, expected.table)
        names = [
            name
            for name, constraint in constraints.items()
            # Django's RenameIndex selects indexes in the same way.
            if constraint["index"]
            and not constraint["unique"]
            and tuple(constraint["columns"]) == expected.columns
        ]
        indexes.append(
            RenamedIndex(expected.migration, expected.table, expected.columns, tuple(sorted(names)))
        )
    return tuple(indexes)


def _find_empty_social_uids(connection: BaseDatabaseWrapper) -> AffectedRows:
    number, first = count_with_examples(
        connection, "SELECT id FROM social_auth_usersocialauth WHERE uid = ''"
    )
    return AffectedRows(number, tuple(f"id {id_}" for (id_,) in first))


def _find_non_uuid_compliance_ids(connection: BaseDatabaseWrapper) -> AffectedRows:
    if not list_columns(connection, DATA_COMPLIANCE_TABLE):
        return AffectedRows(0)
    differs = "!~*" if connection.vendor == "postgresql" else "NOT REGEXP"
    number, first = count_with_examples(
        connection,
        f"SELECT id, object_id FROM {DATA_COMPLIANCE_TABLE} "  # noqa: S608
        f"WHERE object_id {differs} '{UUID_PATTERN}'",
    )
    return AffectedRows(number, tuple(f"object_id {text!r}" for _, text in first))


def _find_missing_engine_columns(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    missing = []
    for table, expected in load_catalog().merged_app_columns.items():
        columns = list_columns(connection, table)
        if columns:
            missing += [f"{table}.{name}" for name in expected if name not in columns]
    return tuple(missing)


def _find_negated_group_filters(connection: BaseDatabaseWrapper) -> dict[str, tuple[str, ...]]:
    groups = fetch_rows(
        connection,
        "SELECT name, filter FROM extras_dynamicgroup WHERE group_type = 'dynamic-filter' "
        "ORDER BY name",
    )
    negated_groups = {}
    for name, stored in groups:
        filters = json.loads(stored) if isinstance(stored, (str, bytes)) else stored
        negated = tuple(sorted(key for key in filters or () if NEGATED_LOOKUP.search(key)))
        if negated:
            negated_groups[str(name)] = negated
    return negated_groups


def _termination_tables() -> dict[tuple[str, str], str]:
    return {
        (label, model): table
        for name, table in load_catalog().cable_terminations.items()
        for label, _, model in [name.partition(".")]
    }


def _normalize_uuid(raw: object) -> str:
    return str(UUID(str(raw)))
