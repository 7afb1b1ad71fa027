"""Objects of others on Nautobot's tables: what the upgrade does is predicted, then observed."""

import re
from copy import deepcopy

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations import (
    AddField,
    AlterField,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RunPython,
)
from django.db.migrations.state import ProjectState
from django.db.models import (
    SET_NULL,
    AutoField,
    BigAutoField,
    BigIntegerField,
    CharField,
    ForeignKey,
    IntegerField,
)

from nautobot_upgrade_jobs.checks.dependent_text import drop_statement
from nautobot_upgrade_jobs.collect.context import Context
from nautobot_upgrade_jobs.collect.operations.dependent_objects import (
    mysql_dependents,
    postgresql_dependents,
)
from nautobot_upgrade_jobs.collect.operations.plan_analysis import analyze_plan
from nautobot_upgrade_jobs.collect.operations.schema_dependents import (
    _list_tables,
    find_affected_dependents,
)
from nautobot_upgrade_jobs.collect.operations.schema_tracker import SchemaTracker
from nautobot_upgrade_jobs.facts.schema_dependents import DependentEffect

MYSQL = connection.vendor == "mysql"
BEFORE = CreateModel(
    "Thing",
    [
        ("id", AutoField(primary_key=True)),
        ("name", CharField(max_length=50, null=True)),
        ("size", IntegerField(default=0)),
        ("parent", ForeignKey("self", SET_NULL, null=True)),
    ],
)
DROP_NAME = [RemoveField("thing", "name")]
LONGER_NAME = [AlterField("thing", "name", CharField(max_length=90, null=True))]
OTHER_NAME = CharField(max_length=50, null=True, db_collation="C")
OTHER_COLLATION = [AlterField("thing", "name", OTHER_NAME)]
NULLABLE_SIZE = [AlterField("thing", "size", IntegerField(null=True))]
RENAME_NAME = [RenameField("thing", "name", "title")]
RENAME_TABLE = [AlterModelTable("thing", "example_renamed")]
DELETE = [DeleteModel("Thing")]
NEW_COLUMN = [AddField("thing", "code", IntegerField(null=True))]
STOPS, BREAKS, DROPPED, _ = DependentEffect

