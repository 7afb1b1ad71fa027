"""What undoing an operation does: foretold by its inverse, then shown by Django's own way back."""

import django
import pytest
from django.db import DatabaseError, connection
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterIndexTogether,
    AlterModelOptions,
    AlterModelTable,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameIndex,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import (
    CASCADE,
    AutoField,
    CharField,
    CheckConstraint,
    ForeignKey,
    Index,
    IntegerField,
    JSONField,
    ManyToManyField,
    Q,
    TextField,
    UniqueConstraint,
)

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.collect import Context
from nautobot_upgrade_jobs.collect import migrations as history
from nautobot_upgrade_jobs.collect.operations.reversal import analyze, collect, reverse_migration
from nautobot_upgrade_jobs.collect.operations.schema_tracker import SchemaTracker
from nautobot_upgrade_jobs.collect.planned_reversal import analyze_planned
from nautobot_upgrade_jobs.migration_graph.reverse_plan import way_back

MYSQL = connection.vendor == "mysql"
CONDITION = "condition" if django.VERSION >= (5, 1) else "check"
POSITIVE = CheckConstraint(name="example_positive", **{CONDITION: Q(number__gte=0)})
INDEXED = Index(fields=["number"], name="example_number")
BEFORE = [
    CreateModel("Other", [("id", AutoField(primary_key=True))]),
    CreateModel(
        "Thing",
        [
            ("id", AutoField(primary_key=True)),
            ("name", CharField(max_length=50)),
            ("words", TextField(null=True)),
            ("number", IntegerField(default=0)),
            ("place", IntegerField(default=0)),
            ("many", ManyToManyField("example.Other")),
        ],
        {"unique_together": {("name", "number")}},
    ),
    CreateModel("Spare", [("id", AutoField(primary_key=True))]),
    AddConstraint("thing", POSITIVE),
    AddIndex("thing", INDEXED),
]


def nothing(apps, schema_editor):
    """A way back as many write it."""


def fill(apps, schema_editor):
    apps.get_model("example", "Thing").objects.update(words="filled")


def empty(apps, schema_editor):
    apps.get_model("example", "Other").objects.all().delete()


class Custom(Operation):
    """Somebody's own operation; its way back is known to nobody."""

    def __init__(self, reversible=True):
        self.reversible = reversible

    def state_forwards(self, app_label, state):
        state.add_field(app_label, "thing", "extra", IntegerField(default=0), True)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, "thing")
        schema_editor.add_field(model, model._meta.get_field("extra"))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        model = from_state.apps.get_model(app_label, "thing")
        schema_editor.remove_field(model, model._meta.get_field("extra"))


def migration(name, *operations):
    found = Migration(name, "example")
    found.operations = list(operations)
    return found


def applied(one, state):
    with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
        return one.apply(state, editor)


def unapplied(one, before):
    with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
        one.unapply(before, editor)


