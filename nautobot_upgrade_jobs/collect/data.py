"""Queries for rows and indexes that migrations of later releases stumble over.

Where a query's tables or columns are not there (an App that is not installed, a release that has
moved them), the answer is missing, and the check that needs it does not apply or says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from ..catalog import load
from ..facts import Data
from ..facts.data import RenamedIndex, Rows
from . import Context, attempt
from .sql import columns_of, rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

EXAMPLES = 10


def collect(context: Context) -> Data:
    """Ask every question; each may be missing without the others."""
    connection = context.connection
    return Data(
        dangling_cables=attempt(lambda: _dangling_cables(connection)),
        foreign_cable_ends=attempt(lambda: _foreign_cable_ends(connection)),
        shared_cable_ends=attempt(lambda: _shared_cable_ends(connection)),
        renamed_indexes=attempt(lambda: _renamed_indexes(connection)),
        empty_social_uids=attempt(lambda: _empty_social_uids(connection)),
        foreign_compliance_ids=attempt(lambda: _foreign_compliance_ids(connection)),
    )


def _ends() -> str:
    """Return both ends of all cables as one list of (cable, type, id)."""
    return " UNION ALL ".join(
        f"SELECT c.id AS cable, ct.app_label, ct.model, c.termination_{side}_id AS end_id "  # noqa: S608
        f"FROM dcim_cable c JOIN django_content_type ct ON ct.id = c.termination_{side}_type_id"
        for side in "ab"
    )


def _dangling_cables(connection: BaseDatabaseWrapper) -> Rows:
    quote = connection.ops.quote_name
    query = " UNION ALL ".join(
        f"SELECT e.cable, e.app_label, e.model, e.end_id FROM ({_ends()}) e "  # noqa: S608
        f"LEFT JOIN {quote(table)} t ON t.id = e.end_id "
        f"WHERE e.app_label = '{label}' AND e.model = '{model}' AND t.id IS NULL"
        for (label, model), table in _termination_tables().items()
    )
    found = rows(connection, query)
    return _cables(
        [(cable, f"{label}.{model} {_uuid(end)} is gone") for cable, label, model, end in found]
    )


def _foreign_cable_ends(connection: BaseDatabaseWrapper) -> Rows:
    carried = ", ".join(f"'{label}.{model}'" for label, model in _termination_tables())
    found = rows(
        connection,
        f"SELECT e.cable, e.app_label, e.model FROM ({_ends()}) e "  # noqa: S608 - catalog names
        f"WHERE concat(e.app_label, '.', e.model) NOT IN ({carried})",
    )
    return _cables([(cable, f"{label}.{model}") for cable, label, model in found])


def _cables(ends: list[tuple[object, str]]) -> Rows:
    """Sum up cable ends by cable; both ends of one can be concerned."""
    cables = list(dict.fromkeys(_uuid(cable) for cable, _ in ends))
    examples = tuple(f"cable {_uuid(cable)}: {text}" for cable, text in ends[:EXAMPLES])
    return Rows(len(cables), examples, tuple(cables[:EXAMPLES]))


def _shared_cable_ends(connection: BaseDatabaseWrapper) -> Rows:
    found = rows(
        connection,
        f"SELECT e.app_label, e.model, e.end_id FROM ({_ends()}) e "  # noqa: S608 - constants only
        "GROUP BY e.app_label, e.model, e.end_id HAVING count(*) > 1",
    )
    return Rows(
        len(found), tuple(f"{label}.{model} {_uuid(end)}" for label, model, end in found[:EXAMPLES])
    )


def _renamed_indexes(connection: BaseDatabaseWrapper) -> tuple[RenamedIndex, ...]:
    found = []
    for expected in load().unique_indexes:
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(cursor, expected.table)
        names = [
            name
            for name, one in constraints.items()
            # What Django's own RenameIndex looks for.
            if one["index"] and not one["unique"] and tuple(one["columns"]) == expected.columns
        ]
        found.append(
            RenamedIndex(expected.migration, expected.table, expected.columns, tuple(sorted(names)))
        )
    return tuple(found)


def _empty_social_uids(connection: BaseDatabaseWrapper) -> Rows:
    found = rows(connection, "SELECT id FROM social_auth_usersocialauth WHERE uid = '' ORDER BY id")
    return Rows(len(found), tuple(f"id {id_}" for (id_,) in found[:EXAMPLES]))


def _foreign_compliance_ids(connection: BaseDatabaseWrapper) -> Rows:
    table = "nautobot_data_validation_engine_datacompliance"
    if not columns_of(connection, table):
        return Rows(0)
    found = [
        text
        for (text,) in rows(connection, f"SELECT DISTINCT object_id FROM {table}")  # noqa: S608
        if not _is_uuid(str(text))
    ]
    return Rows(len(found), tuple(str(text) for text in found[:EXAMPLES]))


def _termination_tables() -> dict[tuple[str, str], str]:
    return {
        (label, model): table
        for name, table in load().cable_terminations.items()
        for label, _, model in [name.partition(".")]
    }


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _uuid(raw: object) -> str:
    return str(UUID(str(raw)))
