"""Preconditions of operations: predicted by a query, then shown by running the migration."""

import contextlib
import functools
import hashlib
import importlib
from copy import deepcopy
from datetime import date

import django
import pytest
from django.conf import settings
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
    BooleanField,
    CharField,
    CheckConstraint,
    DateField,
    DateTimeField,
    DecimalField,
    F,
    FloatField,
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

with contextlib.suppress(ImportError):  # without psycopg2
    from django.contrib.postgres.indexes import HashIndex
    from django.contrib.postgres.operations import (
        AddConstraintNotValid,
        CreateExtension,
        ValidateConstraint,
    )
from nautobot_upgrade_jobs.collect.operations.content_type_cascades import removed_models
from nautobot_upgrade_jobs.collect.operations.plan_analysis import analyze_plan
from nautobot_upgrade_jobs.collect.operations.schema_tracker import SchemaTracker
from nautobot_upgrade_jobs.collect.operations.source import describe_code, read_code
from nautobot_upgrade_jobs.collect.preconditions import (
    _count_dropped_values,
    _sample_matching_keys,
)
from nautobot_upgrade_jobs.collect.preconditions import test_precondition as query_rows
from nautobot_upgrade_jobs.facts.migration_code import CodeAccess
from nautobot_upgrade_jobs.facts.preconditions import (
    CostKind,
    Lock,
    Precondition,
    PreconditionKind,
)
from tests.support.engines import postgresql_only

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
WITHOUT_CONSTRAINT = AddField(
    "thing", "loose", ForeignKey("example.Other", CASCADE, null=True, db_constraint=False)
)
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
TWICE = [("a", "", 0), ("a", "", 0)]
"""Two rows of the same name and number."""


def add_unique_by_sql(before="", *, state=True):
    return RunSQL(
        f"{before}CREATE UNIQUE INDEX example_unique ON example_thing (name, number)",
        state_operations=[AddConstraint("thing", UNIQUE)] if state else [],
    )


NAMES = [("a", "", 0), ("a", "", 1)]
NO_NAMES = [(None, "", 0), (None, "", 1)]
UNIQUE_NAME = UniqueConstraint(fields=["name"], name="example_unique_name")
UNIQUE_IF_ACTIVE = UniqueConstraint(
    fields=["name"], condition=Q(active=True), name="example_active"
)


def add_field(name, field_class, **options):
    return AddField("thing", name, field_class(**options))


def new_number(**options):
    return AlterField("thing", "size", IntegerField(**options))


def no_more_than(limit):
    argument = "condition" if django.VERSION >= (5, 1) else "check"
    return CheckConstraint(name="example_limit", **{argument: Q(number__lte=limit)})


LIMITED = AddConstraint("thing", no_more_than(F("limit")))
NEW_LIMIT = add_field("limit", IntegerField, default=3)
NO_LIMIT = add_field("limit", IntegerField, null=True)


