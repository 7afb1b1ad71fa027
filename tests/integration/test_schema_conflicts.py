"""Operations that the schema refuses: predicted from its names, then shown by running them."""

from copy import deepcopy
from typing import Any

import django
import pytest
from django.db import DatabaseError, connection
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
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
from django.db.migrations.state import ProjectState
from django.db.models import (
    CASCADE,
    AutoField,
    CharField,
    CheckConstraint,
    ForeignKey,
    Index,
    IntegerField,
    ManyToManyField,
    Q,
    UniqueConstraint,
)

from nautobot_upgrade_jobs.collect.context import Context
from nautobot_upgrade_jobs.collect.operations.plan_analysis import analyze_plan
from nautobot_upgrade_jobs.collect.operations.schema_conflicts import find_schema_conflicts
from nautobot_upgrade_jobs.collect.operations.schema_tracker import SchemaTracker
from nautobot_upgrade_jobs.migration_graph.repair_sql import rename_statements

MYSQL = connection.vendor == "mysql"
CONDITION = "condition" if django.VERSION >= (5, 1) else "check"
POSITIVE = CheckConstraint(name="example_positive", **{CONDITION: Q(number__gte=0)})
UNIQUE = UniqueConstraint(fields=["name", "number"], name="example_unique")
PARTIAL = UniqueConstraint(fields=["name"], condition=Q(number__gte=1), name="example_partial")
BY_NAME = Index(fields=["name"], name="example_by_name")
BEFORE = [
    CreateModel("Other", [("id", AutoField(primary_key=True))]),
    CreateModel(
        "Thing",
        [
            ("id", AutoField(primary_key=True)),
            ("name", CharField(max_length=50, null=True)),
            ("number", IntegerField(default=0)),
            ("size", IntegerField(default=0)),
            ("others", ManyToManyField("example.Other")),
        ],
        options={
            "unique_together": {("number", "name")},
            "indexes": [BY_NAME],
            "constraints": [POSITIVE],
        },
    ),
]
NEW_COLUMN = AddField("thing", "code", IntegerField(null=True))
NEW_FOREIGN_KEY = AddField("thing", "owner", ForeignKey("example.Other", CASCADE, null=True))
NEW_TABLE = CreateModel("New", [("id", AutoField(primary_key=True))])
NEW_M2M = AddField("thing", "more", ManyToManyField("example.Other"))
NEW_INDEX = AddIndex("thing", Index(fields=["number"], name="example_number"))
DROP_UNIQUE_TOGETHER = AlterUniqueTogether("thing", set())


INDEXED = CharField(max_length=50, null=True, db_index=True)
NEW_INDEXED = AddField("thing", "label", INDEXED)


class AddAndCount(AddField):
    """The operation of an App that does more than its base class."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Add the column, and count the rows."""
        message = "count"
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        schema_editor.execute(f"SELECT 1 AS {message}")


