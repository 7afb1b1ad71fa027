"""Unrecorded migrations that are partially applied."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts.expected_schema import ExpectedConstraint
from nautobot_upgrade_jobs.facts.migrations import FieldConstraint, Migration, Operation
from nautobot_upgrade_jobs.migration_graph.history import MigrationHistory
from nautobot_upgrade_jobs.migration_graph.partial_migration import (
    PartialMigration,
    partially_applied,
)
from nautobot_upgrade_jobs.migration_graph.schema_diff import SchemaDrift, actual_tables
from tests.support.builders import (
    PLAIN,
    UNIQUE,
    added,
    altered,
    altering,
    migration,
    migrations,
    model_table,
    removed,
    renamed,
    schema,
)

PART = Operation("CreateModel", (added("dcim_part"),))
PART_FIELD = Operation("AddField", (added("dcim_device", "part"),))
M2M_FIELD = Operation("AddField", (added("dcim_device_parts"),))
INDEX = Operation("AddIndex", (altered("dcim_device"),), "part_idx")
CODE = Operation("RunPython")
MOVED_MODEL = Operation("SeparateDatabaseAndState", (added("dcim_part"),), is_observable=False)
REMOVE_HEIGHT = Operation("RemoveField", (removed("dcim_device", "height"),))
RENAME_NAME = Operation("RenameField", (renamed("dcim_device", "name", to="label"),))
REMOVE_UNKNOWN = Operation("RemoveField", (removed("dcim_device", "former"),))

EXPECTED = {"dcim_device": model_table()}
PART_TABLE = {"dcim_part.id": "uuid not null"}
PART_COLUMN = {"dcim_device.part_id": "uuid"}
PART_INDEX = {"dcim_device.part_idx": PLAIN.format("part_idx", "part_id")}
M2M_TABLE = {"dcim_device_parts.id": "integer"}


def find(*operations, expected=EXPECTED, **changes):
    first = migration("dcim.0001_initial")
    second = Migration("dcim.0002_parts", (first.key,), (), operations)
    history = MigrationHistory(migrations((first, second), (first.key,)))
    return partially_applied(history, actual_tables(schema(**changes)), expected)


@pytest.mark.parametrize(
    ("operations", "changes", "applied", "pending"),
    [
        pytest.param(
            (PART, PART_FIELD), {"columns": PART_TABLE}, (0,), (1,), id="table without column"
        ),
        pytest.param(
            (PART, PART_FIELD),
            {"columns": PART_TABLE | PART_COLUMN},
            (0, 1),
            (),
            id="only the record is missing",
        ),
        pytest.param(
            (PART, CODE, PART_FIELD, INDEX),
            {"columns": PART_TABLE | PART_COLUMN},
            (0, 2),
            (3,),
            id="code is unobservable",
        ),
        pytest.param(
            (PART, PART_FIELD, INDEX),
            {"columns": PART_TABLE | PART_COLUMN, "indexes": PART_INDEX},
            (0, 1, 2),
            (),
            id="index exists",
        ),
        pytest.param(
            (M2M_FIELD, PART), {"columns": M2M_TABLE}, (0,), (1,), id="many-to-many table exists"
        ),
        pytest.param(
            (REMOVE_HEIGHT, PART),
            {"columns": {"dcim_device.height": None}},
            (0,),
            (1,),
            id="column is removed",
        ),
        pytest.param(
            (RENAME_NAME, PART),
            {"columns": {"dcim_device.name": None, "dcim_device.label": "text"}},
            (0,),
            (1,),
            id="column is renamed",
        ),
        pytest.param(
            (CODE, PART, PART_FIELD), {"columns": PART_TABLE}, (1,), (2,), id="starts with code"
        ),
        pytest.param(
            (MOVED_MODEL, PART_FIELD, INDEX),
            {"columns": PART_TABLE | PART_COLUMN},
            (1,),
            (2,),
            id="starts with a moved model",
        ),
    ],
)
def test_partially_applied_lists_operations_by_state(operations, changes, applied, pending):
    (found,) = find(*operations, **changes)
    assert (found.migration.key, found.applied, found.pending) == (
        "dcim.0002_parts",
        applied,
        pending,
    )
    assert found.unobservable == operations.count(CODE) + operations.count(MOVED_MODEL)


TOGETHER = "dcim_device_rack_id_name_0a1b2c3d_uniq"
UNIQUE_BEFORE = model_table()
UNIQUE_BEFORE = {
    "dcim_device": replace(
        UNIQUE_BEFORE,
        constraints=(
            *UNIQUE_BEFORE.constraints,
            ExpectedConstraint("unique", ("rack_id", "name"), TOGETHER, False),
            ExpectedConstraint("unique", ("name", "height"), "named_in_the_code", False),
        ),
    )
}
BEFORE = {
    f"dcim_device.{TOGETHER}": UNIQUE.format(TOGETHER, "rack_id, name"),
    "dcim_device.named_in_the_code": UNIQUE.format("named_in_the_code", "name, height"),
}
WITHOUT = {"dcim_device.named_in_the_code": BEFORE["dcim_device.named_in_the_code"]}
WITH_ANOTHER = WITHOUT | {"dcim_device.new": UNIQUE.format("new", "rack_id, height")}
CLEARED = Operation("AlterUniqueTogether", (altered("dcim_device"),), unique_together=())
REPLACED = replace(CLEARED, unique_together=(("rack", "height"),))
KEPT = replace(CLEARED, unique_together=(("rack", "name"),))


@pytest.mark.parametrize(
    ("operation", "indexes", "is_begun"),
    [
        pytest.param(CLEARED, WITHOUT, True, id="removed"),
        pytest.param(CLEARED, BEFORE, False, id="not yet removed"),
        pytest.param(REPLACED, WITHOUT, True, id="removed, not yet replaced"),
        pytest.param(REPLACED, WITH_ANOTHER, True, id="replaced"),
        pytest.param(REPLACED, BEFORE, False, id="not yet replaced"),
        pytest.param(KEPT, BEFORE, False, id="unchanged"),
        pytest.param(KEPT, WITHOUT, False, id="unchanged, and it drifted"),
    ],
)
def test_partially_applied_sees_fields_that_are_unique_together(operation, indexes, is_begun):
    """MySQL commits it at once. The next `migrate` fails at the foreign key's index."""
    assert bool(find(operation, expected=UNIQUE_BEFORE, indexes=indexes)) is is_begun
    if operation is not KEPT:
        found = find(operation, PART, expected=UNIQUE_BEFORE, indexes=indexes)
        assert [(each.applied, each.pending) for each in found] == [((0,), (1,))] * is_begun


