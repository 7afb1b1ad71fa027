"""What an operation demands of rows: foretold by a query, then shown by carrying it out."""

from copy import deepcopy

import pytest
from django.db import DatabaseError, connection
from django.db.migrations import (
    AddConstraint,
    AddField,
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
from django.db.migrations.state import ProjectState
from django.db.models import (
    CASCADE,
    AutoField,
    CharField,
    ForeignKey,
    IntegerField,
    TextField,
    UniqueConstraint,
)

from nautobot_upgrade_jobs.collect.demands import _answer
from nautobot_upgrade_jobs.collect.operations import Walk

BEFORE = [
    CreateModel("Other", [("id", AutoField(primary_key=True))]),
    CreateModel(
        "Thing",
        [
            ("id", AutoField(primary_key=True)),
            ("name", CharField(max_length=50, null=True)),
            ("words", TextField(default="")),
            ("number", IntegerField(default=0)),
        ],
    ),
]
UNIQUE = UniqueConstraint(fields=["name", "number"], name="example_unique")


def alter(**changes):
    return AlterField("thing", "name", CharField(**{"max_length": 50, "null": True} | changes))


NEEDS_A_VALUE = [] if connection.vendor == "mysql" else ["not null"]
"""MySQL writes zeroes and empty texts of its own accord."""


@pytest.fixture
def tables():
    yield
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            if name.startswith("example_"):
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(name)} CASCADE")


def made(rows):
    """The state and the tables before, with rows of (name, words, number)."""
    state = ProjectState()
    first = Migration("0001_initial", "example")
    first.operations = deepcopy(BEFORE)
    with connection.schema_editor() as editor:
        state = first.apply(state, editor)
    thing = state.apps.get_model("example", "Thing")
    for name, words, number in rows:
        thing.objects.create(name=name, words=words, number=number)
    return state


@pytest.mark.parametrize(
    ("rows", "operations", "breaks"),
    [
        ([(None, "", 0)], [alter(null=False)], ["not null"]),
        ([("a", "", 0)], [alter(null=False)], []),
        ([(None, "", 0)], [alter(null=False, default="x")], []),
        ([(None, "", 0)], [alter(null=False, blank=True)], ["not null"]),
        ([("a", "", 0)], [AddField("thing", "code", IntegerField())], NEEDS_A_VALUE),
        ([], [AddField("thing", "code", IntegerField())], []),
        ([("a", "", 0)], [AddField("thing", "code", CharField(max_length=5, blank=True))], []),
        ([("a", "", 0)], [AddField("thing", "code", IntegerField(null=True))], []),
        ([("abcd", "", 0)], [alter(max_length=3)], ["length"]),
        ([("äöü", "", 0)], [alter(max_length=3)], []),
        ([("abcd", "", 0)], [alter(max_length=60)], []),
        ([("a", "", 0), ("a", "", 1)], [alter(unique=True)], ["unique"]),
        ([(None, "", 0), (None, "", 1)], [alter(unique=True)], []),
        ([("a", "", 0), ("a", "", 0)], [AddConstraint("thing", UNIQUE)], ["unique"]),
        ([("a", "", 0), ("a", "", 1)], [AddConstraint("thing", UNIQUE)], []),
        ([(None, "", 0), (None, "", 0)], [AddConstraint("thing", UNIQUE)], []),
        (
            [("a", "", 0), ("a", "", 0)],
            [AlterUniqueTogether("thing", {("name", "number")})],
            ["unique"],
        ),
        (
            [("a", "", 0), ("b", "", 0)],
            [AddField("thing", "code", CharField(max_length=5, default="x", unique=True))],
            ["unique"],
        ),
        (
            [("a", "", 0)],
            [AddField("thing", "code", CharField(max_length=5, default="x", unique=True))],
            [],
        ),
        (
            [("a", "", 0), ("b", "", 0)],
            [AddField("thing", "code", CharField(max_length=5, null=True, unique=True))],
            [],
        ),
        (
            [("a", "", 7)],
            [
                SeparateDatabaseAndState(
                    database_operations=[
                        AlterField(
                            "thing",
                            "number",
                            ForeignKey("example.Other", CASCADE, db_column="number"),
                        )
                    ]
                )
            ],
            ["reference"],
        ),
        (
            [(None, "", 0)],
            [
                RenameField("thing", "name", "title"),
                RenameModel("Thing", "Item"),
                AlterField("item", "title", CharField(max_length=50)),
            ],
            ["not null"],
        ),
        (
            [("a", "", 0), ("a", "", 0)],
            [
                RemoveField("thing", "name"),
                AddField("thing", "name", CharField(max_length=50, null=True)),
                AlterUniqueTogether("thing", {("name", "number")}),
            ],
            [],
        ),
        (
            [],
            [
                CreateModel(
                    "New", [("id", AutoField(primary_key=True)), ("name", CharField(max_length=5))]
                ),
                AlterUniqueTogether("new", {("name",)}),
            ],
            [],
        ),
    ],
)
def test_what_is_foretold_happens(tables, rows, operations, breaks):
    state = made(rows)
    migration = Migration("0002_more", "example")
    migration.operations = operations
    demands = list(Walk(state.clone()).demands(deepcopy(migration), 0))
    answers = [_answer(connection, one) for one in demands if one.kind != "loses"]
    assert not [one.unknown for one in answers if one.unknown]
    assert [one.demand.kind for one in answers if one.rows] == breaks
    try:
        with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
            migration.apply(state, editor)
        stopped = False
    except DatabaseError:
        stopped = True
    assert stopped == bool(breaks)


