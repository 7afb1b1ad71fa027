"""Effects of reversing operations: predicted, then shown by Django's own reversal."""

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
from nautobot_upgrade_jobs.collect import migrations as history
from nautobot_upgrade_jobs.collect.context import Context
from nautobot_upgrade_jobs.collect.operations.reversal import analyze, collect, reverse_migration
from nautobot_upgrade_jobs.collect.operations.schema_tracker import SchemaTracker
from nautobot_upgrade_jobs.collect.planned_reversal import analyze_planned
from nautobot_upgrade_jobs.facts.preconditions import PreconditionKind
from nautobot_upgrade_jobs.facts.reversal import ReverseEffect
from nautobot_upgrade_jobs.migration_graph.reverse_plan import plan_reverse

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
    """Do nothing, as many reverse functions do."""


def fill(apps, schema_editor):
    apps.get_model("example", "Thing").objects.update(words="filled")


FILL = "UPDATE example_thing SET words = 'filled'"


def look(apps, schema_editor):
    """Only read, as a check before an upgrade does."""
    if apps.get_model("example", "Thing").objects.filter(number__lt=-99).exists():
        raise ValueError("a number is too small")


def empty(apps, schema_editor):
    apps.get_model("example", "Other").objects.all().delete()


class Custom(Operation):
    """A custom operation; only its author knows what its reverse does."""

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
    created = Migration(name, "example")
    created.operations = list(operations)
    return created


def applied(one, state):
    with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
        return one.apply(state, editor)


def unapplied(one, before):
    with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
        one.unapply(before, editor)


def table_shapes():
    """Return the columns and keys of the example's tables, without the names of the keys."""
    shapes = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("example_"):
                columns = connection.introspection.get_table_description(cursor, table)
                keys = connection.introspection.get_constraints(cursor, table).values()
                shapes[table] = (
                    sorted((one.name, one.type_code, one.null_ok) for one in columns),
                    sorted(
                        str((key["columns"], key["unique"], key["check"], key["foreign_key"]))
                        for key in keys
                    ),
                )
    return shapes


def database_state(state):
    """Return the parts of the models that are in the database."""
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
def test_reverse_migration_equals_djangos_reversal(tables, operations):
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    shapes_before = table_shapes()
    forward = migration("0002_more", *operations)
    state = before.clone()
    reverse = reverse_migration(forward, state)
    after = applied(forward, before.clone())
    assert {key: one.fields.keys() for key, one in state.models.items()} == {
        key: one.fields.keys() for key, one in after.models.items()
    }
    shapes_after = table_shapes()
    unapplied(forward, before.clone())
    assert table_shapes() == shapes_before
    applied(forward, before.clone())
    assert table_shapes() == shapes_after
    again = applied(reverse, after.clone())
    assert table_shapes() == shapes_before
    assert database_state(again) == database_state(before)


def test_reverse_migration_custom_operation_restores_the_state(tables):
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    state = before.clone()
    reverse = reverse_migration(migration("0002_more", Custom()), state)
    reverse.mutate_state(state, preserve=False)
    assert database_state(state) == database_state(before)


DROPPED = (ReverseEffect.DROPS, "example_thing")