VIEW = "CREATE VIEW example_view AS SELECT id, name FROM example_thing"
FOREIGN_KEY = (
    "CREATE TABLE lost (id integer PRIMARY KEY, thing_id integer, "
    "CONSTRAINT lost_fk FOREIGN KEY (thing_id) REFERENCES example_thing (id))"
)
FUNCTION = "CREATE FUNCTION example_code() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$;"
ROW_COLUMN = "CREATE TABLE lost (id integer PRIMARY KEY, old example_thing)"
VIEW_ON_FUNCTION = (
    "CREATE FUNCTION example_names() RETURNS SETOF varchar LANGUAGE sql "
    "BEGIN ATOMIC SELECT name FROM example_thing; END; "
    "CREATE VIEW example_outer AS SELECT * FROM example_names()"
)
VIEW_ON_VIEW = f"{VIEW}; CREATE VIEW example_outer AS SELECT name FROM example_view"
POSTGRESQL_CASES = {
    "view on a view, new type": (VIEW_ON_VIEW, LONGER_NAME, [STOPS]),
    "view on a view, column dropped": (VIEW_ON_VIEW, DROP_NAME, [DROPPED]),
    "view on a view, column renamed": (VIEW_ON_VIEW, RENAME_NAME, []),
    "materialized view on two views on a view": (
        f"{VIEW_ON_VIEW}; CREATE VIEW example_other AS SELECT * FROM example_view; CREATE "
        "MATERIALIZED VIEW example_top AS SELECT * FROM example_outer JOIN example_other "
        "USING (name)",
        LONGER_NAME,
        [STOPS],
    ),
    "view, new type": (VIEW, LONGER_NAME, [STOPS]),
    "view, new collation": (VIEW, OTHER_COLLATION, [STOPS]),
    "view, one column dropped and another altered": (
        "CREATE VIEW example_view AS SELECT * FROM example_thing",
        [*DROP_NAME, AlterField("thing", "size", BigIntegerField(default=0))],
        [DROPPED],
    ),
    "view, type of the key and of what refers to it": (
        "CREATE VIEW example_view AS SELECT parent_id FROM example_thing",
        [AlterField("thing", "id", BigAutoField(primary_key=True))],
        [STOPS],
    ),
    "view, column dropped": (VIEW, DROP_NAME, [DROPPED]),
    "view, column renamed": (VIEW, RENAME_NAME, []),
    "view, table renamed": (VIEW, RENAME_TABLE, []),
    "view, table dropped": (VIEW, DELETE, [DROPPED]),
    "view, renamed and then dropped": (VIEW, [*RENAME_NAME, *DELETE], [DROPPED]),
    "view, renamed and then altered": (
        VIEW,
        [*RENAME_NAME, AlterField("thing", "title", CharField(max_length=90, null=True))],
        [STOPS],
    ),
    "view, other column": (VIEW, NULLABLE_SIZE, []),
    "view, new column": (VIEW, NEW_COLUMN, []),
    "view of another schema": (
        "CREATE SCHEMA example_schema; CREATE VIEW example_schema.v AS SELECT * FROM example_thing",
        DROP_NAME,
        [DROPPED],
    ),
    "materialized view": (
        "CREATE MATERIALIZED VIEW example_view AS SELECT name FROM example_thing",
        LONGER_NAME,
        [STOPS],
    ),
    "rule, new type": (
        "CREATE RULE example_rule AS ON INSERT TO example_thing WHERE NEW.name = 'x' DO NOTHING",
        LONGER_NAME,
        [STOPS],
    ),
    "rule, table dropped": (
        "CREATE RULE example_rule AS ON INSERT TO example_thing WHERE NEW.name = 'x' DO NOTHING",
        DELETE,
        [DROPPED],
    ),
    "trigger of a column, new type": (
        FUNCTION.format("RETURN NEW;") + "CREATE TRIGGER example_trigger BEFORE UPDATE OF name "
        "ON example_thing FOR EACH ROW EXECUTE FUNCTION example_code()",
        LONGER_NAME,
        [STOPS],
    ),
    "trigger, table dropped": (
        FUNCTION.format("RETURN NEW;") + "CREATE TRIGGER example_trigger BEFORE UPDATE "
        "ON example_thing FOR EACH ROW EXECUTE FUNCTION example_code()",
        DELETE,
        [DROPPED],
    ),
    "trigger, another column dropped": (
        FUNCTION.format("RETURN NEW;") + "CREATE TRIGGER example_trigger BEFORE UPDATE "
        "ON example_thing FOR EACH ROW EXECUTE FUNCTION example_code()",
        DROP_NAME,
        [],
    ),
    "code of a trigger, column dropped": (
        FUNCTION.format("NEW.name := upper(NEW.name); RETURN NEW;")
        + "CREATE TRIGGER example_trigger BEFORE INSERT "
        "ON example_thing FOR EACH ROW EXECUTE FUNCTION example_code()",
        DROP_NAME,
        [BREAKS],
    ),
    "code of a trigger, column renamed": (
        FUNCTION.format("NEW.name := upper(NEW.name); RETURN NEW;")
        + "CREATE TRIGGER example_trigger BEFORE INSERT "
        "ON example_thing FOR EACH ROW EXECUTE FUNCTION example_code()",
        RENAME_NAME,
        [BREAKS],
    ),
    "policy, new type": (
        "CREATE POLICY example_policy ON example_thing USING (name <> 'x')",
        LONGER_NAME,
        [STOPS],
    ),
    "policy, column dropped": (
        "CREATE POLICY example_policy ON example_thing USING (name <> 'x')",
        DROP_NAME,
        [DROPPED],
    ),
    "publication, table dropped": (
        "CREATE PUBLICATION example_publication FOR TABLE example_thing",
        DELETE,
        [DROPPED],
    ),
    "publication, column dropped": (
        "CREATE PUBLICATION example_publication FOR TABLE example_thing",
        DROP_NAME,
        [],
    ),
    "generated column, new type": (
        "ALTER TABLE example_thing ADD COLUMN big text GENERATED ALWAYS AS (upper(name)) STORED",
        LONGER_NAME,
        [STOPS],
    ),
    "generated column, column dropped": (
        "ALTER TABLE example_thing ADD COLUMN big text GENERATED ALWAYS AS (upper(name)) STORED",
        DROP_NAME,
        [DROPPED],
    ),
    "foreign key, table dropped": (FOREIGN_KEY, DELETE, [DROPPED]),
    "foreign key, another column": (FOREIGN_KEY, DROP_NAME, []),
    "function": (
        "CREATE FUNCTION example_names() RETURNS SETOF varchar LANGUAGE sql "
        "BEGIN ATOMIC SELECT name FROM example_thing; END",
        DROP_NAME,
        [DROPPED],
    ),
    "view on a function": (VIEW_ON_FUNCTION, LONGER_NAME, [STOPS]),
    "view on a function, column dropped": (VIEW_ON_FUNCTION, DROP_NAME, [DROPPED]),
    "function on a view": (
        f"{VIEW}; CREATE FUNCTION example_names() RETURNS SETOF varchar LANGUAGE sql "
        "BEGIN ATOMIC SELECT name FROM example_view; END",
        LONGER_NAME,
        [STOPS],
    ),
    "row type, new type": (ROW_COLUMN, LONGER_NAME, [STOPS]),
    "row type, column dropped": (ROW_COLUMN, DROP_NAME, []),
    "row type, column renamed": (ROW_COLUMN, RENAME_NAME, []),
    "row type, new column": (ROW_COLUMN, NEW_COLUMN, []),
    "row type, table dropped": (ROW_COLUMN, DELETE, [DROPPED]),
    "index": ("CREATE INDEX example_own ON example_thing (name)", LONGER_NAME, []),
    "check": ("ALTER TABLE example_thing ADD CHECK (name <> 'x')", DROP_NAME, []),
    "nothing": ("", [*LONGER_NAME, *DROP_NAME, *DELETE], []),
}
MYSQL_CASES = {
    "view on a view, column dropped": (VIEW_ON_VIEW, DROP_NAME, [BREAKS]),
    "view on a view, other column": (VIEW_ON_VIEW, [RemoveField("thing", "size")], []),
    "view, new type": (VIEW, LONGER_NAME, []),
    "view, column dropped": (VIEW, DROP_NAME, [BREAKS]),
    "view, column renamed": (VIEW, RENAME_NAME, [BREAKS]),
    "view, table renamed": (VIEW, RENAME_TABLE, [BREAKS]),
    "view, table dropped": (VIEW, DELETE, [BREAKS]),
    "view, other column": (VIEW, [RemoveField("thing", "size")], []),
    "trigger, table dropped": (
        "CREATE TRIGGER example_trigger BEFORE INSERT ON example_thing FOR EACH ROW SET NEW.size=1",
        DELETE,
        [DROPPED],
    ),
    "code of a trigger, column dropped": (
        "CREATE TRIGGER example_trigger BEFORE INSERT ON example_thing FOR EACH ROW "
        "SET NEW.name = upper(NEW.name)",
        DROP_NAME,
        [BREAKS],
    ),
    "code of a trigger, another column dropped": (
        "CREATE TRIGGER example_trigger BEFORE INSERT ON example_thing FOR EACH ROW SET NEW.size=1",
        DROP_NAME,
        [],
    ),
    "generated column, column dropped": (
        "ALTER TABLE example_thing ADD COLUMN big text GENERATED ALWAYS AS (upper(name)) STORED",
        DROP_NAME,
        [STOPS],
    ),
    "generated column, column renamed": (
        "ALTER TABLE example_thing ADD COLUMN big text GENERATED ALWAYS AS (upper(name)) STORED",
        RENAME_NAME,
        [STOPS],
    ),
    "generated column, new type": (
        "ALTER TABLE example_thing ADD COLUMN big text GENERATED ALWAYS AS (upper(name)) STORED",
        LONGER_NAME,
        [],
    ),
    "foreign key, table dropped": (FOREIGN_KEY, DELETE, [STOPS]),
    "foreign key, another column": (FOREIGN_KEY, DROP_NAME, []),
    "nothing": ("", [*LONGER_NAME, *DROP_NAME, *DELETE], []),
}
CASES = MYSQL_CASES if MYSQL else POSTGRESQL_CASES


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def planted_objects(tables):
    """Drop what the planted statements leave besides the tables of the App `example`."""
    yield
    with connection.constraint_checks_disabled():
        execute("DROP TABLE IF EXISTS lost")
        execute("DROP VIEW IF EXISTS example_outer, example_view" if MYSQL else REMOVE_PLANTED)


