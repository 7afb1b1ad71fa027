"""What an operation demands of rows: foretold by a query, then shown by carrying it out."""

import contextlib
from copy import deepcopy

import django
import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection
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
from django.db.migrations.state import ProjectState
from django.db.models import (
    CASCADE,
    AutoField,
    BigIntegerField,
    CharField,
    CheckConstraint,
    DateField,
    DecimalField,
    ForeignKey,
    Index,
    IntegerField,
    JSONField,
    ManyToManyField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    Q,
    SmallIntegerField,
    TextField,
    UniqueConstraint,
    UUIDField,
)
from django.db.models.functions import Lower
from django.utils import timezone

from nautobot_upgrade_jobs.collect.operations.schema_tracker import SchemaTracker
from nautobot_upgrade_jobs.collect.operations.source import mentions, strip_comments
from nautobot_upgrade_jobs.collect.preconditions import (
    _analyze_plan,
    _count_dropped_values,
    _sample_matching_keys,
)
from nautobot_upgrade_jobs.collect.preconditions import test_precondition as answer_of
from nautobot_upgrade_jobs.facts.preconditions import Precondition

BEFORE = [
    CreateModel("Other", [("id", AutoField(primary_key=True))]),
    CreateModel(
        "Thing",
        [
            ("id", AutoField(primary_key=True)),
            ("name", CharField(max_length=50, null=True)),
            ("words", TextField(default="")),
            ("number", IntegerField(default=0)),
            ("found", IntegerField(default=0, db_index=True)),
        ],
    ),
]
UNIQUE = UniqueConstraint(fields=["name", "number"], name="example_unique")
UNIQUE_FROM_ONE = UniqueConstraint(
    fields=["name"], condition=Q(number__gte=1), name="example_from_one"
)


def no_negative(field):
    condition = Q(**{f"{field}__gte": 0})
    argument = "condition" if django.VERSION >= (5, 1) else "check"
    return CheckConstraint(name=f"example_{field}", **{argument: condition})


NOT_NEGATIVE, NO_NEGATIVE_PLACE = no_negative("number"), no_negative("place")


def decimal(digits, places):
    return DecimalField(max_digits=digits, decimal_places=places)


def alter(**changes):
    return AlterField("thing", "name", CharField(**{"max_length": 50, "null": True} | changes))


MYSQL = connection.vendor == "mysql"
NEEDS_A_VALUE = [] if MYSQL else ["not null"]
"""MySQL writes zeroes and empty texts of its own accord."""


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
        ([("a", "", 0), ("a", "", 0)], [AddConstraint("thing", UNIQUE_FROM_ONE)], []),
        (
            [("a", "", 1), ("a", "", 1)],
            [AddConstraint("thing", UNIQUE_FROM_ONE)],
            [] if MYSQL else ["unique"],
        ),
        ([("a", "", -1)], [AlterField("thing", "number", PositiveIntegerField())], ["check"]),
        ([("a", "", 1)], [AlterField("thing", "number", PositiveIntegerField())], []),
        ([("a", "", 1)], [AlterField("thing", "number", BigIntegerField())], []),
        ([("a", "", 40_000)], [AlterField("thing", "number", SmallIntegerField())], ["range"]),
        ([("a", "", 30_000)], [AlterField("thing", "number", SmallIntegerField())], []),
        (
            [("a", "", 70_000)],
            [AlterField("thing", "number", PositiveSmallIntegerField())],
            ["range"],
        ),
        ([("a", "", -1)], [AlterField("thing", "number", PositiveSmallIntegerField())], ["check"]),
        ([("a", "", 1_000)], [AlterField("thing", "number", decimal(5, 2))], ["range"]),
        ([("a", "", 999)], [AlterField("thing", "number", decimal(5, 2))], []),
        ([("a", "x" * 60, 1)], [AlterField("thing", "words", TextField(max_length=50))], []),
        (
            [("a", "", 0), ("a", "", 1)],
            [
                AddField("thing", "kind", IntegerField(default=1)),
                AlterUniqueTogether("thing", {("name", "kind")}),
            ],
            ["unique"],
        ),
        (
            [("a", "", 0), ("b", "", 1)],
            [
                AddField("thing", "kind", IntegerField(default=1)),
                AlterUniqueTogether("thing", {("name", "kind")}),
            ],
            [],
        ),
        (
            [("a", "", 0), ("a", "", 1)],
            [
                AddField("thing", "kind", IntegerField(null=True)),
                AlterUniqueTogether("thing", {("name", "kind")}),
            ],
            [],
        ),
        (
            [("a", "", 0)],
            [
                AddField(
                    "thing", "other", ForeignKey("example.Other", CASCADE, default=None, null=True)
                )
            ],
            [],
        ),
        (
            [("a", "", 0)],
            [AddField("thing", "other", ForeignKey("example.Other", CASCADE))],
            ["not null"],
        ),
        ([("a", "", 0)], [AddField("thing", "day", DateField())], ["not null"]),
        ([("a", "", 0)], [AlterUniqueTogether("thing", None)], []),
        ([("a", "", -1)], [AddConstraint("thing", NOT_NEGATIVE)], ["check"]),
        ([("a", "", 0)], [AddConstraint("thing", NOT_NEGATIVE)], []),
        (
            [("a", "", -1)],
            [RenameField("thing", "number", "place"), AddConstraint("thing", NO_NEGATIVE_PLACE)],
            ["check"],
        ),
        (
            [("a", "", -1)],
            [
                AddField("thing", "place", IntegerField(default=1)),
                AddConstraint("thing", NO_NEGATIVE_PLACE),
            ],
            [],
        ),
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
            [(None, "", 0)],
            [
                AlterField("thing", "name", CharField(max_length=50, null=True, db_column="title")),
                AlterField("thing", "name", CharField(max_length=50, db_column="title")),
            ],
            ["not null"],
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
    preconditions, _ = _analyze_plan(SchemaTracker(state.clone()), [deepcopy(migration)])
    answers = [answer_of(connection, one) for one in preconditions if one.kind != "loses"]
    assert not [one.unknown_reason for one in answers if one.unknown_reason]
    assert [one.precondition.kind for one in answers if one.affected_rows] == breaks
    try:
        with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
            migration.apply(state, editor)
        stopped = False
    except DatabaseError:
        stopped = True
    assert stopped == bool(breaks)


