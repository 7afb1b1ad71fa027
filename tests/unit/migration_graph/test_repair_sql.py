"""SQL statements that repair schema drift."""

import pytest

from nautobot_upgrade_jobs.facts.migrations import Operation
from nautobot_upgrade_jobs.facts.schema_conflicts import ObjectKind, SchemaObject
from nautobot_upgrade_jobs.migration_graph.repair_sql import (
    rename_statements,
    repair_statements,
    undo_statements,
)
from nautobot_upgrade_jobs.migration_graph.schema_diff import actual_tables, schema_drift
from tests.support.builders import (
    PLAIN,
    UNIQUE,
    added,
    altered,
    model_table,
    removed,
    renamed,
    schema,
)

EXPECTED = {"dcim_device": model_table()}
NO_NAME = {
    "columns": {"dcim_device.name": None},
    "indexes": {"dcim_device.name_key": None},
    "constraints": {"dcim_device.name_key": None},
}
RACK_NAMES = ("rack_1a2b", "one_in_rack", "rack_fk")
NO_RACK = {
    "columns": {"dcim_device.rack_id": None},
    "indexes": {f"dcim_device.{name}": None for name in RACK_NAMES},
    "constraints": {f"dcim_device.{name}": None for name in RACK_NAMES},
}


@pytest.mark.parametrize(
    ("changes", "vendor", "statements"),
    [
        pytest.param(
            NO_RACK,
            "postgresql",
            (
                'ALTER TABLE "dcim_device" ADD COLUMN "rack_id" uuid;',
                "CREATE INDEX … (rack_id);",
                "ALTER … FOREIGN …;",
                "CREATE UNIQUE INDEX …;",
            ),
            id="missing column with constraints",
        ),
        pytest.param(
            NO_NAME,
            "postgresql",
            (
                'ALTER TABLE "dcim_device" ADD COLUMN "name" character varying(255);',
                'UPDATE "dcim_device" SET "name" = …;',
                'ALTER TABLE "dcim_device" ALTER COLUMN "name" SET NOT NULL;',
                "ALTER … UNIQUE (name);",
            ),
            id="missing NOT NULL column",
        ),
        pytest.param(
            {"columns": {"dcim_device.height": "integer"}},
            "postgresql",
            ('ALTER TABLE "dcim_device" ALTER COLUMN "height" SET NOT NULL;',),
            id="nullable column on PostgreSQL",
        ),
        pytest.param(
            {"columns": {"dcim_device.height": "integer"}},
            "mysql",
            ("ALTER TABLE `dcim_device` MODIFY `height` integer NOT NULL;",),
            id="nullable column on MySQL",
        ),
        pytest.param(
            {"columns": {"dcim_device.height": "bigint not null"}},
            "postgresql",
            (
                'ALTER TABLE "dcim_device" ALTER COLUMN "height" TYPE integer '
                'USING "height"::integer;',
            ),
            id="other type",
        ),
        pytest.param(
            {
                "columns": {"dcim_device.extra": "text not null"},
                "required_columns": ("dcim_device.extra",),
            },
            "postgresql",
            ('ALTER TABLE "dcim_device" ALTER COLUMN "extra" DROP NOT NULL;',),
            id="extra column that needs a value",
        ),
        pytest.param(
            {
                "columns": {"dcim_device.extra": "varchar(9) not null"},
                "required_columns": ("dcim_device.extra",),
            },
            "mysql",
            ("ALTER TABLE `dcim_device` MODIFY `extra` varchar(9) NULL;",),
            id="extra column that needs a value, MySQL",
        ),
        pytest.param(
            {"columns": {"dcim_device.extra": "text"}},
            "postgresql",
            ('ALTER TABLE "dcim_device" DROP COLUMN "extra";',),
            id="extra column",
        ),
        pytest.param(
            {"indexes": {"dcim_device.rack_1a2b": None}},
            "mysql",
            ("CREATE INDEX … (rack_id);",),
            id="missing index",
        ),
        pytest.param(
            {"constraints": {"dcim_device.mine": "UNIQUE (name, height)"}},
            "postgresql",
            ('ALTER TABLE "dcim_device" DROP CONSTRAINT "mine";',),
            id="extra constraint",
        ),
        pytest.param(
            {"indexes": {"dcim_device.mine": UNIQUE.format("mine", "name, height")}},
            "postgresql",
            ('DROP INDEX "mine";',),
            id="extra unique index",
        ),
        pytest.param(
            {"invalid_indexes": ("dcim_device.rack_1a2b",)},
            "postgresql",
            ('REINDEX INDEX "rack_1a2b";',),
            id="invalid index",
        ),
        pytest.param(
            {"unvalidated_constraints": ("dcim_device.height_check",)},
            "mysql",
            ("ALTER TABLE `dcim_device` ALTER CHECK `height_check` ENFORCED;",),
            id="unenforced check",
        ),
    ],
)
def test_repair_statements_restore_expected_schema(changes, vendor, statements):
    (drift,) = schema_drift(EXPECTED, actual_tables(schema(**changes)))
    assert repair_statements(drift, EXPECTED["dcim_device"], vendor) == statements