@pytest.mark.parametrize(("words", "cut"), [("abcd", 1), ("äöü", 0)])
def test_a_change_of_type_cuts_what_is_too_long(tables, words, cut):
    """PostgreSQL converts by a cast, which cuts; MySQL refuses."""
    state = made([("a", words, 0)])
    migration = Migration("0002_more", "example")
    migration.operations = [AlterField("thing", "words", CharField(max_length=3))]
    (answer,) = [_answer(connection, one) for one in Walk(state.clone()).demands(migration, 0)]
    assert answer.rows == cut
    if connection.vendor == "mysql" and cut:
        assert answer.demand.kind == "length"
        with pytest.raises(DatabaseError), connection.schema_editor() as editor:
            migration.apply(state, editor)
        return
    with connection.schema_editor() as editor:
        state = migration.apply(state, editor)
    assert state.apps.get_model("example", "Thing").objects.get().words == words[:3]
    assert answer.demand.kind == ("length" if connection.vendor == "mysql" else "cut")


def fill(apps, schema_editor):
    """Work on the model, which this module names."""


@pytest.mark.parametrize(
    ("code", "may_change"),
    [
        (RunPython(fill), True),
        (RunSQL("UPDATE example_thing SET name = ''"), True),
        (RunSQL("UPDATE example_other SET id = id"), False),
        (RunPython(RunPython.noop), False),
        (SeparateDatabaseAndState(state_operations=[RunPython(fill)]), False),
        (SeparateDatabaseAndState([RunPython(fill)]), True),
    ],
)
def test_rows_that_code_may_change_before_are_told_apart(tables, code, may_change):
    state = made([(None, "", 0)])
    first, second = Migration("0002_fill", "example"), Migration("0003_fix", "example")
    first.operations = [code]
    second.operations = [alter(null=False), DeleteModel("Other")]
    walk = Walk(state)
    assert list(walk.demands(first, 0)) == []
    not_null, loses = walk.demands(second, 1)
    assert (not_null.kind, not_null.number) == ("not null", 1)
    assert not_null.after == (("example.0002_fill",) if may_change else ())
    assert (loses.kind, loses.table) == ("loses", "example_other")


def test_the_rows_are_named_by_their_keys(tables):
    state = made([("a", "", 0), ("b", "", 0), ("a", "", 1)])
    migration = Migration("0002_more", "example")
    migration.operations = [alter(unique=True)]
    (answer,) = [_answer(connection, one) for one in Walk(state).demands(migration, 0)]
    assert (answer.rows, answer.sample) == (1, ("1", "3"))
