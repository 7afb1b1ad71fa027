"""What code writes, by its text: a field that is only read fixes no row."""

import textwrap

import pytest

from nautobot_upgrade_jobs.collect.operations.code_effects import (
    read_function,
    read_sql,
)
from nautobot_upgrade_jobs.facts.preconditions import PreconditionKind


def effects_of(body):
    source = "def forward(apps, schema_editor):\n" + textwrap.indent(body, "    ")
    return read_function(source, with_raises=True)


@pytest.mark.parametrize(
    "body",
    [
        "thing.name = 'x'",
        "thing.name += 'x'",
        "thing.name, other = 'x', 1",
        "for thing.name in names: pass",
        "setattr(thing, 'name', 'x')",
        "setattr(thing, field, 'x')",
        "Thing.objects.filter(size=1).update(name='x')",
        "Thing.objects.update(**values)",
        "Thing.objects.bulk_update(things, ['name'])",
        "Thing.objects.bulk_update(things, fields=('size', 'name'))",
        "Thing.objects.bulk_update(things, fields)",
        "Thing.objects.update_or_create(id=1, defaults={'name': 'x'})",
        "Thing.objects.update_or_create(id=1, defaults=values)",
        "Thing.objects.filter(name=None).delete()",
        "cursor.execute('UPDATE example_thing SET size = 1, name = %s', ['x'])",
        "cursor.execute('UPDATE example_thing SET \"name\" = NULL WHERE size = 1')",
        "cursor.execute(f'UPDATE {table} SET {column} = 1')",
        "cursor.execute('UPDATE {} SET {} = 1'.format(table, column))",
        "cursor.execute(statement)",
        "cursor.execute('DELETE FROM example_thing')",
        "cursor.execute('ALTER TABLE example_thing ALTER COLUMN name TYPE text USING 1')",
        "cursor.execute('INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET name = 1')",
        "call_command('fix')",
        "map(operator.methodcaller('save'), things)",
        "emit_post_migrate_signal(0, False, 'default')",
        "thing.name = ''\nthing.validated_save()",
        "update = things.update\nupdate(name='x')",
        "getattr(things, 'update')(name='x')",
        "await things.aupdate(name='x')",
        "Thing.objects.bulk_create(things, update_conflicts=True, update_fields=['name'])",
        "Thing.objects.update_or_create({'name': 'x'}, id=1)",
        "thing.__dict__['name'] = 'x'",
        "thing.__dict__.update({'name': 'x'})",
        "import_module('example.tools').fix(apps)",
        "cursor.execute('UPDATE %s SET %s = 1' % (table, column))",
        "cursor.execute('UPDATE ' + table + ' SET name = 1')",
        "cursor.execute('UPDATE example_thing SET ' + column + ' = 1')",
        "cursor.executemany(STATEMENT, rows)",
        "cursor.execute(sql=STATEMENT)",
        "cursor.callproc('fix_names')",
        "schema_editor.remove_field(Thing, field)",
    ],
)
def test_may_fix_is_true_for_code_that_may_write_the_field(body):
    assert effects_of(body).may_fix(PreconditionKind.NOT_NULL, {"name"})


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "print(thing.name)",
        "name = thing.name",
        "thing.size = len(thing.name)",
        "thing.title = thing.name\nthing.save()",
        "Thing.objects.filter(name='x').update(size=1)",
        "values.update({'name': 1})",
        "Thing.objects.bulk_update(things, ['size'])",
        "Thing.objects.create(name='x')",
        "Thing.objects.get_or_create(name='x')",
        "Thing.objects.get_or_create(id=1, defaults=values)",
        "setattr(thing, 'size', 1)",
        "cursor.execute('UPDATE example_thing SET size = 1 WHERE name = %s')",
        "cursor.execute('SELECT name FROM example_thing FOR UPDATE')",
        "cursor.execute('SELECT setval(%s, 1)')",
        "cursor.execute('INSERT INTO example_thing (name) VALUES (1)')",
        "logger.info('Update the name of the thing, or set it.')",
        "raise ValueError('Please copy the names or call support, then execute it again')",
        "cursor.execute('UPDATE example_thing SET size = 1, title = (SELECT name FROM x)')",
        "getattr(thing, 'name')",
        "fill(apps=apps, **options)",
        "Thing.objects.filter(**conditions)",
    ],
)
def test_may_fix_is_false_for_code_that_does_not_write_the_field(body):
    assert not effects_of(body).may_fix(PreconditionKind.NOT_NULL, {"name"})


def test_may_fix_new_rows_satisfy_a_foreign_key_only():
    effects = effects_of("Thing.objects.create(size=1)")
    assert effects.may_fix(PreconditionKind.FOREIGN_KEY, {"owner"})
    assert not effects.may_fix(PreconditionKind.UNIQUE, {"owner"})