@pytest.mark.parametrize(
    "operations",
    [
        pytest.param((PART, PART_FIELD), id="nothing exists"),
        pytest.param((CODE,), id="code only"),
        pytest.param((), id="no operation"),
        pytest.param((M2M_FIELD,), id="no many-to-many table"),
        pytest.param((RENAME_NAME,), id="old name exists"),
        pytest.param((INDEX,), id="no index"),
        pytest.param((REMOVE_HEIGHT,), id="column to remove exists"),
        pytest.param(
            (PART, Operation("RemoveField", (removed("dcim_device", "part"),))),
            id="column to remove was never created",
        ),
        pytest.param((REMOVE_UNKNOWN, PART), id="removed relation without a column"),
        pytest.param(
            (Operation("AlterField", (altered("dcim_device", "name"),)),), id="altered field"
        ),
    ],
)
def test_partially_applied_pending_migration_is_not_listed(operations):
    assert find(*operations) == ()


def test_partially_applied_model_that_moves_with_its_table_is_not_listed():
    assert find(MOVED_MODEL, PART_FIELD, columns=PART_TABLE) == ()


FOREIGN_KEY = {"dcim_device.part_fk": "FOREIGN KEY (part_id) REFERENCES dcim_part(id)"}


def constrained(change, *kinds):
    return replace(change, constraints=tuple(FieldConstraint("part", kind) for kind in kinds))