REMOVE_PLANTED = """
    DROP MATERIALIZED VIEW IF EXISTS example_top;
    DROP VIEW IF EXISTS example_outer, example_other;
    DROP SCHEMA IF EXISTS example_schema CASCADE;
    DROP PUBLICATION IF EXISTS example_publication;
    DROP FUNCTION IF EXISTS example_code() CASCADE;
    DROP FUNCTION IF EXISTS example_names() CASCADE;
    DO $$ BEGIN
        EXECUTE coalesce(
            (SELECT format('DROP %s VIEW example_view',
                           CASE relkind WHEN 'm' THEN 'MATERIALIZED' ELSE '' END)
             FROM pg_class WHERE relname = 'example_view'),
            'SELECT 1');
    END $$;
"""


def prepare(planted, operations):
    """Create the table, run the planted statement, and return state, migration and dependents."""
    state = ProjectState()
    first = Migration("0001_initial", "example")
    first.operations = [deepcopy(BEFORE)]
    with connection.schema_editor() as editor:
        state = first.apply(state, editor)
    for statement in re.split("; (?=CREATE VIEW)", planted) if planted else ():
        execute(statement)
    migration = Migration("0002_more", "example")
    migration.operations = deepcopy(operations)
    analysis = analyze_plan(SchemaTracker(state.clone()), [deepcopy(migration)])
    planned, code = analysis.planned, analysis.code
    context, plan = Context(connection=connection), ("example.0002_more",)
    found = list(find_affected_dependents(context, planned, state, code, plan))
    return state, migration, found