@pytest.mark.parametrize(
    ("body", "writes"),
    [
        ("pass", False),
        ("count = Thing.objects.filter(name='x').count()", False),
        ("if Thing.objects.exists(): raise ValueError('x')", False),
        ("thing.save()", True),
        ("Thing.objects.create(name='x')", True),
        ("thing.tags.add(tag)", True),
        ("cursor.execute('SELECT 1')", False),
        ("cursor.execute('UPDATE example_thing SET size = 1')", True),
        ("cursor.execute(statement)", True),
    ],
)
def test_writes_is_false_only_for_code_that_changes_nothing(body, writes):
    assert effects_of(body).writes is writes


@pytest.mark.parametrize(
    ("body", "raises"),
    [
        ("raise ValueError('x')", ["ValueError('x')"]),
        (
            "if thing.size < 0:\n    raise ValueError('negative')",
            ["ValueError('negative') if thing.size < 0"],
        ),
        (
            "for thing in things:\n  if thing.size:\n    pass\n  else:\n    raise Wrong",
            ["Wrong if not (thing.size)"],
        ),
        (
            "if a:\n    if b:\n        raise Wrong(thing)",
            ["Wrong(thing) if a and b"],
        ),
        ("sys.exit(1)", ["sys.exit(1)"]),
        ("assert thing.size", ["AssertionError if not (thing.size)"]),
        ("try:\n    fix()\nexcept KeyError:\n    raise", []),
        (
            "if not things:\n    return\nraise Wrong('old')",
            ["Wrong('old') if not (not things)"],
        ),
        ("if a:\n    pass\nelse:\n    return\nraise Wrong", ["Wrong if a"]),
        ("for thing in things:\n    raise Wrong", ["Wrong if things has an item"]),
        ("while rows:\n    raise Wrong", ["Wrong if rows"]),
        (
            "match thing.kind:\n    case 'old':\n        raise Wrong",
            ["Wrong if thing.kind matches 'old'"],
        ),
        ("try:\n    raise Wrong\nexcept Wrong:\n    pass", []),
        ("try:\n    raise KeyError(1)\nexcept (OSError, LookupError):\n    pass", []),
        ("try:\n    raise Wrong\nexcept KeyError:\n    pass", ["Wrong"]),
        ("try:\n    fix()\nexcept KeyError:\n    raise Wrong", ["Wrong if KeyError is raised"]),
        ("with suppress(Wrong):\n    raise Wrong", []),
        ("with atomic():\n    raise Wrong", ["Wrong"]),
        ("thing.size = 1", []),
    ],
)
def test_raises_lists_each_exception_with_its_conditions(body, raises):
    assert effects_of(body).raises == raises


@pytest.mark.parametrize(
    ("sql", "fields", "unknown", "deletes"),
    [
        ("UPDATE thing SET name = ''", {"name"}, False, False),
        ("update thing t set name = o.name from other o where o.id = t.id", {"name"}, False, False),
        ("DELETE FROM thing; UPDATE thing SET size = 0", {"size"}, False, True),
        ("TRUNCATE thing", set(), False, True),
        ("CALL fix_names()", set(), True, False),
        ("DO $$ BEGIN PERFORM 1; END $$", set(), True, False),
        ("CREATE INDEX i ON thing (name)", set(), False, False),
        ("SELECT fix_names()", set(), True, False),
        ("-- fix\nSELECT fix_names();", set(), True, False),
        ("BEGIN; SELECT fix_names(); COMMIT", set(), True, False),
        ("DO LANGUAGE plpgsql $$ BEGIN PERFORM fix(); END $$", set(), True, False),
        ("DROP TABLE old", set(), True, False),
        ("UPDATE t SET (name, size) = ('', 0)", set(), True, False),
        ("UPDATE t SET size = (SELECT a FROM x), name = ''", {"size", "name"}, False, False),
        ("UPDATE t SET a = trim(BOTH ' ' FROM a), name = ''", {"a", "name"}, False, False),
        ("UPDATE t SET a = replace(a, ';', ','), name = ''", {"a", "name"}, False, False),
        ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE name = 1", {"name"}, False, False),
        ("UPDATE t d JOIN s ON s.id = d.id SET d.name = s.name", {"name"}, False, False),
        ("UPDATE ONLY t AS d SET \"name\" = 'x'", {"name"}, False, False),
        ("WITH c AS (SELECT 1) UPDATE t SET name = 'x' FROM c", {"name"}, False, False),
        ("SELECT count(*), max(size) FROM thing WHERE name IN ('x')", set(), False, False),
        ("SET CONSTRAINTS ALL IMMEDIATE", set(), False, False),
    ],
)
def test_read_sql_reads_columns_and_statements(sql, fields, unknown, deletes):
    effects = read_sql(sql)
    assert (effects.fields, effects.writes_unknown_fields, effects.deletes_rows) == (
        fields,
        unknown,
        deletes,
    )