@pytest.mark.parametrize(
    ("operations", "effects"),
    [
        # Added tables and columns are removed with their contents.
        (
            [CreateModel("New", [("id", AutoField(primary_key=True))])],
            [(ReverseEffect.DROPS, "example_new", "", 2, 2)],
        ),
        ([AddField("thing", "code", IntegerField(default=1))], [(*DROPPED, "code", 3, 0)]),
        (
            [AddField("thing", "code", IntegerField(default=1, null=True))],
            [(*DROPPED, "code", 3, 0)],
        ),
        ([AddField("thing", "code", JSONField(default=dict))], [(*DROPPED, "code", 3, 0)]),
        (
            [AddField("thing", "code", CharField(max_length=5, blank=True))],
            [(*DROPPED, "code", 3, 0)],
        ),
        ([AddField("thing", "other", TO_OTHER)], [(*DROPPED, "other_id", 0, 0)]),
        (
            [AddField("thing", "others", ManyToManyField("example.Spare"))],
            [(ReverseEffect.DROPS, "example_thing_others", "", 0, 0)],
        ),
        (
            [
                AddField("thing", "code", IntegerField(null=True)),
                RenameField("thing", "code", "key"),
            ],
            [(ReverseEffect.LOSSLESS, "example_thing", "", 0, 0), (*DROPPED, "key", 0, 0)],
        ),
        # Removed tables and columns are restored empty.
        (
            [RemoveField("thing", "words")],
            [(ReverseEffect.RESTORES_EMPTY, "example_thing", "words", 0, 0)],
        ),
        (
            [RemoveField("thing", "number")],
            [(ReverseEffect.RESTORES_EMPTY, "example_thing", "number", 0, 0)],
        ),
        (
            [RemoveField("thing", "many")],
            [(ReverseEffect.RESTORES_EMPTY, "example_thing_many", "", 0, 0)],
        ),
        ([DeleteModel("Spare")], [(ReverseEffect.RESTORES_EMPTY, "example_spare", "", 0, 0)]),
        # Lossless changes.
        (
            [AlterModelTable("Thing", "example_items")],
            [(ReverseEffect.LOSSLESS, "example_items", "", 0, 0)],
        ),
        (
            [AlterField("thing", "name", CharField(max_length=90))],
            [(ReverseEffect.LOSSLESS, "example_thing", "", 0, 0)],
        ),
        ([RunPython(nothing, nothing)], [(ReverseEffect.LOSSLESS, "", "", 0, 0)]),
        # Code.
        ([RunPython(fill, nothing)], [(ReverseEffect.NOOP, "example_thing", "", 3, 3)]),
        ([RunPython(fill, RunPython.noop)], [(ReverseEffect.NOOP, "example_thing", "", 3, 3)]),
        ([RunPython(fill, empty)], [(ReverseEffect.RUNS_CODE, "example_other", "", 0, 0)]),
        ([RunPython(fill)], [(ReverseEffect.IRREVERSIBLE, "", "", 0, 0)]),
        ([RunSQL("SELECT 1")], [(ReverseEffect.IRREVERSIBLE, "", "", 0, 0)]),
        ([RunSQL("SELECT 1", RunSQL.noop)], [(ReverseEffect.LOSSLESS, "", "", 0, 0)]),
        ([RunSQL("SELECT 1", "SELECT 2")], [(ReverseEffect.LOSSLESS, "", "", 0, 0)]),
        ([RunSQL(FILL, RunSQL.noop)], [(ReverseEffect.NOOP, "", "", 0, 0)]),
        ([RunSQL("SELECT 1", FILL)], [(ReverseEffect.RUNS_CODE, "", "", 0, 0)]),
        ([RunPython(look, nothing)], [(ReverseEffect.LOSSLESS, "", "", 0, 0)]),
        ([RunPython(look, look)], [(ReverseEffect.LOSSLESS, "", "", 0, 0)]),
        ([Custom()], [(ReverseEffect.RUNS_CODE, "", "", 0, 0)]),
        ([Custom(reversible=False)], [(ReverseEffect.IRREVERSIBLE, "", "", 0, 0)]),
    ],
)
def test_each_operation_is_classed_by_what_its_reverse_does(tables, operations, effects):
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    forward = migration("0002_more", *operations)
    state = before.clone()
    reverse = reverse_migration(forward, state)
    fill_tables(applied(forward, before.clone()))
    analyzed = analyze(connection, SchemaTracker(state), [reverse]).effects
    assert [
        (one.kind, one.table, one.column, one.rows, one.non_default_rows) for one in analyzed
    ] == effects


def fill_tables(state):
    things = state.apps.get_model("example", "Thing").objects
    for number in range(3):
        things.create(name=f"thing {number}")
    if ("example", "new") in state.models:
        for _ in range(2):
            state.apps.get_model("example", "New").objects.create()


def test_analyze_renamed_unnamed_index_keeps_its_new_name(tables):
    if django.VERSION >= (5, 1):
        pytest.skip("Django has no index_together any more")
    together = [*BEFORE, AlterIndexTogether("thing", {("place", "number")})]
    before = applied(migration("0001_initial", *together), ProjectState())
    forward = migration(
        "0002_more", RenameIndex("thing", new_name="named", old_fields=("place", "number"))
    )
    state = before.clone()
    reverse = reverse_migration(forward, state)
    applied(forward, before.clone())
    (effect,) = analyze(connection, SchemaTracker(state), [reverse]).effects
    assert (effect.kind, effect.table, effect.unrenamed_index) == (
        ReverseEffect.LOSSLESS,
        "example_thing",
        "named",
    )
    unapplied(forward, before.clone())
    with connection.cursor() as cursor:
        assert "named" in connection.introspection.get_constraints(cursor, "example_thing")


