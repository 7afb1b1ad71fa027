"""Schema changes of migration operations."""

import pytest
from django.db import models
from django.db.migrations import operations

from nautobot_upgrade_jobs.collect.migrations import _build_operation
from tests.support.builders import added, altered, removed, renamed

TEXT = models.TextField(null=True)
M2M = models.ManyToManyField("example.Other")
WITH_THROUGH = models.ManyToManyField("example.Other", through="example.Link")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(
            operations.CreateModel("Thing", [("name", TEXT), ("others", M2M)]),
            (added("example_thing"), added("example_thing_others")),
            id="create model with a many-to-many field",
        ),
        pytest.param(
            operations.CreateModel("Thing", [("others", WITH_THROUGH)]),
            (added("example_thing"),),
            id="create model with a through model",
        ),
        pytest.param(operations.CreateModel("Thing", [], {"proxy": True}), (), id="create proxy"),
        pytest.param(
            operations.CreateModel("Thing", [], {"managed": False}), (), id="create unmanaged"
        ),
        pytest.param(operations.DeleteModel("Thing"), (removed("example_thing"),), id="delete"),
        pytest.param(
            operations.RenameModel("Thing", "Item"),
            (renamed("example_thing", to="example_item"),),
            id="rename model",
        ),
        pytest.param(
            operations.AddField("Thing", "name", TEXT), (added("example_thing", "name"),), id="add"
        ),
        pytest.param(
            operations.AddField("Thing", "others", M2M),
            (added("example_thing_others"),),
            id="add many-to-many field",
        ),
        pytest.param(
            operations.AlterField("Thing", "name", TEXT),
            (altered("example_thing", "name"),),
            id="alter",
        ),
        pytest.param(
            operations.RemoveField("Thing", "name"),
            (removed("example_thing", "name"),),
            id="remove",
        ),
        pytest.param(
            operations.RenameField("Thing", "name", "title"),
            (renamed("example_thing", "name", to="title"),),
            id="rename field",
        ),
        pytest.param(
            operations.AlterModelOptions("Thing", {}), (altered("example_thing"),), id="options"
        ),
        pytest.param(
            operations.AddIndex("Thing", models.Index(fields=["name"], name="i")),
            (altered("example_thing"),),
            id="index",
        ),
        pytest.param(
            operations.SeparateDatabaseAndState(
                [operations.AddField("Thing", "name", TEXT)],
                [operations.AddField("Thing", "name", TEXT)],
            ),
            (added("example_thing", "name"),),
            id="same change of database and state",
        ),
        pytest.param(operations.RunSQL("SELECT 1"), (), id="SQL"),
    ],
)
def test_build_operation_lists_schema_changes(operation, expected):
    built = _build_operation("example", operation)
    assert built.changes == expected
    assert built.kind == type(operation).__name__


MOVED = operations.CreateModel("Thing", [("id", models.AutoField(primary_key=True))])
NAMED = operations.AddField("Thing", "name", TEXT)


@pytest.mark.parametrize(
    ("in_database", "in_state", "is_observable"),
    [
        pytest.param([], [MOVED], False, id="a model that moves with its table"),
        pytest.param([operations.RunSQL("SELECT 1")], [NAMED], False, id="SQL adds the column"),
        pytest.param([operations.RunSQL("SELECT 1"), NAMED], [NAMED], True, id="also SQL"),
        pytest.param([NAMED], [NAMED], True, id="the same change"),
        pytest.param([NAMED], [MOVED, NAMED], False, id="more changes of the models"),
        pytest.param([NAMED], [], True, id="only the schema"),
    ],
)
def test_build_operation_is_observable_if_the_schema_shows_all_changes(
    in_database, in_state, is_observable
):
    operation = operations.SeparateDatabaseAndState(in_database, in_state)
    assert _build_operation("example", operation).is_observable is is_observable


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(
            operations.AddIndex("Thing", models.Index(fields=["name"], name="i")), "i", id="add"
        ),
        pytest.param(operations.RemoveIndex("Thing", "i"), "i", id="remove"),
        pytest.param(operations.AddField("Thing", "name", TEXT), "", id="field"),
    ],
)
def test_build_operation_names_index(operation, expected):
    assert _build_operation("example", operation).name == expected


@pytest.mark.parametrize(
    ("field", "kinds"),
    [
        pytest.param(models.CharField(max_length=9), [], id="plain"),
        pytest.param(models.AutoField(primary_key=True), [], id="key"),
        pytest.param(M2M, [], id="many-to-many"),
        pytest.param(models.CharField(max_length=9, db_index=True), ["index"], id="index"),
        pytest.param(models.SlugField(unique=True), ["unique"], id="unique"),
        pytest.param(
            models.ForeignKey("example.Other", models.CASCADE), ["foreign", "index"], id="relation"
        ),
        pytest.param(
            models.OneToOneField("example.Other", models.CASCADE), ["foreign", "unique"], id="one"
        ),
        pytest.param(
            models.ForeignKey("example.Other", models.CASCADE, db_constraint=False),
            ["index"],
            id="relation without a constraint",
        ),
    ],
)
def test_build_operation_lists_what_belongs_to_an_added_field(field, kinds):
    for operation in (
        operations.AddField("Thing", "name", field),
        operations.CreateModel("Thing", [("name", field)]),
    ):
        built = _build_operation("example", operation)
        assert [one.kind for change in built.changes for one in change.constraints] == kinds


def test_build_operation_expects_no_index_that_mysql_cannot_make(instance):
    field = models.TextField(db_index=True)
    built = _build_operation("example", operations.AddField("Thing", "name", field))
    kinds = [one.kind for change in built.changes for one in change.constraints]
    assert kinds == ([] if instance.engine == "mysql" else ["index"])
