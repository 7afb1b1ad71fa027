"""The words about an operation that the schema refuses."""

import pytest

from nautobot_upgrade_jobs.checks.conflict_text import describe_conflict
from nautobot_upgrade_jobs.facts.schema_conflicts import (
    ObjectKind,
    SchemaConflict,
    SchemaObject,
)

TABLE = SchemaObject(ObjectKind.TABLE, "dcim_cabletype")
COLUMN = SchemaObject(ObjectKind.COLUMN, "ipam_namespace", "tenant_id")
INDEX = SchemaObject(ObjectKind.INDEX, "ipam_prefix", "by_name")
VIEW = SchemaObject(ObjectKind.VIEW, "dcim_cabletype")


def conflict(target, used_by=None):
    return SchemaConflict(target, "dcim.0086", "CreateModel", 3, used_by)


@pytest.mark.parametrize(
    ("found", "clause"),
    [
        (conflict(TABLE, TABLE), "the table dcim_cabletype already exists"),
        (
            conflict(COLUMN, COLUMN),
            "the column tenant_id of ipam_namespace already exists",
        ),
        (
            conflict(TABLE, VIEW),
            "the view dcim_cabletype already has the name dcim_cabletype",
        ),
        (
            conflict(INDEX),
            "the index by_name of ipam_prefix does not exist",
        ),
    ],
)
def test_describe_conflict_names_the_object(found, clause):
    assert describe_conflict(found) == clause