@pytest.mark.parametrize(
    ("body", "queries"),
    [
        ("thing = Thing.objects.get(name='default')", ["Thing.objects.get(name='default')"]),
        (
            "Thing._default_manager.filter(a=1).get().save()",
            ["Thing._default_manager.filter(a=1).get()"],
        ),
        ("if Thing.objects.get(a=1).size:\n    pass", ["Thing.objects.get(a=1)"]),
        (
            "try:\n    fix()\nexcept KeyError:\n    Thing.objects.get(a=1)",
            ["Thing.objects.get(a=1)"],
        ),
        (
            "try:\n    Thing.objects.get(a=1)\nexcept KeyError:\n    pass",
            ["Thing.objects.get(a=1)"],
        ),
        ("try:\n    Thing.objects.get(a=1)\nexcept Thing.DoesNotExist:\n    pass", []),
        ("try:\n    Thing.objects.get(a=1)\nexcept Exception:\n    pass", []),
        ("sizes.get('default')", []),
        ("Thing.objects.get_or_create(name='default')", []),
        ("Thing.objects.first()", []),
        ("Thing.objects.filter(a=1).first().name", ["Thing.objects.filter(a=1).first().name"]),
        ("one = Thing.objects.last()\nprint(one.name)", ["one.name"]),
        ("one = Thing.objects.last()\nif one:\n    print(one.name)", []),
        ("one = Thing.objects.last()\nprint(one and one.name)", []),
        ("one = Thing.objects.last()\nprint(one)", []),
        ("try:\n    Thing.objects.first().name\nexcept AttributeError:\n    pass", []),
        ("Thing.objects.filter(a=1)[0].name", ["Thing.objects.filter(a=1)[0]"]),
        ("Thing.objects.filter(a=1)[:5]", []),
        ("names[0].title()", []),
        ("Thing.objects.latest('date')", ["Thing.objects.latest('date')"]),
        ("for one in Thing.objects.all():\n    one.size = int(one.text)", ["int(one.text)"]),
        ("uuid.UUID(row.key)", ["uuid.UUID(row.key)"]),
        ("json.loads(row.text)", ["json.loads(row.text)"]),
        ("try:\n    int(row.text)\nexcept (TypeError, ValueError):\n    pass", []),
        ("try:\n    IPNetwork(row.text)\nexcept AddrFormatError:\n    pass", []),
        ("try:\n    pass\nexcept ValueError:\n    int(row.text)", ["int(row.text)"]),
        ("int(len(rows) / 2) + int('2') + int(rows.count())", []),
        ("float()", []),
        ("[int(i) for i in range(3)]", []),
        ("Thing.objects.filter(a=1).delete()[0]", []),
        ("Thing.objects.get_or_create(a=1)[0]", []),
        ("things = Thing.objects\nthings.get(a=1)", ["things.get(a=1)"]),
        ("things = Thing.objects.filter(a=1)\nthings.first().name", ["things.first().name"]),
        ("things = {}\nthings.get('a')", []),
    ],
)
def test_requirements_are_expressions_whose_exception_is_not_caught(body, queries):
    assert [each.expression for each in effects_of(body).requirements] == queries


def test_changes_schema_of_statements():
    assert effects_of("execute('CREATE UNIQUE INDEX a ON b (c)')").changes_schema
    assert not effects_of("execute('SELECT 1')").changes_schema


GET_MODELS = "Other = apps.get_model('example', 'Other')\nThing = apps.get_model('example.Thing')\n"


@pytest.mark.parametrize(
    ("body", "is_of_thing"),
    [
        ("Other.objects.filter(a=1).update(size=1)", False),
        ("apps.get_model('example', 'Other')._default_manager.update(size=1)", False),
        ("Thing.objects.exclude(a=1).order_by('a').update(size=1)", True),
        ("Other.objects.update(size=1)\nThing.objects.update(size=1)", True),
        ("Other.objects.first().things.update(size=1)", True),
        ("rows.update(size=1)", True),
        ("Other = Thing\nOther.objects.update(size=1)", True),
        ("Other.objects.update(size=1)\nthing.size = 1", True),
        ("Other.objects.update(other=1)", False),
    ],
)
def test_may_fix_knows_the_model_of_an_update(body, is_of_thing):
    effects = effects_of(GET_MODELS + body)
    assert effects.may_fix(PreconditionKind.NOT_NULL, {"size"}, {"thing"}) is is_of_thing
    assert effects.field_names <= {"size", "other"}