def apply_migration(migration, state):
    """Apply a migration; return whether the server refuses it."""
    try:
        with connection.schema_editor(atomic=connection.features.can_rollback_ddl) as editor:
            migration.apply(state.clone(), editor)
    except DatabaseError:
        return True
    return False


def list_dependents(state):
    find = mysql_dependents if MYSQL else postgresql_dependents
    return {each.name for each in find(connection, _list_tables(state))}


def is_broken(dependent):
    """Use a view or a trigger; return whether that fails."""
    is_view = "view" in dependent.kind.value
    use = f"SELECT * FROM {dependent.name}" if is_view else "INSERT INTO example_thing () VALUES ()"
    if not is_view and not MYSQL:
        use = "INSERT INTO example_thing (size) VALUES (1)"
    try:
        with transaction.atomic():
            execute(use)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(("planted", "operations", "effects"), CASES.values(), ids=CASES)
def test_affected_dependents_are_those_that_stop_break_or_disappear(
    planted_objects, planted, operations, effects
):
    state, migration, found = prepare(planted, operations)
    assert list(dict.fromkeys(each.effect for each in found)) == effects
    names = {each.dependent.name for each in found}
    assert names <= list_dependents(state)
    assert bool(found) <= (("example_outer" in planted) == any("outer" in name for name in names))

    assert apply_migration(migration, state) == (STOPS in effects)
    if effects == [DROPPED]:
        assert not names & list_dependents(state)
    for each in found:
        if each.effect is BREAKS:
            assert is_broken(each.dependent)


@pytest.mark.parametrize(
    ("planted", "operations", "effects"),
    [pytest.param(*case, id=name) for name, case in CASES.items() if case[2] == [STOPS]],
)
def test_drop_statement_lets_the_migration_run(planted_objects, planted, operations, effects):
    state, migration, found = prepare(planted, operations)
    statements = (drop_statement(each.dependent, connection.vendor) for each in found)
    for statement in dict.fromkeys(statements):
        execute(statement)
    assert not apply_migration(migration, state)


def set_sizes(apps, _):
    apps.get_model("example", "Thing").objects.update(size=1)


def count_things(apps, _):
    apps.get_model("example", "Thing").objects.count()


def set_other_rows(apps, _):
    apps.get_model("extras", "Tag").objects.filter(name="none").update(name="no")


REFUSE = (
    "CREATE TRIGGER example_trigger BEFORE UPDATE ON example_thing FOR EACH ROW "
    "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'immutable'"
    if MYSQL
    else FUNCTION.format("RAISE 'immutable';")
    + "CREATE TRIGGER example_trigger BEFORE UPDATE ON example_thing FOR EACH ROW "
    "EXECUTE FUNCTION example_code()"
)
DISABLE = "; ALTER TABLE example_thing DISABLE TRIGGER example_trigger"


@pytest.mark.parametrize(
    ("code", "planted", "is_found"),
    [
        pytest.param(set_sizes, REFUSE, True, id="code changes the rows"),
        pytest.param(count_things, REFUSE, False, id="code reads the rows"),
        pytest.param(set_other_rows, REFUSE, False, id="code changes other rows"),
        pytest.param(set_sizes, "", False, id="no trigger"),
        pytest.param(set_sizes, "" if MYSQL else REFUSE + DISABLE, False, id="disabled trigger"),
    ],
)
def test_affected_dependents_a_trigger_runs_while_code_changes_rows(
    planted_objects, code, planted, is_found
):
    _, _, found = prepare(planted, [RunPython(code)])
    assert [each.effect for each in found] == [DependentEffect.RUNS] * is_found
    execute("INSERT INTO example_thing (size) VALUES (0)")
    if is_found:
        with pytest.raises(DatabaseError), transaction.atomic():
            execute("UPDATE example_thing SET size = 1")