def shape():
    """The tables of the example with columns and keys, without the names of the keys."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("example_"):
                columns = connection.introspection.get_table_description(cursor, table)
                keys = connection.introspection.get_constraints(cursor, table).values()
                found[table] = (
                    sorted((one.name, one.type_code, one.null_ok) for one in columns),
                    sorted(
                        str((key["columns"], key["unique"], key["check"], key["foreign_key"]))
                        for key in keys
                    ),
                )
    return found


def essence(state):
    """What of the models the database knows."""
    return {
        key: (
            {name: one.deconstruct()[1:] for name, one in model.fields.items()},
            model.options.get("db_table") or "",
            set(map(tuple, model.options.get("unique_together") or ())),
        )
        for key, model in state.models.items()
    }


TO_OTHER = ForeignKey("example.Other", CASCADE, null=True)
OPERATIONS = [
    [CreateModel("New", [("id", AutoField(primary_key=True)), ("thing", TO_OTHER)])],
    [DeleteModel("Spare")],
    [RenameModel("Thing", "Item")],
    [RenameModel("Thing", "Item"), AddField("item", "code", IntegerField(null=True))],
    [AlterModelTable("Thing", "example_items")],
    [AlterUniqueTogether("thing", {("name", "place")})],
    [AlterUniqueTogether("thing", set())],
    [AlterModelOptions("thing", {"ordering": ["name"]})],
    [AddField("thing", "code", IntegerField(default=1))],
    [AddField("thing", "other", TO_OTHER)],
    [AddField("thing", "others", ManyToManyField("example.Spare"))],
    [RemoveField("thing", "words")],
    [RemoveField("thing", "many")],
    [AlterField("thing", "name", CharField(max_length=90, null=True))],
    [RenameField("thing", "words", "text"), AlterField("thing", "text", TextField(default=""))],
    [AddIndex("thing", Index(fields=["place"], name="example_place"))],
    [RemoveIndex("thing", "example_number")],
    [RenameIndex("thing", new_name="example_n", old_name="example_number")],
    [AddConstraint("thing", UniqueConstraint(fields=["place"], name="example_one"))],
    [RemoveConstraint("thing", "example_positive")],
    [RunPython(fill, nothing)],
    [RunSQL("SELECT 1", "SELECT 2")],
    [
        SeparateDatabaseAndState(
            database_operations=[AddField("thing", "a", IntegerField(null=True))],
            state_operations=[
                AddField("thing", "a", IntegerField(null=True)),
                RemoveField("thing", "words"),
                DeleteModel("Spare"),
            ],
        )
    ],
    [RunSQL("SELECT 1", "SELECT 1", state_operations=[AddField("thing", "b", TO_OTHER)])],
]


@pytest.mark.parametrize("operations", OPERATIONS, ids=lambda value: type(value[0]).__name__)
def test_the_inverse_is_what_django_does(tables, operations):
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    was = shape()
    forward = migration("0002_more", *operations)
    state = before.clone()
    back = reverse_migration(forward, state)
    after = applied(forward, before.clone())
    assert {key: one.fields.keys() for key, one in state.models.items()} == {
        key: one.fields.keys() for key, one in after.models.items()
    }
    there = shape()
    unapplied(forward, before.clone())
    assert shape() == was
    applied(forward, before.clone())
    assert shape() == there
    again = applied(back, after.clone())
    assert shape() == was
    assert essence(again) == essence(before)


def test_what_somebody_wrote_himself_is_undone_by_nobody_else(tables):
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    state = before.clone()
    back = reverse_migration(migration("0002_more", Custom()), state)
    back.mutate_state(state, preserve=False)
    assert essence(state) == essence(before)


GOING = ("drops", "example_thing")


@pytest.mark.parametrize(
    ("operations", "effects"),
    [
        # What came goes again, with what is in it.
        (
            [CreateModel("New", [("id", AutoField(primary_key=True))])],
            [("drops", "example_new", "", 2, 2)],
        ),
        ([AddField("thing", "code", IntegerField(default=1))], [(*GOING, "code", 3, 0)]),
        ([AddField("thing", "code", IntegerField(default=1, null=True))], [(*GOING, "code", 3, 0)]),
        ([AddField("thing", "code", JSONField(default=dict))], [(*GOING, "code", 3, 0)]),
        (
            [AddField("thing", "code", CharField(max_length=5, blank=True))],
            [(*GOING, "code", 3, 0)],
        ),
        ([AddField("thing", "other", TO_OTHER)], [(*GOING, "other_id", 0, 0)]),
        (
            [AddField("thing", "others", ManyToManyField("example.Spare"))],
            [("drops", "example_thing_others", "", 0, 0)],
        ),
        (
            [
                AddField("thing", "code", IntegerField(null=True)),
                RenameField("thing", "code", "key"),
            ],
            [("keeps", "example_thing", "", 0, 0), (*GOING, "key", 0, 0)],
        ),
        # What went comes back without it.
        ([RemoveField("thing", "words")], [("returns empty", "example_thing", "words", 0, 0)]),
        ([RemoveField("thing", "number")], [("returns empty", "example_thing", "number", 0, 0)]),
        ([RemoveField("thing", "many")], [("returns empty", "example_thing_many", "", 0, 0)]),
        ([DeleteModel("Spare")], [("returns empty", "example_spare", "", 0, 0)]),
        # What nobody loses.
        ([AlterModelTable("Thing", "example_items")], [("keeps", "example_items", "", 0, 0)]),
        (
            [AlterField("thing", "name", CharField(max_length=90))],
            [("keeps", "example_thing", "", 0, 0)],
        ),
        ([RunPython(nothing, nothing)], [("keeps", "", "", 0, 0)]),
        # Code.
        ([RunPython(fill, nothing)], [("does nothing", "example_thing", "", 3, 3)]),
        ([RunPython(fill, RunPython.noop)], [("does nothing", "example_thing", "", 3, 3)]),
        ([RunPython(fill, empty)], [("runs code", "example_other", "", 0, 0)]),
        ([RunPython(fill)], [("irreversible", "", "", 0, 0)]),
        ([RunSQL("SELECT 1")], [("irreversible", "", "", 0, 0)]),
        ([RunSQL("SELECT 1", RunSQL.noop)], [("does nothing", "", "", 0, 0)]),
        ([RunSQL("SELECT 1", "SELECT 2")], [("runs code", "", "", 0, 0)]),
        ([Custom()], [("runs code", "", "", 0, 0)]),
        ([Custom(reversible=False)], [("irreversible", "", "", 0, 0)]),
    ],
)
def test_each_operation_is_classed_by_what_its_reverse_does(tables, operations, effects):
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    forward = migration("0002_more", *operations)
    state = before.clone()
    back = reverse_migration(forward, state)
    fill_tables(applied(forward, before.clone()))
    found = analyze(connection, SchemaTracker(state), [back]).effects
    assert [
        (one.kind, one.table, one.column, one.rows, one.non_default_rows) for one in found
    ] == effects


def fill_tables(state):
    things = state.apps.get_model("example", "Thing").objects
    for number in range(3):
        things.create(name=f"thing {number}")
    if ("example", "new") in state.models:
        for _ in range(2):
            state.apps.get_model("example", "New").objects.create()


def test_an_index_that_had_no_name_keeps_the_one_that_it_has_got(tables):
    if django.VERSION >= (5, 1):
        pytest.skip("Django has no index_together any more")
    together = [*BEFORE, AlterIndexTogether("thing", {("place", "number")})]
    before = applied(migration("0001_initial", *together), ProjectState())
    forward = migration(
        "0002_more", RenameIndex("thing", new_name="named", old_fields=("place", "number"))
    )
    state = before.clone()
    back = reverse_migration(forward, state)
    applied(forward, before.clone())
    (effect,) = analyze(connection, SchemaTracker(state), [back]).effects
    assert (effect.kind, effect.table, effect.unrenamed_index) == (
        "keeps",
        "example_thing",
        "named",
    )
    unapplied(forward, before.clone())
    with connection.cursor() as cursor:
        assert "named" in connection.introspection.get_constraints(cursor, "example_thing")


@pytest.mark.parametrize(
    ("operations", "write", "breaks"),
    [
        ([RemoveField("thing", "name")], {}, [] if MYSQL else ["not null"]),
        ([RemoveField("thing", "number")], {}, []),
        ([AlterField("thing", "words", TextField(null=True))], {}, []),
        (
            [AlterField("thing", "name", CharField(max_length=50, null=True))],
            {"name": None},
            ["not null"],
        ),
        ([AlterField("thing", "name", CharField(max_length=90))], {"name": "x" * 60}, ["length"]),
        ([AlterField("thing", "name", CharField(max_length=90))], {"name": "x" * 40}, []),
        ([AlterUniqueTogether("thing", set())], {}, ["unique"]),
        ([AlterUniqueTogether("thing", set())], {"name": None}, []),
        ([RemoveConstraint("thing", "example_positive")], {"number": -1}, ["check"]),
        ([RemoveConstraint("thing", "example_positive")], {"number": 1}, []),
    ],
)
def test_what_is_foretold_to_fail_fails(tables, operations, write, breaks):
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    if write == {"name": None} and isinstance(operations[0], AlterUniqueTogether):
        operations = [*operations, AlterField("thing", "name", CharField(max_length=50, null=True))]
        breaks = ["not null"]
    forward = migration("0002_more", *operations)
    state = before.clone()
    back = reverse_migration(forward, state)
    thing = applied(forward, before.clone()).apps.get_model("example", "Thing")
    known = {"name": "thing"} if "name" in {one.name for one in thing._meta.fields} else {}
    for _ in range(1 if "unique" not in breaks else 2):
        thing.objects.create(**known | write)
    found = analyze(connection, SchemaTracker(state), [back]).effects
    assert [
        each.precondition.kind for one in found for each in one.violated_preconditions
    ] == breaks
    assert all(one.kind != "may fail" for one in found if not one.violated_preconditions)
    try:
        unapplied(forward, before.clone())
        stopped = False
    except DatabaseError:
        stopped = True
    assert stopped == bool(breaks)


def test_code_that_runs_before_may_mend_the_rows(tables):
    def cleans(apps, schema_editor):
        apps.get_model("example", "Thing").objects.all().delete()

    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    wider = AlterField("thing", "name", CharField(max_length=90, null=True))
    gone = migration("0002_gone", wider)
    code = migration("0003_code", RunPython(nothing, cleans))
    state = before.clone()
    plan = [reverse_migration(one, state) for one in (gone, code)][::-1]
    after = applied(gone, before.clone())
    for name in (None, "x" * 60):
        after.apps.get_model("example", "Thing").objects.create(name=name)
    effects = analyze(connection, SchemaTracker(state), plan).effects
    told = [
        each.precondition.possibly_fixed_by
        for one in effects
        for each in one.violated_preconditions
    ]
    assert told == [("example.0003_code",)] * 2
    unapplied(code, after)
    unapplied(gone, before.clone())


@pytest.fixture(scope="module")
def older():
    """A state to go back to: the newest release of core that has fewer migrations."""
    recorded = history.collect(Context(connection)).recorded
    catalog = load_catalog()
    core = [one for one in recorded if one.partition(".")[0] in catalog.core_apps]
    sets = catalog.migration_sets.by_release
    release = max(
        (name for name, keys in sets.items() if keys < set(core)),
        key=lambda name: tuple(map(int, name.split("."))),
    )
    return [one for one in recorded if one not in core or one in sets[release]]


@pytest.fixture(scope="module")
def way(nautobot, older):
    return way_back(history.collect(Context(connection)), older)


def test_django_undoes_exactly_that_in_that_order(way):
    assert way.calls
    targets = [(call.app, None if call.target == "zero" else call.target) for call in way.calls]
    plan = MigrationExecutor(connection).migration_plan(targets)
    assert [f"{one.app_label}.{one.name}" for one, backwards in plan if backwards] == [*way.undoes]
    assert all(backwards for _, backwards in plan)


def test_the_counts_are_those_of_sql(way):
    quote = connection.ops.quote_name
    found = collect(Context(connection), way.undoes).effects
    dropped = [one for one in found if one.kind == "drops"]
    assert dropped
    with connection.cursor() as cursor:
        for one in dropped:
            assert not one.unknown_reason
            what = quote(one.column) if one.column else "*"
            cursor.execute(f"SELECT count({what}) FROM {quote(one.table)}")
            assert (one.table, one.column, one.rows) == (one.table, one.column, *cursor.fetchone())


@pytest.mark.parametrize(
    ("operations", "effects", "breaks"),
    [
        # What is there today, and will not come back.
        ([RemoveField("thing", "words")], [("example_thing", "words", 0)], []),
        ([RemoveField("thing", "number")], [("example_thing", "number", 3)], []),
        ([RemoveField("thing", "many")], [("example_thing_many", "", 0)], []),
        (
            [DeleteModel("Thing")],
            [("example_thing", "", 3), ("example_thing_many", "", 0)],
            [],
        ),
        (
            [RenameField("thing", "number", "amount"), RemoveField("thing", "amount")],
            [("example_thing", "number", 3)],
            [],
        ),
        # What stops, since rows are there already.
        ([RemoveField("thing", "name")], [("example_thing", "name", 3)], ["not null"]),
        # What comes has no rows yet, and takes none along when it goes again.
        ([AddField("thing", "code", IntegerField(default=1))], [], []),
        ([CreateModel("New", [("id", AutoField(primary_key=True))])], [], []),
        (
            [AddField("thing", "code", IntegerField(null=True)), RemoveField("thing", "code")],
            [],
            [],
        ),
        ([AlterField("thing", "name", CharField(max_length=90, null=True))], [], []),
        ([RenameModel("Thing", "Item"), AlterModelTable("Item", "example_all")], [], []),
    ],
)
def test_of_an_upgrade_to_come_it_is_asked_on_the_rows_of_today(
    tables, operations, effects, breaks
):
    state = applied(migration("0001_initial", *BEFORE), ProjectState())
    fill_tables(state)
    found = analyze_planned(
        connection, state.clone(), [migration("0002_more", *operations)]
    ).effects
    returns = [one for one in found if one.kind == "returns empty"]
    assert [(one.table, one.column, one.rows) for one in returns] == effects
    asked = [each.precondition.kind for one in found for each in one.violated_preconditions]
    assert asked == ([] if MYSQL and "name" in str(operations) else breaks)
    assert not [
        one for one in found if one.kind == "drops" and (one.non_default_rows or one.unknown_reason)
    ]


def clear(apps, schema_editor):
    apps.get_model("example", "Thing").objects.update(place=None)


@pytest.mark.parametrize(
    ("known", "after"),
    [
        ({}, ("example.0003_code",)),
        ({"example.0003_code": "example_thing"}, ("example.0003_code",)),
        ({"example.0003_code": "example_other"}, ()),
        ({"example.0003_code": ""}, ()),
    ],
)
def test_code_may_bring_rows_into_line_with_what_comes_back_after_it(tables, known, after):
    """As dcim.0093, which is undone before the unique constraints of dcim.0092 come back."""
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    state = before.clone()
    forward = [
        migration("0002_free", AlterUniqueTogether("thing", set())),
        migration("0003_code", RunPython(nothing, clear)),
    ]
    back = [reverse_migration(one, state) for one in forward]
    there = before.clone()
    for one in forward:
        there = applied(one, there)
    things = there.apps.get_model("example", "Thing").objects
    for _ in range(2):
        things.create(name="the same")
    found = analyze(connection, SchemaTracker(state), back[::-1], known).effects
    (asked,) = (each.precondition for one in found for each in one.violated_preconditions)
    assert (asked.kind, asked.possibly_fixed_by) == ("unique", after)
