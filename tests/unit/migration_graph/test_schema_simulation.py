"""The names of a schema while a plan runs: what a change meets, and what it leaves."""

import pytest

from nautobot_upgrade_jobs.facts.schema_conflicts import ObjectKind, SchemaObject
from nautobot_upgrade_jobs.migration_graph.schema_diff import ActualConstraint, ActualTable
from nautobot_upgrade_jobs.migration_graph.schema_simulation import (
    Action,
    ObjectChange,
    SchemaSimulation,
)

INDEX = ActualConstraint("index", ("name DESC",), "thing_name", "…", is_index=True)
UNIQUE = ActualConstraint("unique", ("number", "name"), "thing_unique", "…", is_index=True)
TABLES = {
    "thing": ActualTable({"id": "", "name": "", "number": ""}, (INDEX, UNIQUE)),
    "other": ActualTable({"id": ""}, ()),
}
VIEWS = {"shown": ObjectKind.VIEW}
TYPES = ["color"]
CREATE, ALTER, RENAME, DROP = Action.CREATE, Action.ALTER, Action.RENAME, Action.DROP


def table(action, name, new_name=""):
    return ObjectChange(action, SchemaObject(ObjectKind.TABLE, name), new_name)


def column(action, name, new_name="", of="thing"):
    return ObjectChange(action, SchemaObject(ObjectKind.COLUMN, of, name), new_name)


def index(action, name, new_name="", of="thing"):
    return ObjectChange(action, SchemaObject(ObjectKind.INDEX, of, name), new_name)


def unique(action, *columns):
    target = SchemaObject(ObjectKind.CONSTRAINT, "thing")
    return ObjectChange(action, target, columns=columns, is_unique=True)


def refusals(*changes, vendor="postgresql"):
    simulation = SchemaSimulation(TABLES, VIEWS, TYPES, vendor)
    found = (simulation.apply(change) for change in changes)
    return [
        ("exists" if one.used_by else "missing", one.object.qualified_name) for one in found if one
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([table(CREATE, "new"), column(CREATE, "id", of="new")], [], id="new table"),
        pytest.param([table(CREATE, "shown")], [("exists", "shown")], id="name of a view"),
        pytest.param([table(CREATE, "color")], [("exists", "color")], id="name of a type"),
        pytest.param([table(RENAME, "thing", "color")], [("exists", "color")], id="renamed to one"),
        pytest.param([index(CREATE, "color")], [], id="an index is no type"),
        pytest.param([table(CREATE, "thing_name")], [("exists", "thing_name")], id="of an index"),
        pytest.param(
            [table(CREATE, "thing"), column(CREATE, "name")],
            [("exists", "thing")],
            id="an existing table is reported once",
        ),
        pytest.param([table(DROP, "thing"), table(CREATE, "thing")], [], id="drop, then create"),
        pytest.param(
            [column(CREATE, "a", of="gone"), column(CREATE, "b", of="gone")],
            [("missing", "gone")],
            id="a missing table is reported once",
        ),
        pytest.param(
            [table(RENAME, "thing", "item"), column(ALTER, "name", of="item")], [], id="renamed"
        ),
        pytest.param(
            [table(RENAME, "gone", "item"), column(ALTER, "name", of="item")],
            [("missing", "gone")],
            id="rename of a missing table",
        ),
        pytest.param([table(RENAME, "thing", "other")], [("exists", "other")], id="name in use"),
        pytest.param([column(CREATE, "name")], [("exists", "thing.name")], id="column exists"),
        pytest.param([column(DROP, "x")], [("missing", "thing.x")], id="column is missing"),
        pytest.param(
            [column(RENAME, "name", "title"), column(CREATE, "name"), column(DROP, "title")],
            [],
            id="column renamed, name used again",
        ),
        pytest.param(
            [column(RENAME, "name", "number")], [("exists", "thing.number")], id="renamed onto one"
        ),
        pytest.param([index(CREATE, "thing_name")], [("exists", "thing.thing_name")], id="index"),
        pytest.param(
            [index(RENAME, "thing_name", "x"), index(DROP, "x"), index(RENAME, "x", "y")],
            [("missing", "thing.x")],
            id="index renamed, dropped and renamed",
        ),
        pytest.param([index(DROP, "x")], [], id="DROP INDEX IF EXISTS"),
        pytest.param([column(DROP, "name"), index(CREATE, "thing_name")], [], id="dropped with it"),
        pytest.param(
            [column(RENAME, "name", "title"), unique(DROP, "number", "title")],
            [],
            id="unique columns renamed",
        ),
        pytest.param(
            [unique(DROP, "name", "number")],
            [("missing", "thing.(name, number)")],
            id="unique columns in another order",
        ),
        pytest.param(
            [
                unique(CREATE, "id", "name"),
                unique(CREATE, "id", "number"),
                unique(DROP, "id", "name"),
            ],
            [],
            id="unnamed constraints do not collide",
        ),
    ],
)
def test_apply_refuses_only_what_the_schema_refuses(changes, expected):
    assert refusals(*changes) == expected


def test_apply_on_mysql_indexes_of_other_tables_do_not_collide():
    change = index(CREATE, "thing_name", of="other")
    assert refusals(change) == [("exists", "other.thing_name")]
    assert refusals(change, vendor="mysql") == []


def test_apply_on_mysql_a_missing_index_cannot_be_dropped():
    assert refusals(index(DROP, "x"), vendor="mysql") == [("missing", "thing.x")]


def test_apply_names_the_object_that_has_the_name():
    refusal = SchemaSimulation(TABLES, VIEWS, TYPES, "postgresql").apply(index(CREATE, "other"))
    assert refusal.used_by == SchemaObject(ObjectKind.TABLE, "other")
