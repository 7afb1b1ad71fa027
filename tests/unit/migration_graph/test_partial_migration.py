"""How far a migration has come that is not recorded."""

import pytest

from nautobot_upgrade_jobs.facts.migrations import Migration, Operation
from nautobot_upgrade_jobs.migration_graph.history import History
from nautobot_upgrade_jobs.migration_graph.partial_migration import begun
from nautobot_upgrade_jobs.migration_graph.repair_sql import taken_back
from nautobot_upgrade_jobs.migration_graph.schema_diff import live_tables
from tests.support.builders import PLAIN, migration, migrations, model_table, schema

PART = Operation("CreateModel", ("dcim_part",))
FILLED = Operation("CreateModel", ("dcim_filled",))
PARTS_FIELD = Operation("AddField", ("dcim_device.part",))
PARTS = Operation("AddField", ("dcim_device_parts",))  # many-to-many
INDEX = Operation("AddIndex", ("dcim_device.",), "part_idx")
FILL = Operation("RunPython")
NO_HEIGHT = Operation("RemoveField", ("-dcim_device.height",))
RENAMED = Operation("RenameField", ("dcim_device.name>dcim_device.label",))
NO_FORMER = Operation("RemoveField", ("-dcim_device.former",))

EXPECTED = {"dcim_device": model_table()}
PART_TABLE = {"dcim_part.id": "uuid not null"}
PART_COLUMN = {"dcim_device.part_id": "uuid"}
PART_INDEX = {"dcim_device.part_idx": PLAIN.format("part_idx", "part_id")}


def progress(*operations, **changes):
    first = migration("dcim.0001_initial")
    second = Migration("dcim.0002_parts", (first.key,), (), operations)
    history = History(migrations((first, second), (first.key,)))
    return begun(history, live_tables(schema(**changes)), EXPECTED)


@pytest.mark.parametrize(
    ("operations", "columns", "indexes", "done", "left"),
    [
        ((PART, PARTS_FIELD), PART_TABLE, {}, (0,), (1,)),
        ((PART, PARTS_FIELD), PART_TABLE | PART_COLUMN, {}, (0, 1), ()),
        ((PART, FILL, PARTS_FIELD, INDEX), PART_TABLE | PART_COLUMN, {}, (0, 2), (3,)),
        ((PART, PARTS_FIELD, INDEX), PART_TABLE | PART_COLUMN, PART_INDEX, (0, 1, 2), ()),
        ((PARTS, PART), {"dcim_device_parts.id": "integer"}, {}, (0,), (1,)),
        ((NO_HEIGHT, PART), {"dcim_device.height": None}, {}, (0,), (1,)),
        (
            (RENAMED, PART),
            {"dcim_device.name": None, "dcim_device.label": "text"},
            {},
            (0,),
            (1,),
        ),
        ((FILL, PART, PARTS_FIELD), PART_TABLE, {}, (1,), (2,)),
    ],
)
def test_what_has_begun_is_told_operation_by_operation(operations, columns, indexes, done, left):
    (one,) = progress(*operations, columns=columns, indexes=indexes)
    assert (one.migration.key, one.done, one.left) == ("dcim.0002_parts", done, left)


@pytest.mark.parametrize(
    "operations",
    [
        (PART, PARTS_FIELD),
        (FILL,),
        (),
        (PARTS,),
        (RENAMED,),
        (INDEX,),
        (NO_HEIGHT,),
        # What is to be removed is not there yet: that is no progress.
        (PART, Operation("RemoveField", ("-dcim_device.part",))),
        # Of a relation that has no column, nothing can be seen.
        (NO_FORMER, PART),
        (Operation("AlterField", ("dcim_device.name",)),),
    ],
)
def test_what_is_only_still_to_run_has_not_begun(operations):
    assert progress(*operations) == ()


def test_what_waits_for_another_migration_has_not_begun():
    """Of what a later one finds done, the one before it may have done some."""
    first, second = migration("dcim.0001_initial"), migration("dcim.0002_x", "dcim.0001_initial")
    third = Migration("dcim.0003_y", (second.key,), (), (NO_FORMER,))
    history = History(migrations((first, second, third), (first.key,)))
    assert begun(history, live_tables(schema()), EXPECTED) == ()


@pytest.mark.parametrize(
    ("done", "vendor", "statements"),
    [
        ((FILLED,), "postgresql", ()),
        ((PART,), "postgresql", ('DROP TABLE "dcim_part";',)),
        (
            (PART, PARTS_FIELD),
            "mysql",
            (
                "ALTER TABLE `dcim_device` DROP FOREIGN KEY `part_fk`;",
                "ALTER TABLE `dcim_device` DROP COLUMN `part_id`;",
                "DROP TABLE `dcim_part`;",
            ),
        ),
        ((INDEX,), "postgresql", ('DROP INDEX "part_idx";',)),
        ((PARTS,), "mysql", ("DROP TABLE `dcim_device_parts`;",)),
        ((PART, RENAMED), "mysql", ()),
        ((NO_HEIGHT,), "postgresql", ()),
    ],
)
def test_how_it_is_taken_back(done, vendor, statements):
    live = live_tables(
        schema(
            columns=PART_TABLE | PART_COLUMN,
            indexes=PART_INDEX,
            constraints={"dcim_device.part_fk": "FOREIGN KEY (part_id) REFERENCES dcim_part(id)"},
        )
    )
    assert taken_back(done, live, {"dcim_filled"}, vendor) == statements