@pytest.mark.parametrize(
    ("operations", "write", "breaks"),
    [
        ([RemoveField("thing", "name")], {}, [] if MYSQL else [PreconditionKind.NOT_NULL]),
        ([RemoveField("thing", "number")], {}, []),
        ([AlterField("thing", "words", TextField(null=True))], {}, []),
        (
            [AlterField("thing", "name", CharField(max_length=50, null=True))],
            {"name": None},
            [PreconditionKind.NOT_NULL],
        ),
        (
            [AlterField("thing", "name", CharField(max_length=90))],
            {"name": "x" * 60},
            [PreconditionKind.MAX_LENGTH],
        ),
        ([AlterField("thing", "name", CharField(max_length=90))], {"name": "x" * 40}, []),
        ([AlterUniqueTogether("thing", set())], {}, [PreconditionKind.UNIQUE]),
        ([AlterUniqueTogether("thing", set())], {"name": None}, []),
        ([RemoveConstraint("thing", "example_positive")], {"number": -1}, [PreconditionKind.CHECK]),
        ([RemoveConstraint("thing", "example_positive")], {"number": 1}, []),
    ],
)
def test_predicted_reverse_failures_occur(tables, operations, write, breaks):
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    if write == {"name": None} and isinstance(operations[0], AlterUniqueTogether):
        operations = [*operations, AlterField("thing", "name", CharField(max_length=50, null=True))]
        breaks = [PreconditionKind.NOT_NULL]
    forward = migration("0002_more", *operations)
    state = before.clone()
    reverse = reverse_migration(forward, state)
    thing = applied(forward, before.clone()).apps.get_model("example", "Thing")
    known = {"name": "thing"} if "name" in {one.name for one in thing._meta.fields} else {}
    for _ in range(1 if PreconditionKind.UNIQUE not in breaks else 2):
        thing.objects.create(**known | write)
    found = analyze(connection, SchemaTracker(state), [reverse]).effects
    assert [
        each.precondition.kind for one in found for each in one.violated_preconditions
    ] == breaks
    assert all(
        one.kind != ReverseEffect.MAY_FAIL for one in found if not one.violated_preconditions
    )
    try:
        unapplied(forward, before.clone())
        stopped = False
    except DatabaseError:
        stopped = True
    assert stopped == bool(breaks)


def test_possibly_fixed_by_lists_code_reversed_earlier(tables):
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
    fixed_by = [
        each.precondition.possibly_fixed_by
        for one in effects
        for each in one.violated_preconditions
    ]
    assert fixed_by == [("example.0003_code",)] * 2
    unapplied(code, after)
    unapplied(gone, before.clone())


@pytest.fixture(scope="module")
def older():
    """Return the migrations of the newest release of core that has fewer of them."""
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
def reverse_plan(nautobot, older):
    return plan_reverse(history.collect(Context(connection)), older)


def test_plan_reverse_matches_djangos_migration_plan(reverse_plan):
    assert reverse_plan.calls
    targets = [
        (call.app, None if call.target == "zero" else call.target) for call in reverse_plan.calls
    ]
    plan = MigrationExecutor(connection).migration_plan(targets)
    assert [f"{one.app_label}.{one.name}" for one, backwards in plan if backwards] == [
        *reverse_plan.migrations
    ]
    assert all(backwards for _, backwards in plan)


def test_collect_counts_match_sql(reverse_plan):
    quote = connection.ops.quote_name
    effects = collect(Context(connection), reverse_plan.migrations).effects
    dropped = [one for one in effects if one.kind == ReverseEffect.DROPS]
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
        # Current values that a rollback does not restore.
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
        # Reversing fails, because the table has rows.
        (
            [RemoveField("thing", "name")],
            [("example_thing", "name", 3)],
            [PreconditionKind.NOT_NULL],
        ),
        # New tables and columns are empty, so their removal loses nothing.
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
def test_analyze_planned_tests_the_current_rows(tables, operations, effects, breaks):
    state = applied(migration("0001_initial", *BEFORE), ProjectState())
    fill_tables(state)
    found = analyze_planned(
        connection, state.clone(), [migration("0002_more", *operations)]
    ).effects
    returns = [one for one in found if one.kind == ReverseEffect.RESTORES_EMPTY]
    assert [(one.table, one.column, one.rows) for one in returns] == effects
    violated = [each.precondition.kind for one in found for each in one.violated_preconditions]
    assert violated == ([] if MYSQL and "name" in str(operations) else breaks)
    assert not [
        one
        for one in found
        if one.kind == ReverseEffect.DROPS and (one.non_default_rows or one.unknown_reason)
    ]


def clear(apps, schema_editor):
    apps.get_model("example", "Thing").objects.update(name=None)


@pytest.mark.parametrize(
    ("known", "after"),
    [
        ({}, ("example.0003_code",)),
        ({"example.0003_code": "example_thing"}, ("example.0003_code",)),
        ({"example.0003_code": "example_other"}, ()),
        ({"example.0003_code": ""}, ()),
    ],
)
def test_possibly_fixed_by_known_code_names_only_its_table(tables, known, after):
    """Such as dcim.0093, which is reversed before the unique constraints of dcim.0092 return."""
    before = applied(migration("0001_initial", *BEFORE), ProjectState())
    state = before.clone()
    forward = [
        migration("0002_free", AlterUniqueTogether("thing", set())),
        migration("0003_code", RunPython(nothing, clear)),
    ]
    reverse = [reverse_migration(one, state) for one in forward]
    after_upgrade = before.clone()
    for one in forward:
        after_upgrade = applied(one, after_upgrade)
    things = after_upgrade.apps.get_model("example", "Thing").objects
    for _ in range(2):
        things.create(name="the same")
    found = analyze(connection, SchemaTracker(state), reverse[::-1], known).effects
    (precondition,) = (each.precondition for one in found for each in one.violated_preconditions)
    assert (precondition.kind, precondition.possibly_fixed_by) == (PreconditionKind.UNIQUE, after)