@pytest.mark.parametrize(
    ("kinds", "changes", "lacks"),
    [
        pytest.param(("foreign",), {}, ["foreign"], id="no foreign key"),
        pytest.param(("foreign", "index"), {"constraints": FOREIGN_KEY}, ["index"], id="no index"),
        pytest.param(("unique",), {"indexes": PART_INDEX}, ["unique"], id="not unique"),
        pytest.param(("foreign", "index"), {}, ["foreign", "index"], id="neither"),
        pytest.param(
            ("foreign", "index"),
            {"constraints": FOREIGN_KEY, "indexes": PART_INDEX},
            [],
            id="both",
        ),
        pytest.param(
            ("unique",),
            {"indexes": {"dcim_device.part_uq": UNIQUE.format("part_uq", "part_id, name")}},
            ["unique"],
            id="unique only with another column",
        ),
        pytest.param(
            ("index",),
            {"indexes": {"dcim_device.part_uq": UNIQUE.format("part_uq", "part_id, name")}},
            [],
            id="first column of another index",
        ),
        pytest.param((), {}, [], id="nothing belongs to it"),
    ],
)
def test_partially_applied_column_without_its_constraints_is_incomplete(kinds, changes, lacks):
    operation = replace(PART_FIELD, changes=(constrained(PART_FIELD.changes[0], *kinds),))
    (found,) = find(operation, columns=PART_COLUMN, **changes)
    assert [one.kind for one in found.incomplete.get(0, ())] == lacks
    assert found.applied == (() if lacks else (0,))
    assert (found.pending, found.unobservable) == ((), 0)


def test_partially_applied_constraint_that_a_later_migration_may_have_removed_is_not_missed():
    operation = replace(PART_FIELD, changes=(constrained(PART_FIELD.changes[0], "index"),))
    second = Migration("dcim.0002_parts", (), (), (operation,))
    third = Migration("dcim.0003_y", (second.key,), (), ())
    history = MigrationHistory(migrations((second, third), (third.key,)))
    (found,) = partially_applied(history, actual_tables(schema(columns=PART_COLUMN)), EXPECTED)
    assert (found.applied, found.incomplete) == ((0,), {})


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(Operation("AlterField", (altered("dcim_device", "part"),)), id="field"),
        pytest.param(Operation("RemoveIndex", (altered("dcim_device"),), "gone"), id="table"),
    ],
)
def test_partially_applied_constraint_that_the_migration_changes_again_is_not_missed(later):
    operation = replace(PART_FIELD, changes=(constrained(PART_FIELD.changes[0], "index"),))
    (found,) = find(operation, later, columns=PART_COLUMN)
    assert found.incomplete == {}


def test_partially_applied_column_that_does_not_exist_is_pending():
    operation = replace(PART_FIELD, changes=(constrained(PART_FIELD.changes[0], "foreign"),))
    (found,) = find(PART, operation, columns=PART_TABLE)
    assert (found.applied, found.pending, found.incomplete) == ((0,), (1,), {})


def test_partially_applied_altered_m2m_field_is_unobservable():
    """The table of the relation exists before and after the operation."""
    alter_m2m = Operation("AlterField", (added("dcim_device_parts"),))
    assert find(alter_m2m, PART, columns=M2M_TABLE) == ()


def test_partially_applied_migration_with_pending_dependency_is_not_listed():
    """The pending dependency may itself have made the changes."""
    first, second = migration("dcim.0001_initial"), migration("dcim.0002_x", "dcim.0001_initial")
    third = Migration("dcim.0003_y", (second.key,), (), (REMOVE_UNKNOWN,))
    history = MigrationHistory(migrations((first, second, third), (first.key,)))
    assert partially_applied(history, actual_tables(schema()), EXPECTED) == ()


@pytest.mark.parametrize(
    ("change", "table", "subject", "expected"),
    [
        pytest.param(added("dcim_device", "part"), "dcim_device", "part_id", True, id="column"),
        pytest.param(added("dcim_part"), "dcim_part", "", True, id="table"),
        pytest.param(altered("dcim_device"), "dcim_device", "part_idx", True, id="index"),
        pytest.param(renamed("old", to="new"), "new", "", True, id="new table name"),
        pytest.param(renamed("old", to="new"), "old", "", True, id="old table name"),
        pytest.param(renamed("t", "a", to="b"), "t", "b", True, id="new column name"),
        pytest.param(added("dcim_device", "part"), "dcim_device", "name", False, id="other column"),
        pytest.param(added("dcim_part"), "dcim_device", "", False, id="other table"),
        pytest.param(renamed("t", "a", to="b"), "b", "", False, id="column name is no table"),
    ],
)
def test_partial_migration_accounts_for_drift_of_its_changes(change, table, subject, expected):
    partial = PartialMigration(altering("dcim.0002", change), (0,), ())
    drift = SchemaDrift(table, subject, "extra", "column", "no column", "text")
    assert partial.accounts_for(drift) is expected