LONGER = AlterField("thing", "name", CharField(max_length=60, null=True))
MUCH_LONGER = AlterField("thing", "name", CharField(max_length=70, null=True))
TO_OTHER = ForeignKey("example.Other", CASCADE, null=True)


@pytest.mark.parametrize(
    ("operation", "kinds"),
    [
        (AddField("thing", "code", IntegerField(default=1)), []),
        (AddField("thing", "code", IntegerField(null=True, db_index=True)), ["index"]),
        (AddField("thing", "other", TO_OTHER), ["rewrite" if MYSQL else "scan", "index"]),
        (LONGER, []),
        (MUCH_LONGER, ["rewrite"] if MYSQL else []),
        (alter(max_length=40), ["rewrite"]),
        (alter(verbose_name="called"), []),
        (alter(db_index=True), ["index"]),
        (alter(null=False), ["rewrite" if MYSQL else "scan"]),
        (AlterField("thing", "number", CharField(max_length=9)), ["rewrite"]),
        (RemoveField("thing", "number"), []),
        (RemoveField("thing", "found"), ["rewrite"] if MYSQL else []),
        (RenameField("thing", "number", "place"), []),
        (RenameModel("Thing", "Item"), []),
        (DeleteModel("Other"), []),
        (AddIndex("thing", Index(fields=["number"], name="example_number")), ["index"]),
        (AddConstraint("thing", UNIQUE), ["index"]),
        (AddConstraint("thing", NOT_NEGATIVE), ["rewrite" if MYSQL else "scan"]),
        (AlterUniqueTogether("thing", {("name", "number")}), ["index"]),
        (AlterUniqueTogether("thing", set()), []),
    ],
)
def test_which_tables_are_written_anew(tables, operation, kinds):
    state = made([("a", "", 0)])
    migration = Migration("0002_more", "example")
    migration.operations = [operation]
    _, work = _analyze_plan(SchemaTracker(state.clone()), [migration])
    assert [one.kind for one in work] == kinds
    before = file_of("example_thing")
    with connection.schema_editor() as editor:
        migration.apply(state, editor)
    after = file_of("example_thing") or file_of("example_item")
    assert (after != before) == ("rewrite" in kinds)


