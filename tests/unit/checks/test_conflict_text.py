"""The words about an operation that the schema refuses, and the statements that make room."""

import pytest

from nautobot_upgrade_jobs.checks.conflict_text import describe_conflict, rename_statements
from nautobot_upgrade_jobs.facts.schema_conflicts import (
    ConflictKind,
    ObjectKind,
    SchemaConflict,
    SchemaObject,
)

TABLE = SchemaObject(ObjectKind.TABLE, "dcim_cabletype")
COLUMN = SchemaObject(ObjectKind.COLUMN, "ipam_namespace", "tenant_id")
INDEX = SchemaObject(ObjectKind.INDEX, "ipam_prefix", "by_name")
CONSTRAINT = SchemaObject(ObjectKind.CONSTRAINT, "ipam_prefix", "positive")
VIEW = SchemaObject(ObjectKind.VIEW, "dcim_cabletype")


def conflict(kind, target, used_by=None):
    return SchemaConflict(kind, target, "dcim.0086", "CreateModel", 3, used_by)


@pytest.mark.parametrize(
    ("found", "clause"),
    [
        (conflict(ConflictKind.EXISTS, TABLE, TABLE), "the table dcim_cabletype already exists"),
        (
            conflict(ConflictKind.EXISTS, COLUMN, COLUMN),
            "the column tenant_id of ipam_namespace already exists",
        ),
        (
            conflict(ConflictKind.EXISTS, TABLE, VIEW),
            "the view dcim_cabletype already has the name dcim_cabletype",
        ),
        (
            conflict(ConflictKind.MISSING, INDEX),
            "the index by_name of ipam_prefix does not exist",
        ),
    ],
)
def test_describe_conflict_names_the_object(found, clause):
    assert describe_conflict(found) == clause


@pytest.mark.parametrize(
    ("used_by", "postgresql", "mysql"),
    [
        (
            TABLE,
            'ALTER TABLE "dcim_cabletype" RENAME TO "dcim_cabletype_before_upgrade";',
            "ALTER TABLE `dcim_cabletype` RENAME TO `dcim_cabletype_before_upgrade`;",
        ),
        (
            COLUMN,
            'ALTER TABLE "ipam_namespace" RENAME COLUMN "tenant_id" TO "tenant_id_before_upgrade";',
            "ALTER TABLE `ipam_namespace` RENAME COLUMN `tenant_id` TO `tenant_id_before_upgrade`;",
        ),
        (
            INDEX,
            'ALTER INDEX "by_name" RENAME TO "by_name_before_upgrade";',
            "ALTER TABLE `ipam_prefix` RENAME INDEX `by_name` TO `by_name_before_upgrade`;",
        ),
        (
            CONSTRAINT,
            'ALTER TABLE "ipam_prefix" RENAME CONSTRAINT "positive" TO "positive_before_upgrade";',
            None,
        ),
    ],
)
def test_rename_statements_rename_the_object_that_has_the_name(used_by, postgresql, mysql):
    found = conflict(ConflictKind.EXISTS, used_by, used_by)
    assert rename_statements(found, "postgresql") == (postgresql,)
    assert rename_statements(found, "mysql") == ((mysql,) if mysql else ())


def test_rename_statements_for_a_missing_object_are_none():
    assert rename_statements(conflict(ConflictKind.MISSING, TABLE), "postgresql") == ()


def test_rename_statements_quote_and_shorten_names():
    name = 'a"b' + "x" * 60
    target = SchemaObject(ObjectKind.TABLE, name)
    (statement,) = rename_statements(conflict(ConflictKind.EXISTS, target, target), "postgresql")
    new = statement.rpartition(" TO ")[2].strip('";').replace('""', '"')
    assert (len(new), new.endswith("_before_upgrade"), '"a""b' in statement) == (63, True, True)