class AddOnce(AddField):
    """The operation of an App that accepts a column that exists."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Add the column unless it exists."""
        with schema_editor.connection.cursor() as cursor:
            table = f"{app_label}_{self.model_name_lower}"
            columns = schema_editor.connection.introspection.get_table_description(cursor, table)
        if self.name not in {each.name for each in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def index_name(column, suffix="", table="example_thing"):
    editor: Any = connection.schema_editor()
    return editor._create_index_name(table, [column], suffix=suffix)


def rename_table(old, new):
    return f"ALTER TABLE {old} RENAME TO {new}"


def drop_index(name):
    return f"DROP INDEX {name} ON example_thing" if MYSQL else f"DROP INDEX {name}"


def drop_unique_together():
    """Return the statement that drops the constraint of the columns number and name."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "example_thing")
    (name,) = [name for name, one in found.items() if one["columns"] == ["number", "name"]]
    return drop_index(name) if MYSQL else f'ALTER TABLE example_thing DROP CONSTRAINT "{name}"'


COLUMN_EXISTS = "ALTER TABLE example_thing ADD COLUMN {} integer"
TABLE_EXISTS = "CREATE TABLE {} (id integer PRIMARY KEY)"
CASES = {
    # What exists, or is missing, where an operation does not expect it.
    "column exists": (COLUMN_EXISTS.format("code"), [NEW_COLUMN], ["example_thing.code"]),
    "column of a foreign key exists": (
        COLUMN_EXISTS.format("owner_id"),
        [NEW_FOREIGN_KEY],
        ["example_thing.owner_id"],
    ),
    "table exists": (TABLE_EXISTS.format("example_new"), [NEW_TABLE], ["example_new"]),
    "view has the name of a table": (
        "CREATE VIEW example_new AS SELECT 1 AS one",
        [NEW_TABLE],
        ["example_new"],
    ),
    "table of a relation exists": (
        TABLE_EXISTS.format("example_thing_more"),
        [NEW_M2M],
        ["example_thing_more"],
    ),
    "index exists": (
        "CREATE INDEX example_number ON example_thing (name)",
        [NEW_INDEX],
        ["example_thing.example_number"],
    ),
    "constraint exists": (
        "ALTER TABLE example_thing ADD CONSTRAINT example_unique UNIQUE (number)",
        [AddConstraint("thing", UNIQUE)],
        ["example_thing.example_unique"],
    ),
    "new name of a table exists": (
        TABLE_EXISTS.format("example_item"),
        [RenameModel("Thing", "Item")],
        ["example_item"],
    ),
    "new name of a column exists": (
        COLUMN_EXISTS.format("title"),
        [RenameField("thing", "name", "title")],
        ["example_thing.title"],
    ),
    "column is missing, drop": (
        "ALTER TABLE example_thing DROP COLUMN size",
        [RemoveField("thing", "size")],
        ["example_thing.size"],
    ),
    "column is missing, alter": (
        "ALTER TABLE example_thing RENAME COLUMN size TO lost",
        [AlterField("thing", "size", IntegerField(null=True))],
        ["example_thing.size"],
    ),
    "column is missing, rename": (
        "ALTER TABLE example_thing RENAME COLUMN size TO lost",
        [RenameField("thing", "size", "place")],
        ["example_thing.size"],
    ),
    "table is missing, add column": (
        rename_table("example_thing", "lost"),
        [NEW_COLUMN],
        ["example_thing"],
    ),
    "table is missing, drop": (
        rename_table("example_other", "lost"),
        [DeleteModel("Other")],
        ["example_other"],
    ),
    "referenced table is missing": (
        rename_table("example_other", "lost"),
        [NEW_FOREIGN_KEY],
        ["example_other"],
    ),
    "index is missing, drop": (
        drop_index("example_by_name"),
        [RemoveIndex("thing", "example_by_name")],
        ["example_thing.example_by_name"] if MYSQL else [],
    ),
    "index is missing, rename": (
        drop_index("example_by_name"),
        [RenameIndex("thing", new_name="example_named", old_name="example_by_name")],
        ["example_thing.example_by_name"],
    ),
    "constraint is missing": (
        "ALTER TABLE example_thing DROP "
        + ("CHECK" if MYSQL else "CONSTRAINT")
        + " example_positive",
        [RemoveConstraint("thing", "example_positive")],
        ["example_thing.example_positive"],
    ),
    "unique set is missing": (
        "{drop_unique_together}",
        [DROP_UNIQUE_TOGETHER],
        ["example_thing.(number, name)"],
    ),
    # What is as the operations expect.
    "nothing is changed": ("", [NEW_COLUMN, NEW_TABLE, NEW_INDEX, NEW_M2M, NEW_FOREIGN_KEY], []),
    "everything is dropped": (
        "",
        [
            RemoveIndex("thing", "example_by_name"),
            RemoveConstraint("thing", "example_positive"),
            DROP_UNIQUE_TOGETHER,
            RemoveField("thing", "number"),
            RemoveField("thing", "others"),
            DeleteModel("Other"),
            DeleteModel("Thing"),
        ],
        [],
    ),
    "everything is renamed": (
        "",
        [
            RemoveConstraint("thing", "example_positive"),  # MySQL renames no column of a check
            RenameField("thing", "number", "place"),
            RenameModel("Thing", "Item"),
            AlterUniqueTogether("item", set()),
            RemoveField("item", "place"),
            AlterModelTable("item", "example_items"),
            AddField("item", "number", IntegerField(null=True)),
            RemoveField("item", "others"),
        ],
        [],
    ),
    "dropped and created again": (
        "",
        [
            DeleteModel("Thing"),
            CreateModel("Thing", [("id", AutoField(primary_key=True))]),
            AddIndex("thing", Index(fields=["id"], name="example_by_name")),
        ],
        [],
    ),
    "created and dropped": ("", [NEW_COLUMN, RemoveField("thing", "code"), NEW_COLUMN], []),
    "another table has the column": (
        "ALTER TABLE example_other ADD COLUMN code integer",
        [NEW_COLUMN],
        [],
    ),
    "more than expected": (COLUMN_EXISTS.format("mine"), [NEW_COLUMN, NEW_INDEX], []),
    "only in the state": (
        COLUMN_EXISTS.format("code"),
        [SeparateDatabaseAndState(state_operations=[NEW_COLUMN])],
        [],
    ),
    "made room by statements": (
        COLUMN_EXISTS.format("code"),
        [RunSQL("ALTER TABLE example_thing DROP COLUMN code"), NEW_COLUMN],
        [],
    ),
    "unmanaged model": (
        "",
        [CreateModel("Far", [("id", AutoField(primary_key=True))], options={"managed": False})],
        [],
    ),
    "SQL adds a column that exists": (
        COLUMN_EXISTS.format("code"),
        [RunSQL(COLUMN_EXISTS.format("code"), state_operations=[NEW_COLUMN])],
        ["example_thing.code"],
    ),
    "SQL next to the state adds a column that exists": (
        COLUMN_EXISTS.format("code"),
        [
            SeparateDatabaseAndState(
                database_operations=[RunSQL(COLUMN_EXISTS.format("code"))],
                state_operations=[NEW_COLUMN],
            )
        ],
        ["example_thing.code"],
    ),
    "SQL of another column": (
        COLUMN_EXISTS.format("code"),
        [RunSQL("UPDATE example_thing SET number = 1", state_operations=[NEW_COLUMN])],
        [],
    ),
    "SQL creates an index that exists": (
        "CREATE INDEX example_number ON example_thing (name)",
        [
            RunSQL(
                "CREATE INDEX example_number ON example_thing (number)",
                state_operations=[NEW_INDEX],
            )
        ],
        ["example_thing.example_number"],
    ),
    "own operation that does more, and the column exists": (
        COLUMN_EXISTS.format("code"),
        [AddAndCount("thing", "code", IntegerField(null=True))],
        ["example_thing.code"],
    ),
    "own operation that accepts the column": (
        COLUMN_EXISTS.format("code"),
        [AddOnce("thing", "code", IntegerField(null=True))],
        [],
    ),
    "index of a new column exists": (
        f"CREATE INDEX {index_name('label')} ON example_thing (name)",
        [NEW_INDEXED],
        [f"example_thing.{index_name('label')}"],
    ),
    "column with an index is renamed before Django creates the index": (
        "",
        [NEW_INDEXED, RenameField("thing", "label", "title"), NEW_INDEXED],
        [],
    ),
    "index of a column of a new table exists": (
        f"CREATE INDEX {index_name('label', table='example_new')} ON example_thing (name)",
        [CreateModel("New", [("id", AutoField(primary_key=True)), ("label", INDEXED)])],
        [] if MYSQL else [f"example_new.{index_name('label', table='example_new')}"],
    ),
    "removed column has no index": (
        "",
        [NEW_INDEXED, RemoveField("thing", "label"), NEW_INDEXED],
        [],
    ),
    "code that reads the table": (
        COLUMN_EXISTS.format("code"),
        [RunPython(RunPython.noop), NEW_COLUMN],
        ["example_thing.code"],
    ),
}
if not MYSQL:
    CASES |= {
        "index of another table has the name": (
            "CREATE INDEX example_number ON example_other (id)",
            [NEW_INDEX],
            ["example_thing.example_number"],
        ),
        "table has the name of an index": (
            TABLE_EXISTS.format("example_number"),
            [NEW_INDEX],
            ["example_thing.example_number"],
        ),
        "sequence has the name of a table": (
            "CREATE SEQUENCE example_sequence",
            [AlterModelTable("thing", "example_sequence")],
            ["example_sequence"],
        ),
        "materialized view has the name of a table": (
            "CREATE MATERIALIZED VIEW example_new AS SELECT 1 AS one",
            [NEW_TABLE],
            ["example_new"],
        ),
        "type has the name of a table": (
            "CREATE TYPE example_new AS ENUM ('a')",
            [NEW_TABLE],
            ["example_new"],
        ),
        "type has the new name of a table": (
            "CREATE TYPE example_item AS (a integer)",
            [RenameModel("Thing", "Item")],
            ["example_item"],
        ),
        "composite type has the name of an index": (
            "CREATE TYPE example_number AS (a integer)",
            [NEW_INDEX],
            ["example_thing.example_number"],
        ),
        "type has the name of an index": (
            "CREATE TYPE example_number AS ENUM ('a')",
            [NEW_INDEX],
            [],
        ),
        "SQL that accepts a column that exists": (
            COLUMN_EXISTS.format("code"),
            [RunSQL(COLUMN_EXISTS.format("IF NOT EXISTS code"), state_operations=[NEW_COLUMN])],
            [],
        ),
        "second index of a new text column exists": (
            f"CREATE INDEX {index_name('label', '_like')} ON example_other (id)",
            [AddField("thing", "label", CharField(max_length=50, null=True, unique=True))],
            [f"example_thing.{index_name('label', '_like')}"],
        ),
        "partial unique index exists": (
            "CREATE INDEX example_partial ON example_other (id)",
            [AddConstraint("thing", PARTIAL)],
            ["example_thing.example_partial"],
        ),
    }


LEFT_OBJECTS = """
    SELECT format('DROP %s IF EXISTS %I',
                  CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                               WHEN 'S' THEN 'SEQUENCE' ELSE 'TYPE' END,
                  relname)
    FROM pg_class WHERE relname LIKE 'example%' AND relkind IN ('v', 'm', 'S', 'c')
    UNION ALL SELECT format('DROP TYPE IF EXISTS %I', typname)
    FROM pg_type WHERE typname LIKE 'example%' AND typtype = 'e'
"""


@pytest.fixture
def planted_objects():
    """Drop what the planted statements leave besides the tables of the App `example`."""
    yield
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if MYSQL:
            cursor.execute("DROP VIEW IF EXISTS example_new, example_new_before_upgrade")
            cursor.execute("DROP TABLE IF EXISTS lost")
            return
        cursor.execute("DROP TABLE IF EXISTS lost CASCADE")
        cursor.execute(LEFT_OBJECTS)
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)


def prepare(planted, operations):
    """Create the tables, run the planted statement, and return state, migration and conflicts."""
    state = ProjectState()
    first = Migration("0001_initial", "example")
    first.operations = deepcopy(BEFORE)
    with connection.schema_editor() as editor:
        state = first.apply(state, editor)
    if planted:
        with connection.cursor() as cursor:
            text = drop_unique_together() if planted == "{drop_unique_together}" else planted
            cursor.execute(text)
    migration = Migration("0002_more", "example")
    migration.operations = deepcopy(operations)
    analysis = analyze_plan(SchemaTracker(state.clone()), [deepcopy(migration)])
    planned, code = analysis.planned, analysis.code
    found = list(find_schema_conflicts(Context(connection=connection), planned, code))
    return state, migration, found


def is_refused(migration, state):
    try:
        with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
            migration.apply(state, editor)
            # The editor itself leaves its transaction open if one of these fails.
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql.pop(0), None)
    except (DatabaseError, ValueError):  # Django counts the constraints of a set of columns
        return True
    return False


@pytest.mark.parametrize(("planted", "operations", "conflicts"), CASES.values(), ids=CASES)
def test_schema_conflicts_are_those_that_stop_the_migration(
    planted_objects, tables, planted, operations, conflicts
):
    state, migration, found = prepare(planted, operations)
    assert [one.object.qualified_name for one in found] == conflicts
    assert is_refused(migration, state) == bool(conflicts)


@pytest.mark.parametrize(
    ("planted", "operations", "conflicts"),
    [
        pytest.param(*case, id=name)
        for name, case in CASES.items()
        if "exists" in name or "has" in name
    ],
)
def test_rename_statements_make_room_for_the_migration(
    planted_objects, tables, planted, operations, conflicts
):
    state, migration, found = prepare(planted, operations)
    statements = [
        statement
        for one in found
        if one.used_by
        for statement in rename_statements(one.used_by, connection.vendor)
    ]
    if len(statements) < len(conflicts):
        pytest.skip("this server cannot rename such an object")
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    assert not is_refused(migration, state)