def file_of(table):
    """What has another number once a table was written anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_id FROM information_schema.innodb_tables "
            "WHERE name = concat(database(), '/', %s)"
            if MYSQL
            else "SELECT relfilenode FROM pg_class WHERE relname = %s",
            [table],
        )
        return cursor.fetchone()


def test_code_works_on_the_models_that_it_names(tables):
    state = made([])
    migration = Migration("0002_more", "example")
    migration.operations = [RunPython(count), RunSQL("SELECT 1"), RunPython(RunPython.noop)]
    _, work = _analyze_plan(SchemaTracker(state), [migration])
    assert sorted((one.kind, one.operation, one.table) for one in work) == [
        ("code", "RunPython", "example_thing"),
        ("code", "RunSQL", ""),
    ]


def count(apps, schema_editor):
    apps.get_model("example", "Thing").objects.count()


@pytest.mark.parametrize(("words", "cut"), [("abcd", 1), ("äöü", 0)])
def test_a_change_of_type_cuts_what_is_too_long(tables, words, cut):
    """PostgreSQL converts by a cast, which cuts; MySQL refuses."""
    state = made([("a", words, 0)])
    migration = Migration("0002_more", "example")
    migration.operations = [AlterField("thing", "words", CharField(max_length=3))]
    (demand,), _ = _analyze_plan(SchemaTracker(state.clone()), [migration])
    answer = answer_of(connection, demand)
    assert answer.affected_rows == cut
    if connection.vendor == "mysql" and cut:
        assert answer.precondition.kind == "length"
        with pytest.raises(DatabaseError), connection.schema_editor() as editor:
            migration.apply(state, editor)
        return
    with connection.schema_editor() as editor:
        state = migration.apply(state, editor)
    assert state.apps.get_model("example", "Thing").objects.get().words == words[:3]
    assert answer.precondition.kind == ("length" if connection.vendor == "mysql" else "cut")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("thing = 1", True),
        ("get_model('example', 'Thing')", True),
        ("words = 'a thing'", True),
        ("    def method(self):\n        return self.thing", True),
        ("other = 1  # the right thing", False),
        ('def other():\n    """Do the right thing."""', False),
        ("something = 1", False),
        ("no code, and a thing", True),
    ],
)
def test_what_code_names(text, named):
    assert mentions(strip_comments(text), "thing") is named


def fill(apps, schema_editor):
    for name in MODELS:
        filled(apps, name)


MODELS = ["Thing"]


def filled(apps, name):
    apps.get_model("example", name)


def fill_other(apps, schema_editor):
    """Not the thing that the rest of this module is about."""
    filled(apps, "Other")


def fill_some(apps, schema_editor):
    apps.get_models()


@pytest.mark.parametrize(
    ("code", "may_change"),
    [
        (RunPython(fill), True),
        (RunPython(fill_other), False),
        (RunPython(fill_some), True),
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
    (not_null, loses), _ = _analyze_plan(SchemaTracker(state), [first, second])
    assert (not_null.kind, not_null.migrations_before) == ("not null", 1)
    assert not_null.possibly_fixed_by == (("example.0002_fill",) if may_change else ())
    assert (loses.kind, loses.table) == ("loses", "example_other")


def test_what_goes_with_a_relation_to_many(tables):
    state = made([("a", "", 0)])
    related = Migration("0002_related", "example")
    related.operations = [AddField("thing", "others", ManyToManyField("example.Other"))]
    with connection.schema_editor() as editor:
        state = related.apply(state, editor)
    other = state.apps.get_model("example", "Other").objects.create()
    state.apps.get_model("example", "Thing").objects.get().other_requirements.add(other)
    removed = Migration("0003_removed", "example")
    removed.operations = [RemoveField("thing", "others")]
    (goes,), _ = _analyze_plan(SchemaTracker(state), [removed])
    assert [one.affected_rows for one in _count_dropped_values(connection, [goes])] == [1]


def test_a_model_without_a_table_of_its_own_has_no_rows():
    state = ProjectState()
    options = {"managed": False, "db_table": "a_view"}
    first, second = Migration("0001_initial", "example"), Migration("0002_more", "example")
    first.operations = [CreateModel("View", [("id", AutoField(primary_key=True))], options)]
    second.operations = [AddField("view", "number", IntegerField()), DeleteModel("view")]
    assert _analyze_plan(SchemaTracker(first.mutate_state(state)), [second]) == ([], [])


def test_a_state_that_changes_at_once_is_carried_along(tables):
    first = Migration("0002_more", "example")
    first.operations = [
        SeparateDatabaseAndState(
            state_operations=[
                CreateModel("New", [("id", AutoField(primary_key=True))]),
                AddField("new", "name", CharField(max_length=5)),
                AlterField("new", "name", CharField(max_length=4)),
                RenameField("new", "name", "title"),
            ]
        ),
        AlterField("new", "title", CharField(max_length=3)),
    ]
    assert _analyze_plan(SchemaTracker(made([])), [first]) == ([], [])


@pytest.mark.parametrize(("table", "broken"), [("example_thing", [1]), ("example_gone", [])])
def test_a_model_that_moves_to_another_app_brings_its_rows(tables, table, broken):
    state = made([("a", "", 1), ("a", "", 1)])
    moved = deepcopy(BEFORE[1])
    moved.options["db_table"] = table
    migration = Migration("0001_moved", "example_heir")
    migration.operations = [
        SeparateDatabaseAndState(state_operations=[moved]),
        AddConstraint("thing", UNIQUE),
    ]
    preconditions, _ = _analyze_plan(SchemaTracker(state), [migration])
    assert [answer_of(connection, one).affected_rows for one in preconditions] == broken


@pytest.mark.parametrize(
    "operation",
    [
        AlterField("thing", "words", IntegerField()),
        AlterField("thing", "number", JSONField()),
        AddConstraint("thing", UniqueConstraint(Lower("name"), name="example_lower")),
        AlterField("thing", "name", 7),
    ],
)
def test_what_is_not_tried_is_told(tables, operation):
    if MYSQL and not connection.features.supports_expression_indexes:
        pytest.skip("this server has no such constraints")
    migration = Migration("0002_more", "example")
    migration.operations = [operation]
    walk = SchemaTracker(made([]))
    with contextlib.suppress(AttributeError):  # Django cannot carry what is no field
        preconditions, _ = _analyze_plan(walk, [migration])
        assert [answer_of(connection, one).unknown_reason != "" for one in preconditions] == [True]


@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        (decimal(10, 4), decimal(13, 4), []),
        (decimal(10, 4), decimal(11, 5), []),
        (decimal(10, 4), decimal(10, 5), ["range"]),
        (decimal(10, 4), decimal(13, 3), ["range"]),
        (PositiveSmallIntegerField(), IntegerField(), []),
        (BigIntegerField(), IntegerField(), ["range"]),
        (IntegerField(), TextField(), []),
        (TextField(), JSONField(), ["untried"]),
        (UUIDField(), CharField(max_length=36), []),
    ],
)
def test_a_type_that_holds_all_values_of_another_demands_nothing(old, new, asked):
    first, second = Migration("0001_initial", "example"), Migration("0002_more", "example")
    first.operations = [CreateModel("Thing", [("id", AutoField(primary_key=True)), ("value", old)])]
    second.operations = [AlterField("thing", "value", new)]
    preconditions, _ = _analyze_plan(SchemaTracker(first.mutate_state(ProjectState())), [second])
    assert [one.kind for one in preconditions if one.kind != "cut"] == asked


def test_no_default_is_called(tables):
    def never():
        raise AssertionError

    migration = Migration("0002_more", "example")
    migration.operations = [AddField("thing", "code", IntegerField(default=never, unique=True))]
    ((demand,), _) = _analyze_plan(SchemaTracker(made([])), [migration])
    assert demand.kind == "unique"


def test_only_rows_that_break_a_condition_are_shown(tables):
    state = made([("a", "", 0), ("a", "", 1), ("a", "", 1)])
    migration = Migration("0002_more", "example")
    migration.operations = [AddConstraint("thing", UNIQUE_FROM_ONE)]
    preconditions, _ = _analyze_plan(SchemaTracker(state), [migration])
    assert [answer_of(connection, one).sample for one in preconditions] == (
        [] if MYSQL else [("2", "3")]
    )


def test_a_key_that_may_be_a_secret_is_not_shown():
    columns = ("expire_date",)
    demand = Precondition("not null", "", "", "django_session", columns)
    where = connection.ops.quote_name("session_key") + " IS NOT NULL"
    Session.objects.create(session_key="not-for-you", expire_date=timezone.now())
    try:
        assert _sample_matching_keys(connection, demand, where) == ()
    finally:
        Session.objects.filter(session_key="not-for-you").delete()


def test_the_rows_are_named_by_their_keys(tables):
    state = made([("a", "", 0), ("b", "", 0), ("a", "", 1)])
    migration = Migration("0002_more", "example")
    migration.operations = [alter(unique=True)]
    (demand,), _ = _analyze_plan(SchemaTracker(state), [migration])
    answer = answer_of(connection, demand)
    assert (answer.affected_rows, answer.sample) == (1, ("1", "3"))