def long_text(length):
    """Return a text that the server cannot compress."""
    digest = hashlib.sha512
    return "".join(digest(str(n).encode()).hexdigest() for n in range(length // 128 + 1))[:length]


def set_not_null_by_sql():
    change = "MODIFY name varchar(50) NOT NULL" if MYSQL else "ALTER COLUMN name SET NOT NULL"
    return RunSQL(
        f"ALTER TABLE example_thing {change}",
        state_operations=[AlterField("thing", "name", CharField(max_length=50))],
    )


NO_VALUE = [] if MYSQL else [PreconditionKind.NOT_NULL]
"""MySQL fills the new column with zeroes or empty texts."""


def create_tables(rows):
    """Create the tables with rows of (name, words, number); return their state."""
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
        ([(None, "", 0)], [alter(null=False)], [PreconditionKind.NOT_NULL]),
        ([("a", "", 0)], [alter(null=False)], []),
        ([(None, "", 0)], [alter(null=False, default="x")], []),
        ([(None, "", 0)], [alter(null=False, blank=True)], [PreconditionKind.NOT_NULL]),
        ([("a", "", 0)], [AddField("thing", "code", IntegerField())], NO_VALUE),
        ([], [AddField("thing", "code", IntegerField())], []),
        ([("a", "", 0)], [AddField("thing", "code", CharField(max_length=5, blank=True))], []),
        ([("a", "", 0)], [AddField("thing", "code", IntegerField(null=True))], []),
        ([("abcd", "", 0)], [alter(max_length=3)], [PreconditionKind.MAX_LENGTH]),
        ([("äöü", "", 0)], [alter(max_length=3)], []),
        ([("abcd", "", 0)], [alter(max_length=60)], []),
        ([("a", "", 0), ("a", "", 1)], [alter(unique=True)], [PreconditionKind.UNIQUE]),
        ([(None, "", 0), (None, "", 1)], [alter(unique=True)], []),
        ([("a", "", 0), ("a", "", 0)], [AddConstraint("thing", UNIQUE)], [PreconditionKind.UNIQUE]),
        ([("a", "", 0), ("a", "", 1)], [AddConstraint("thing", UNIQUE)], []),
        ([(None, "", 0), (None, "", 0)], [AddConstraint("thing", UNIQUE)], []),
        ([("a", "", 0), ("a", "", 0)], [AddConstraint("thing", UNIQUE_FROM_ONE)], []),
        (
            [("a", "", 1), ("a", "", 1)],
            [AddConstraint("thing", UNIQUE_FROM_ONE)],
            [] if MYSQL else [PreconditionKind.UNIQUE],
        ),
        (
            [("a", "", -1)],
            [AlterField("thing", "number", PositiveIntegerField())],
            [PreconditionKind.CHECK],
        ),
        ([("a", "", 1)], [AlterField("thing", "number", PositiveIntegerField())], []),
        ([("a", "", 1)], [AlterField("thing", "number", BigIntegerField())], []),
        (
            [("a", "", 40_000)],
            [AlterField("thing", "number", SmallIntegerField())],
            [PreconditionKind.NUMERIC_RANGE],
        ),
        ([("a", "", 30_000)], [AlterField("thing", "number", SmallIntegerField())], []),
        (
            [("a", "", 70_000)],
            [AlterField("thing", "number", PositiveSmallIntegerField())],
            [PreconditionKind.NUMERIC_RANGE],
        ),
        (
            [("a", "", -1)],
            [AlterField("thing", "number", PositiveSmallIntegerField())],
            [PreconditionKind.CHECK],
        ),
        (
            [("a", "", 1_000)],
            [AlterField("thing", "number", decimal(5, 2))],
            [PreconditionKind.NUMERIC_RANGE],
        ),
        ([("a", "", 999)], [AlterField("thing", "number", decimal(5, 2))], []),
        ([("a", "x" * 60, 1)], [AlterField("thing", "words", TextField(max_length=50))], []),
        (
            [("a", "", 0), ("a", "", 1)],
            [
                AddField("thing", "kind", IntegerField(default=1)),
                AlterUniqueTogether("thing", {("name", "kind")}),
            ],
            [PreconditionKind.UNIQUE],
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
            [PreconditionKind.NOT_NULL],
        ),
        ([("a", "", 0)], [AddField("thing", "day", DateField())], [PreconditionKind.NOT_NULL]),
        (
            [("a", "", 0)],
            [
                AddField("thing", "day", DateField(default=date(2026, 1, 31))),
                AlterField("thing", "day", DateTimeField(null=True)),
            ],
            [],
        ),
        ([("a", "", 2**31 - 1)], [AlterField("thing", "number", FloatField())], []),
        ([("a", "", 0)], [AlterUniqueTogether("thing", None)], []),
        ([("a", "", -1)], [AddConstraint("thing", NOT_NEGATIVE)], [PreconditionKind.CHECK]),
        ([("a", "", 0)], [AddConstraint("thing", NOT_NEGATIVE)], []),
        (
            [("a", "", -1)],
            [RenameField("thing", "number", "place"), AddConstraint("thing", NO_NEGATIVE_PLACE)],
            [PreconditionKind.CHECK],
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
            [PreconditionKind.UNIQUE],
        ),
        (
            [("a", "", 0), ("b", "", 0)],
            [AddField("thing", "code", CharField(max_length=5, default="x", unique=True))],
            [PreconditionKind.UNIQUE],
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
            [PreconditionKind.FOREIGN_KEY],
        ),
        (
            [(None, "", 0)],
            [
                RenameField("thing", "name", "title"),
                RenameModel("Thing", "Item"),
                AlterField("item", "title", CharField(max_length=50)),
            ],
            [PreconditionKind.NOT_NULL],
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
            [PreconditionKind.NOT_NULL],
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
        (TWICE, [add_unique_by_sql()], [PreconditionKind.UNIQUE]),
        ([("a", "", 0), ("b", "", 0)], [add_unique_by_sql()], []),
        (
            TWICE,
            [
                SeparateDatabaseAndState(
                    database_operations=[add_unique_by_sql(state=False)],
                    state_operations=[AddConstraint("thing", UNIQUE)],
                )
            ],
            [PreconditionKind.UNIQUE],
        ),
        (TWICE, [RunSQL("SELECT 1", state_operations=[AddConstraint("thing", UNIQUE)])], []),
        # The default replaces NULLs before the server tests the constraint.
        (NO_NAMES, [alter(null=False, default="x", unique=True)], [PreconditionKind.UNIQUE]),
        (NO_NAMES, [alter(null=False, default=str, unique=True)], [PreconditionKind.UNIQUE]),
        (
            [(None, "", 0), ("x", "", 0)],
            [alter(null=False, default="x", unique=True)],
            [PreconditionKind.UNIQUE],
        ),
        ([(None, "", 0), ("a", "", 0)], [alter(null=False, default="x", unique=True)], []),
        (
            NO_NAMES,
            [alter(null=False, default="x"), AddConstraint("thing", UNIQUE_NAME)],
            [PreconditionKind.UNIQUE],
        ),
        (
            [(None, "", 1), (None, "", 1)],
            [alter(null=False, default="x"), AlterUniqueTogether("thing", {("name", "number")})],
            [PreconditionKind.UNIQUE],
        ),
        (
            NO_NAMES,
            [alter(null=False, default="x"), AlterUniqueTogether("thing", {("name", "number")})],
            [],
        ),
        (NO_NAMES, [AddConstraint("thing", UNIQUE_NAME)], []),
        # A new column has one known value in all rows.
        (
            [("a", "", 5)],
            [NEW_LIMIT, LIMITED],
            [PreconditionKind.CHECK],
        ),
        (
            [("a", "", 2)],
            [NEW_LIMIT, LIMITED],
            [],
        ),
        (
            [("a", "", 5)],
            [NO_LIMIT, LIMITED],
            [],
        ),
        (
            NAMES,
            [
                add_field("active", BooleanField, default=True),
                AddConstraint("thing", UNIQUE_IF_ACTIVE),
            ],
            [] if MYSQL else [PreconditionKind.UNIQUE],
        ),
        (
            NAMES,
            [
                add_field("active", BooleanField, default=False),
                AddConstraint("thing", UNIQUE_IF_ACTIVE),
            ],
            [],
        ),
        (
            [("a", "", 0)],
            [add_field("size", IntegerField, null=True), new_number()],
            [PreconditionKind.NOT_NULL],
        ),
        ([("a", "", 0)], [add_field("size", IntegerField, null=True), new_number(default=1)], []),
        ([], [add_field("size", IntegerField, null=True), new_number()], []),
        (
            [("a", "", 0)],
            [add_field("owner", ForeignKey, to="example.Other", on_delete=CASCADE, default=7)],
            [PreconditionKind.FOREIGN_KEY],
        ),
        (
            [],
            [add_field("owner", ForeignKey, to="example.Other", on_delete=CASCADE, default=7)],
            [],
        ),
        # The server rounds a number before it tests the range.
        ([("a", "", 999)], [AlterField("thing", "number", decimal(4, 1))], []),
        # The server removes spaces at the end.
        (
            [("abc  ", "", 0)],
            [alter(max_length=3)],
            [PreconditionKind.MAX_LENGTH] if MYSQL else [],
        ),
        ([("  abc", "", 0)], [alter(max_length=3)], [PreconditionKind.MAX_LENGTH]),
        # Every value can be converted.
        (
            [("a", "", 1)],
            [
                AlterField("thing", "number", BooleanField(default=False)),
                AlterField("thing", "number", IntegerField(default=0)),
            ],
            [],
        ),
        ([(None, "", 0)], [set_not_null_by_sql()], [PreconditionKind.NOT_NULL]),
        ([("a", "", 0)], [set_not_null_by_sql()], []),
    ],
)
def test_predicted_violations_stop_the_migration(tables, rows, operations, breaks):
    state = create_tables(rows)
    migration = Migration("0002_more", "example")
    migration.operations = operations
    preconditions, *_ = analyze_plan(SchemaTracker(state.clone()), [deepcopy(migration)])
    answers = [
        query_rows(connection, one) for one in preconditions if one.kind != PreconditionKind.DROPS
    ]
    assert not [one.unknown_reason for one in answers if one.unknown_reason]
    assert [one.precondition.kind for one in answers if one.affected_rows] == breaks
    try:
        with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
            migration.apply(state, editor)
        stopped = False
    except DatabaseError:
        stopped = True
    assert stopped == bool(breaks)


@pytest.mark.parametrize(
    ("value", "fits"), [("999.99", False), ("999.9", True), ("-999.99", False)]
)
def test_number_is_rounded_before_the_server_tests_its_range(tables, value, fits):
    state = create_tables([("a", "", 0)])
    first, second = Migration("0002_wide", "example"), Migration("0003_narrow", "example")
    first.operations = [AlterField("thing", "number", decimal(8, 2))]
    second.operations = [AlterField("thing", "number", decimal(4, 1))]
    with connection.schema_editor() as editor:
        state = first.apply(state, editor)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE example_thing SET number = %s", [value])
    (precondition,), *_ = analyze_plan(SchemaTracker(state.clone()), [deepcopy(second)])
    assert query_rows(connection, precondition).affected_rows == (0 if fits else 1)
    with (
        contextlib.nullcontext() if fits else pytest.raises(DatabaseError),
        connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor,
    ):
        second.apply(state, editor)


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5 has them")
@pytest.mark.parametrize(
    ("rows", "options", "unique", "breaks"),
    [
        (NAMES, {"db_default": 5, "unique": True}, (), [PreconditionKind.UNIQUE]),
        (NAMES[:1], {"db_default": 5, "unique": True}, (), []),
        (NO_NAMES, {}, {"fields": ["name"], "nulls_distinct": False}, [PreconditionKind.UNIQUE]),
        (NO_NAMES, {}, {"fields": ["name"]}, []),
        (NO_NAMES[:1], {}, {"fields": ["name"], "nulls_distinct": False}, []),
    ],
)
def test_defaults_of_the_server_and_equal_nulls(tables, rows, options, unique, breaks):
    operations = [add_field("size", IntegerField, **options)] if options else []
    if unique:
        if not connection.features.supports_nulls_distinct_unique_constraints:
            pytest.skip("the server has no such constraint")
        constraint = UniqueConstraint(name="example_nulls", **unique)
        operations.append(AddConstraint("thing", constraint))
    test_predicted_violations_stop_the_migration(tables, rows, operations, breaks)


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5 has them")
def test_default_of_the_server_replaces_nulls(tables):
    operations = [alter(null=False, db_default="x", unique=True)]
    test_predicted_violations_stop_the_migration(
        tables, NO_NAMES, operations, [PreconditionKind.UNIQUE]
    )


if not MYSQL:

    @pytest.mark.parametrize(
        ("words", "operations", "breaks"),
        [
            (long_text(9000), [AddIndex("thing", Index(fields=["words"], name="ew"))], True),
            (long_text(2600), [AddIndex("thing", Index(fields=["words"], name="ew"))], False),
            (long_text(2720), [AddIndex("thing", Index(fields=["words"], name="ew"))], True),
            ("x" * 90000, [AddIndex("thing", Index(fields=["words"], name="ew"))], False),
            (long_text(9000), [AlterField("thing", "words", TextField(unique=True))], True),
            (long_text(9000), [AlterUniqueTogether("thing", {("words", "number")})], True),
            (long_text(9000), [AddIndex("thing", Index(fields=["name"], name="ew"))], False),
            (long_text(9000), [AddIndex("thing", HashIndex(fields=["words"], name="ew"))], False),
        ],
    )
    def test_values_that_no_index_can_hold_stop_the_migration(tables, words, operations, breaks):
        test_predicted_violations_stop_the_migration(
            tables,
            [("a", words, 0)],
            operations,
            [PreconditionKind.INDEX_SIZE] if breaks else [],
        )

    @pytest.mark.parametrize(
        ("name", "breaks"),
        [("no_such_extension", True), ("plpgsql", False), ("fuzzystrmatch", None)],
    )
    def test_extension_that_the_role_cannot_create_stops_the_migration(tables, name, breaks):
        state = create_tables([])
        migration = Migration("0002_more", "example")
        migration.operations = [CreateExtension(name)]
        (precondition,), *_ = analyze_plan(SchemaTracker(state.clone()), [migration])
        found = bool(query_rows(connection, precondition).affected_rows)
        assert breaks in (None, found)
        try:
            with connection.schema_editor() as editor:
                migration.apply(state, editor)
            stopped = False
        except DatabaseError:
            stopped = True
        with connection.cursor() as cursor:
            cursor.execute("DROP EXTENSION IF EXISTS fuzzystrmatch")
        assert stopped == found

    def test_constraint_that_is_validated_later_requires_rows_then(tables):
        operations = [AddConstraintNotValid("thing", NOT_NEGATIVE)]
        rows = [("a", "", -1)]
        test_predicted_violations_stop_the_migration(tables, rows, operations, [])

    def test_validation_requires_rows_that_satisfy_the_constraint(tables):
        operations = [
            AddConstraintNotValid("thing", NOT_NEGATIVE),
            ValidateConstraint("thing", NOT_NEGATIVE.name),
        ]
        test_predicted_violations_stop_the_migration(
            tables, [("a", "", -1)], operations, [PreconditionKind.CHECK]
        )


LONGER = AlterField("thing", "name", CharField(max_length=60, null=True))
MUCH_LONGER = AlterField("thing", "name", CharField(max_length=70, null=True))
TO_OTHER = ForeignKey("example.Other", CASCADE, null=True)


@pytest.mark.parametrize(
    ("operation", "kinds"),
    [
        (AddField("thing", "code", IntegerField(default=1)), []),
        (AddField("thing", "code", IntegerField(null=True, db_index=True)), [CostKind.INDEX_BUILD]),
        (
            AddField("thing", "other", TO_OTHER),
            [CostKind.TABLE_REWRITE if MYSQL else CostKind.FULL_SCAN, CostKind.INDEX_BUILD],
        ),
        (LONGER, []),
        (MUCH_LONGER, [CostKind.TABLE_REWRITE] if MYSQL else []),
        (alter(max_length=40), [CostKind.TABLE_REWRITE]),
        (alter(verbose_name="called"), []),
        (alter(db_index=True), [CostKind.INDEX_BUILD]),
        (alter(null=False), [CostKind.TABLE_REWRITE if MYSQL else CostKind.FULL_SCAN]),
        (AlterField("thing", "number", CharField(max_length=9)), [CostKind.TABLE_REWRITE]),
        (RemoveField("thing", "number"), []),
        (RemoveField("thing", "found"), [CostKind.TABLE_REWRITE] if MYSQL else []),
        (RenameField("thing", "number", "place"), []),
        (RenameModel("Thing", "Item"), []),
        (DeleteModel("Other"), []),
        (
            AddIndex("thing", Index(fields=["number"], name="example_number")),
            [CostKind.INDEX_BUILD],
        ),
        (AddConstraint("thing", UNIQUE), [CostKind.INDEX_BUILD]),
        (
            AddConstraint("thing", NOT_NEGATIVE),
            [CostKind.TABLE_REWRITE if MYSQL else CostKind.FULL_SCAN],
        ),
        (AlterUniqueTogether("thing", {("name", "number")}), [CostKind.INDEX_BUILD]),
        (AlterUniqueTogether("thing", set()), []),
    ],
)
def test_predicted_costs_match_table_rewrites(tables, operation, kinds):
    state = create_tables([("a", "", 0)])
    migration = Migration("0002_more", "example")
    migration.operations = [operation]
    _, work, *_ = analyze_plan(SchemaTracker(state.clone()), [migration])
    assert [one.kind for one in work] == kinds
    before = file_of("example_thing")
    with connection.schema_editor() as editor:
        migration.apply(state, editor)
    after = file_of("example_thing") or file_of("example_item")
    assert (after != before) == (CostKind.TABLE_REWRITE in kinds)


ADD_INDEX = AddIndex("thing", Index(fields=["number"], name="example_number"))


@postgresql_only("MySQL does not show the locks of a finished statement")
@pytest.mark.parametrize(
    ("operation", "lock", "mode"),
    [
        (
            AddField("thing", "code", IntegerField(null=True, db_index=True)),
            Lock.READS_AND_WRITES,
            "AccessExclusiveLock",
        ),
        (AddField("thing", "other", TO_OTHER), Lock.READS_AND_WRITES, "AccessExclusiveLock"),
        (alter(max_length=40), Lock.READS_AND_WRITES, "AccessExclusiveLock"),
        (alter(null=False), Lock.READS_AND_WRITES, "AccessExclusiveLock"),
        (alter(unique=True), Lock.READS_AND_WRITES, "AccessExclusiveLock"),
        (alter(db_index=True), Lock.WRITES, "ShareLock"),
        (ADD_INDEX, Lock.WRITES, "ShareLock"),
        (AddConstraint("thing", UNIQUE), Lock.READS_AND_WRITES, "AccessExclusiveLock"),
        (AddConstraint("thing", UNIQUE_FROM_ONE), Lock.WRITES, "ShareLock"),
        (AddConstraint("thing", NOT_NEGATIVE), Lock.READS_AND_WRITES, "AccessExclusiveLock"),
        (
            AlterUniqueTogether("thing", {("name", "number")}),
            Lock.READS_AND_WRITES,
            "AccessExclusiveLock",
        ),
        (AlterField("thing", "loose", TO_OTHER), Lock.WRITES, "ShareRowExclusiveLock"),
    ],
)
def test_operation_costs_state_the_lock_that_postgresql_takes(tables, operation, lock, mode):
    state = create_tables([("a", "", 0)])
    prepare = Migration("0002_loose", "example")
    prepare.operations = [deepcopy(WITHOUT_CONSTRAINT)]
    with connection.schema_editor() as editor:
        state = prepare.apply(state, editor)
    migration = Migration("0003_more", "example")
    migration.operations = [operation]
    _, costs, *_ = analyze_plan(SchemaTracker(state.clone()), [migration])
    assert {cost.lock for cost in costs} == {lock}
    with connection.schema_editor() as editor:
        migration.apply(state, editor)
        for statement in editor.deferred_sql:
            editor.execute(statement)
        editor.deferred_sql.clear()
        modes = held_lock_modes("example_thing")
    assert mode in modes
    assert ("AccessExclusiveLock" in modes) == (lock is Lock.READS_AND_WRITES)


def held_lock_modes(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mode FROM pg_locks WHERE relation = %s::regclass AND pid = pg_backend_pid()",
            [table],
        )
        return {mode for (mode,) in cursor.fetchall()}


def file_of(table):
    """Return the number of the file of a table; a rewrite changes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_id FROM information_schema.innodb_tables "
            "WHERE name = concat(database(), '/', %s)"
            if MYSQL
            else "SELECT relfilenode FROM pg_class WHERE relname = %s",
            [table],
        )
        return cursor.fetchone()


def test_code_costs_name_the_models_in_the_code(tables):
    state = create_tables([])
    migration = Migration("0002_more", "example")
    migration.operations = [RunPython(count), RunSQL("SELECT 1"), RunPython(RunPython.noop)]
    _, work, *_ = analyze_plan(SchemaTracker(state), [migration])
    assert sorted((one.kind, one.operation, one.table) for one in work) == [
        (CostKind.DATA_MIGRATION, "RunPython", "example_thing"),
        (CostKind.DATA_MIGRATION, "RunSQL", ""),
    ]


def count(apps, schema_editor):
    apps.get_model("example", "Thing").objects.count()


@pytest.mark.parametrize(("words", "cut"), [("abcd", 1), ("äöü", 0)])
def test_type_change_truncates_long_values(tables, words, cut):
    """PostgreSQL converts by a cast, which cuts; MySQL refuses."""
    state = create_tables([("a", words, 0)])
    migration = Migration("0002_more", "example")
    migration.operations = [AlterField("thing", "words", CharField(max_length=3))]
    (precondition,), *_ = analyze_plan(SchemaTracker(state.clone()), [migration])
    answer = query_rows(connection, precondition)
    assert answer.affected_rows == cut
    if connection.vendor == "mysql" and cut:
        assert answer.precondition.kind == PreconditionKind.MAX_LENGTH
        with pytest.raises(DatabaseError), connection.schema_editor() as editor:
            migration.apply(state, editor)
        return
    with connection.schema_editor() as editor:
        state = migration.apply(state, editor)
    assert state.apps.get_model("example", "Thing").objects.get().words == words[:3]
    assert answer.precondition.kind == (
        PreconditionKind.MAX_LENGTH if MYSQL else PreconditionKind.TRUNCATES
    )


def fill(apps, schema_editor):
    for name in MODELS:
        write_model(apps, name)


MODELS = ["Thing"]


def write_model(apps, name):
    apps.get_model("example", name).objects.update(name="")


def fill_other(apps, schema_editor):
    """Write another model than the other functions."""
    write_model(apps, "Other")


def fill_some(apps, schema_editor):
    for model in apps.get_models():
        for row in model.objects.all():
            row.name = ""
            row.save()


def read(apps, schema_editor):
    list(apps.get_model("example", "Thing").objects.values_list("name"))


def write_another_field(apps, schema_editor):
    for thing in apps.get_model("example", "Thing").objects.filter(name=None):
        thing.number = 0
        thing.save()


def add(apps, schema_editor):
    apps.get_model("example", "Thing").objects.create(name="new")


def assign(apps, schema_editor):
    """Assign a value, and forget to save it."""
    for thing in apps.get_model("example", "Thing").objects.filter(name=None):
        thing.name = ""


def remove(apps, schema_editor):
    apps.get_model("example", "Thing").objects.filter(name=None).delete()


class Filler:
    """Code that is not a plain function."""

    @classmethod
    def fill(cls, apps, schema_editor):
        cls._write(apps)

    @classmethod
    def _write(cls, apps):
        apps.get_model("example", "Thing").objects.update(name="")


@functools.wraps(fill)
def fill_as_decorated(apps, schema_editor):
    fill(apps, schema_editor)


@pytest.mark.parametrize(
    ("code", "may_change"),
    [
        (RunPython(fill), True),
        (RunPython(fill_other), False),
        (RunPython(fill_some), True),
        (RunPython(remove), True),
        (RunPython(Filler.fill), True),
        (RunPython(fill_as_decorated), True),
        (RunPython(functools.partial(fill)), True),
        (RunPython(read), False),
        (RunPython(write_another_field), False),
        (RunPython(add), False),
        (RunPython(assign), False),
        (RunSQL("UPDATE example_thing SET name = ''"), True),
        (RunSQL("UPDATE example_other SET id = id"), False),
        (RunSQL("UPDATE example_thing SET number = 1 WHERE name IS NULL"), False),
        (RunSQL([("UPDATE example_thing SET name = %s", [""])]), True),
        (RunPython(RunPython.noop), False),
        (SeparateDatabaseAndState(state_operations=[RunPython(fill)]), False),
        (SeparateDatabaseAndState([RunPython(fill)]), True),
    ],
)
def test_possibly_fixed_by_lists_earlier_code_on_the_same_rows(tables, code, may_change):
    state = create_tables([(None, "", 0)])
    first, second = Migration("0002_fill", "example"), Migration("0003_fix", "example")
    first.operations = [code]
    second.operations = [alter(null=False), DeleteModel("Other")]
    (not_null, dropped), *_ = analyze_plan(SchemaTracker(state), [first, second])
    assert (not_null.kind, not_null.migrations_before) == (PreconditionKind.NOT_NULL, 1)
    assert not_null.possibly_fixed_by == (("example.0002_fill",) if may_change else ())
    assert (dropped.kind, dropped.table) == (PreconditionKind.DROPS, "example_other")


def test_read_code_follows_functions_of_imported_modules():
    """A migration of Nautobot calls ``nautobot.extras.management.populate_status_choices``."""
    if settings.VERSION.startswith("2."):
        pytest.skip("the migration is of Nautobot 3.1")
    module = importlib.import_module("nautobot.vpn.migrations.0002_populate_defaults")
    (operation, *_) = module.Migration.operations
    code = read_code(module.Migration("0002_populate_defaults", "vpn"), operation)
    assert describe_code(code).access is CodeAccess.WRITES


@pytest.mark.parametrize(
    ("value", "new", "breaks"),
    [
        (70000, SmallIntegerField(), [PreconditionKind.NUMERIC_RANGE]),
        (7, SmallIntegerField(), []),
        (7, BigIntegerField(), []),
    ],
)
def test_foreign_key_that_becomes_a_number_must_fit(tables, value, new, breaks):
    state = create_tables([("a", "", 0)])
    first, second = Migration("0002_more", "example"), Migration("0003_number", "example")
    first.operations = [WITHOUT_CONSTRAINT]
    second.operations = [
        AlterField("thing", "loose", type(new)(null=True, db_column="loose_id")),
    ]
    with connection.schema_editor() as editor:
        state = first.apply(state, editor)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE example_thing SET loose_id = %s", [value])
    preconditions, *_ = analyze_plan(SchemaTracker(state.clone()), [deepcopy(second)])
    answers = [query_rows(connection, each) for each in preconditions]
    assert [each.precondition.kind for each in answers if each.affected_rows] == breaks
    with (
        pytest.raises(DatabaseError) if breaks else contextlib.nullcontext(),
        connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor,
    ):
        second.apply(state, editor)


def test_number_that_becomes_a_foreign_key_must_fit(tables):
    state = create_tables([("a", "", 0)])
    first, second = Migration("0002_big", "example"), Migration("0003_key", "example")
    first.operations = [AlterField("thing", "number", BigIntegerField(default=0))]
    key = ForeignKey("example.Other", CASCADE, null=True, db_constraint=False, db_column="number")
    second.operations = [AlterField("thing", "number", key)]
    with connection.schema_editor() as editor:
        state = first.apply(state, editor)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE example_thing SET number = %s", [2**40])
    (precondition, *_), *_ = analyze_plan(SchemaTracker(state.clone()), [deepcopy(second)])
    assert precondition.kind is PreconditionKind.NUMERIC_RANGE
    assert query_rows(connection, precondition).affected_rows == 1


def test_count_dropped_values_counts_many_to_many_rows(tables):
    state = create_tables([("a", "", 0)])
    related = Migration("0002_related", "example")
    related.operations = [AddField("thing", "others", ManyToManyField("example.Other"))]
    with connection.schema_editor() as editor:
        state = related.apply(state, editor)
    other = state.apps.get_model("example", "Other").objects.create()
    state.apps.get_model("example", "Thing").objects.get().others.add(other)
    removed = Migration("0003_removed", "example")
    removed.operations = [RemoveField("thing", "others")]
    (dropped,), *_ = analyze_plan(SchemaTracker(state), [removed])
    assert [one.affected_rows for one in _count_dropped_values(connection, [dropped])] == [1]


def test_analyze_plan_ignores_unmanaged_models():
    state = ProjectState()
    options = {"managed": False, "db_table": "a_view"}
    first, second = Migration("0001_initial", "example"), Migration("0002_more", "example")
    first.operations = [CreateModel("View", [("id", AutoField(primary_key=True))], options)]
    second.operations = [AddField("view", "number", IntegerField()), DeleteModel("view")]
    assert analyze_plan(SchemaTracker(first.mutate_state(state)), [second])[:2] == ([], [])


def test_analyze_plan_applies_state_operations(tables):
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
    assert analyze_plan(SchemaTracker(create_tables([])), [first])[:2] == ([], [])


@pytest.mark.parametrize(("table", "broken"), [("example_thing", [1]), ("example_gone", [])])
def test_analyze_plan_moved_model_keeps_its_rows(tables, table, broken):
    state = create_tables([("a", "", 1), ("a", "", 1)])
    moved = deepcopy(BEFORE[1])
    moved.options["db_table"] = table
    migration = Migration("0001_moved", "example_heir")
    migration.operations = [
        SeparateDatabaseAndState(state_operations=[moved]),
        AddConstraint("thing", UNIQUE),
    ]
    preconditions, *_ = analyze_plan(SchemaTracker(state), [migration])
    assert [query_rows(connection, one).affected_rows for one in preconditions] == broken


@pytest.mark.parametrize(
    "operation",
    [
        AlterField("thing", "words", IntegerField()),
        AlterField("thing", "number", JSONField()),
        AddConstraint("thing", UniqueConstraint(Lower("name"), name="example_lower")),
        AlterField("thing", "name", 7),
    ],
)
def test_untestable_preconditions_state_a_reason(tables, operation):
    if MYSQL and not connection.features.supports_expression_indexes:
        pytest.skip("this server has no such constraints")
    migration = Migration("0002_more", "example")
    migration.operations = [operation]
    tracker = SchemaTracker(create_tables([]))
    with contextlib.suppress(AttributeError):  # Django rejects a value that is no field
        preconditions, *_ = analyze_plan(tracker, [migration])
        assert [query_rows(connection, one).unknown_reason != "" for one in preconditions] == [True]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (decimal(10, 4), decimal(13, 4), []),
        (decimal(10, 4), decimal(11, 5), []),
        (decimal(10, 4), decimal(10, 5), [PreconditionKind.NUMERIC_RANGE]),
        (decimal(10, 4), decimal(13, 3), [PreconditionKind.NUMERIC_RANGE]),
        (PositiveSmallIntegerField(), IntegerField(), []),
        (BigIntegerField(), IntegerField(), [PreconditionKind.NUMERIC_RANGE]),
        (IntegerField(), TextField(), []),
        (TextField(), JSONField(), [PreconditionKind.UNTESTED]),
        (UUIDField(), CharField(max_length=36), []),
    ],
)
def test_wider_type_has_no_precondition(old, new, expected):
    first, second = Migration("0001_initial", "example"), Migration("0002_more", "example")
    first.operations = [CreateModel("Thing", [("id", AutoField(primary_key=True)), ("value", old)])]
    second.operations = [AlterField("thing", "value", new)]
    preconditions, *_ = analyze_plan(SchemaTracker(first.mutate_state(ProjectState())), [second])
    assert [one.kind for one in preconditions if one.kind != PreconditionKind.TRUNCATES] == expected


def test_analyze_plan_never_calls_a_default(tables):
    def never():
        raise AssertionError

    migration = Migration("0002_more", "example")
    migration.operations = [AddField("thing", "code", IntegerField(default=never, unique=True))]
    (precondition,), *_ = analyze_plan(SchemaTracker(create_tables([])), [migration])
    assert precondition.kind == PreconditionKind.UNIQUE


def test_sample_of_conditional_unique_lists_only_violations(tables):
    state = create_tables([("a", "", 0), ("a", "", 1), ("a", "", 1)])
    migration = Migration("0002_more", "example")
    migration.operations = [AddConstraint("thing", UNIQUE_FROM_ONE)]
    preconditions, *_ = analyze_plan(SchemaTracker(state), [migration])
    assert [query_rows(connection, one).sample for one in preconditions] == (
        [] if MYSQL else [("2", "3")]
    )


def test_sample_omits_keys_that_may_be_secret():
    columns = ("expire_date",)
    precondition = Precondition(PreconditionKind.NOT_NULL, "", "", "django_session", columns)
    where = connection.ops.quote_name("session_key") + " IS NOT NULL"
    Session.objects.create(session_key="not-for-you", expire_date=timezone.now())
    try:
        assert _sample_matching_keys(connection, precondition, where) == ()
    finally:
        Session.objects.filter(session_key="not-for-you").delete()


def test_sample_lists_primary_keys(tables):
    state = create_tables([("a", "", 0), ("b", "", 0), ("a", "", 1)])
    migration = Migration("0002_more", "example")
    migration.operations = [alter(unique=True)]
    (precondition,), *_ = analyze_plan(SchemaTracker(state), [migration])
    answer = query_rows(connection, precondition)
    assert (answer.affected_rows, answer.sample) == (1, ("1", "3"))


@pytest.mark.parametrize(
    ("operations", "removed"),
    [
        ([DeleteModel("Other")], {"other"}),
        ([RenameModel("Other", "Another")], set()),
        ([RenameModel("Other", "Another"), DeleteModel("Another")], {"other"}),
        (
            [DeleteModel("Other"), CreateModel("Other", [("id", AutoField(primary_key=True))])],
            set(),
        ),
        ([SeparateDatabaseAndState(state_operations=[DeleteModel("Other")])], {"other"}),
        ([SeparateDatabaseAndState(database_operations=[DeleteModel("Other")])], set()),
        ([RemoveField("thing", "name")], set()),
    ],
)
def test_removed_models_are_those_without_a_successor(tables, operations, removed):
    migration = Migration("0002_more", "example")
    migration.operations = operations
    state = create_tables([])
    assert removed_models([migration], state) == {("example", name) for name in removed}
