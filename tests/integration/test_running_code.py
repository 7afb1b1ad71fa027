"""Operations that running code does not tolerate: predicted, then tried with the old models."""

import django
import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations import AlterModelOptions
from django.db.models import (
    AutoField,
    CharField,
    Index,
    IntegerField,
    ManyToManyField,
    PositiveIntegerField,
    TextField,
    UniqueConstraint,
)

from nautobot_upgrade_jobs.collect.operations.plan_analysis import analyze_plan
from nautobot_upgrade_jobs.collect.operations.schema_tracker import SchemaTracker
from tests.integration.test_preconditions import alter, create_tables, no_negative

ROWS = [("a", "", 0), ("b", "", 1)]
UNIQUE = UniqueConstraint(fields=["number"], name="example_one_number")


def write_rows(apps, schema_editor):
    apps.get_model("example", "Thing").objects.update(words="changed")


def read_rows(apps, schema_editor):
    list(apps.get_model("example", "Thing").objects.all())


def use_old_models(apps):
    """What code of the installed release does: read all, insert what it allows, and update."""
    thing = apps.get_model("example", "Thing")
    list(thing.objects.values())
    for number in (-1, 0, 0):
        thing.objects.create(name=None, words="", number=number)
    thing.objects.create(name="x" * 50, words="y" * 300, number=7)
    thing.objects.update(name="same")
    list(apps.get_model("example", "Other").objects.values())


def works(use):
    try:
        with transaction.atomic():
            use()
    except DatabaseError:
        return False
    return True


@pytest.mark.parametrize(
    ("operation", "tolerated"),
    [
        pytest.param(AddField("thing", "more", IntegerField(null=True)), True, id="nullable"),
        pytest.param(AddField("thing", "others", ManyToManyField("example.Other")), True, id="m2m"),
        pytest.param(CreateModel("New", [("id", AutoField(primary_key=True))]), True, id="model"),
        pytest.param(
            AddIndex("thing", Index(fields=["number"], name="example_number")), True, id="index"
        ),
        pytest.param(alter(max_length=90), True, id="longer"),
        pytest.param(alter(help_text="x", blank=True), True, id="models only"),
        pytest.param(AlterField("thing", "name", TextField(null=True)), True, id="text"),
        pytest.param(AlterField("thing", "words", TextField(null=True)), True, id="to nullable"),
        pytest.param(AlterModelOptions("thing", {"ordering": ["name"]}), True, id="options"),
        pytest.param(RunPython(read_rows, RunPython.noop), True, id="code that reads"),
        pytest.param(AddField("thing", "more", IntegerField(default=3)), False, id="not null"),
        pytest.param(
            AlterField("thing", "number", IntegerField(default=0, db_column="place")),
            False,
            id="renamed column",
        ),
        pytest.param(
            AlterField("thing", "number", PositiveIntegerField(default=0)), False, id="positive"
        ),
        pytest.param(
            SeparateDatabaseAndState(
                [SeparateDatabaseAndState([RemoveField("thing", "number")], [])],
                [RemoveField("thing", "number")],
            ),
            False,
            id="nested",
        ),
        pytest.param(RemoveField("thing", "number"), False, id="removed"),
        pytest.param(RenameField("thing", "number", "place"), False, id="renamed"),
        pytest.param(RenameModel("Thing", "Item"), False, id="renamed table"),
        pytest.param(DeleteModel("Other"), False, id="removed table"),
        pytest.param(alter(max_length=9), False, id="shorter"),
        pytest.param(alter(null=False, default=""), False, id="not null any more"),
        pytest.param(AddConstraint("thing", UNIQUE), False, id="unique"),
        pytest.param(AddConstraint("thing", no_negative("number")), False, id="check"),
        pytest.param(AlterUniqueTogether("thing", {("number", "found")}), False, id="together"),
    ],
)
def test_running_code_conflicts_are_those_that_fail(tables, operation, tolerated):
    state = create_tables(ROWS)
    old_apps = state.clone().apps
    migration = Migration("0002_more", "example")
    migration.operations = [operation]
    conflicts = analyze_plan(SchemaTracker(state.clone()), [migration]).running_code
    assert works(lambda: use_old_models(old_apps))
    old_apps.get_model("example", "Thing").objects.all().delete()
    with connection.schema_editor() as editor:
        migration.apply(state, editor)
    assert works(lambda: use_old_models(old_apps)) is tolerated
    assert (not conflicts) is tolerated, conflicts


@pytest.mark.parametrize(
    ("operation", "fragment"),
    [
        (RunPython(write_rows, RunPython.noop), "writes rows"),
        (RunSQL("UPDATE example_thing SET number = 1"), "writes rows"),
        (AlterField("thing", "number", CharField(max_length=9)), "type of example_thing.number"),
    ],
)
def test_running_code_conflicts_that_no_query_of_the_old_code_shows(tables, operation, fragment):
    """The old code can lose updates, or read a value that it does not expect."""
    migration = Migration("0002_more", "example")
    migration.operations = [operation]
    (conflict,) = analyze_plan(SchemaTracker(create_tables(ROWS)), [migration]).running_code
    assert fragment in conflict.reason
    assert conflict.migration == "example.0002_more"


def test_running_code_conflict_of_a_new_column_that_becomes_required(tables):
    state = create_tables(ROWS)
    old_apps = state.clone().apps
    migration = Migration("0002_more", "example")
    migration.operations = [
        AddField("thing", "more", IntegerField(null=True)),
        AlterField("thing", "more", IntegerField(default=0)),
    ]
    (conflict,) = analyze_plan(SchemaTracker(state.clone()), [migration]).running_code
    assert "without example_thing.more" in conflict.reason
    with connection.schema_editor() as editor:
        migration.apply(state, editor)
    assert not works(lambda: use_old_models(old_apps))


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django has no defaults in the database")
def test_running_code_tolerates_a_field_with_a_default_in_the_database(tables):
    state = create_tables(ROWS)
    old_apps = state.clone().apps
    migration = Migration("0002_more", "example")
    migration.operations = [AddField("thing", "more", IntegerField(db_default=3))]
    assert analyze_plan(SchemaTracker(state.clone()), [migration]).running_code == []
    with connection.schema_editor() as editor:
        migration.apply(state, editor)
    assert works(lambda: use_old_models(old_apps))


def test_running_code_tolerates_changes_of_tables_that_the_plan_creates(tables):
    migration = Migration("0002_more", "example")
    migration.operations = [
        CreateModel("New", [("id", AutoField(primary_key=True)), ("a", IntegerField())]),
        AddField("new", "b", IntegerField(default=1)),
        RemoveField("new", "a"),
    ]
    tracker = SchemaTracker(create_tables(ROWS))
    assert analyze_plan(tracker, [migration]).running_code == []