@pytest.mark.parametrize(
    ("constraints", "statement"),
    [
        pytest.param(
            {"dcim_device.device_name_uniq": "UNIQUE (height)"},
            'ALTER TABLE "dcim_device" DROP CONSTRAINT "device_name_uniq";',
            id="constraint with its index",
        ),
        pytest.param({}, 'DROP INDEX "device_name_uniq";', id="index only"),
    ],
)
def test_repair_statements_other_constraint_is_dropped_before_its_index(constraints, statement):
    actual = actual_tables(
        schema(
            indexes={
                "dcim_device.name_key": None,
                "dcim_device.device_name_uniq": UNIQUE.format("device_name_uniq", "height"),
            },
            constraints={"dcim_device.name_key": None} | constraints,
        )
    )
    (drift,) = (drift for drift in schema_drift(EXPECTED, actual) if drift.kind == "other")
    assert repair_statements(drift, EXPECTED["dcim_device"], "postgresql") == (
        statement,
        "ALTER … UNIQUE (name);",
    )


PART = Operation("CreateModel", (added("dcim_part"),))
WITH_ROWS = Operation("CreateModel", (added("dcim_filled"),))
PART_FIELD = Operation("AddField", (added("dcim_device", "part"),))
M2M_FIELD = Operation("AddField", (added("dcim_device_parts"),))
INDEX = Operation("AddIndex", (altered("dcim_device"),), "part_idx")
REMOVE_HEIGHT = Operation("RemoveField", (removed("dcim_device", "height"),))
RENAME_NAME = Operation("RenameField", (renamed("dcim_device", "name", to="label"),))


@pytest.mark.parametrize(
    ("applied", "vendor", "statements"),
    [
        pytest.param((WITH_ROWS,), "postgresql", (), id="table with rows"),
        pytest.param((PART,), "postgresql", ('DROP TABLE "dcim_part";',), id="table"),
        pytest.param(
            (PART, PART_FIELD),
            "mysql",
            (
                "ALTER TABLE `dcim_device` DROP FOREIGN KEY `part_fk`;",
                "ALTER TABLE `dcim_device` DROP COLUMN `part_id`;",
                "DROP TABLE `dcim_part`;",
            ),
            id="foreign key on MySQL",
        ),
        pytest.param((INDEX,), "postgresql", ('DROP INDEX "part_idx";',), id="index"),
        pytest.param((M2M_FIELD,), "mysql", ("DROP TABLE `dcim_device_parts`;",), id="m2m table"),
        pytest.param((PART, RENAME_NAME), "mysql", (), id="renamed column"),
        pytest.param((REMOVE_HEIGHT,), "postgresql", (), id="removed column"),
    ],
)
def test_undo_statements_remove_additions_only(applied, vendor, statements):
    actual = actual_tables(
        schema(
            columns={"dcim_part.id": "uuid not null", "dcim_device.part_id": "uuid"},
            indexes={"dcim_device.part_idx": PLAIN.format("part_idx", "part_id")},
            constraints={"dcim_device.part_fk": "FOREIGN KEY (part_id) REFERENCES dcim_part(id)"},
        )
    )
    assert undo_statements(applied, actual, {"dcim_filled"}, vendor) == statements


TABLE = SchemaObject(ObjectKind.TABLE, "dcim_cabletype")
COLUMN = SchemaObject(ObjectKind.COLUMN, "ipam_namespace", "tenant_id")
INDEX = SchemaObject(ObjectKind.INDEX, "ipam_prefix", "by_name")
CONSTRAINT = SchemaObject(ObjectKind.CONSTRAINT, "ipam_prefix", "positive")


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
    assert rename_statements(used_by, "postgresql") == (postgresql,)
    assert rename_statements(used_by, "mysql") == ((mysql,) if mysql else ())


def test_rename_statements_quote_and_shorten_names():
    name = 'a"b' + "x" * 60
    target = SchemaObject(ObjectKind.TABLE, name)
    (statement,) = rename_statements(target, "postgresql")
    new = statement.rpartition(" TO ")[2].strip('";').replace('""', '"')
    assert (len(new), new.endswith("_before_upgrade"), '"a""b' in statement) == (63, True, True)
