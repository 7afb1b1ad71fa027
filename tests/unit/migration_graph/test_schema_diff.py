"""The live schema beside the expected one: what is told, and what is nobody's concern."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts.expected_schema import ExpectedConstraint
from nautobot_upgrade_jobs.migration_graph.repair_sql import repair
from nautobot_upgrade_jobs.migration_graph.schema_diff import differences, live_tables
from tests.support.builders import PLAIN, UNIQUE, model_table, schema


def without_key(*names):
    """The changes by which keys are gone."""
    gone = {f"dcim_device.{name}": None for name in names}
    return {"indexes": gone, "constraints": gone}


NO_NAME = without_key("name_key") | {"columns": {"dcim_device.name": None}}
NO_RACK = without_key("rack_1a2b", "one_in_rack", "rack_fk") | {
    "columns": {"dcim_device.rack_id": None}
}


def found(**changes):
    live = live_tables(schema(**changes))
    return [(one.subject, one.how, one.what) for one in differences(EXPECTED, live)]


EXPECTED = {"dcim_device": model_table()}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (NO_NAME, [("name", "missing", "column")]),
        ({"columns": {"dcim_device.extra": "text"}}, [("extra", "extra", "column")]),
        (
            {"columns": {"dcim_device.name": "character varying(64) not null"}},
            [("name", "other", "type")],
        ),
        ({"columns": {"dcim_device.height": "bigint not null"}}, [("height", "other", "type")]),
        ({"columns": {"dcim_device.height": "integer"}}, [("height", "other", "nullability")]),
        (
            {"columns": {"dcim_device.rack_id": "uuid not null"}},
            [("rack_id", "other", "nullability")],
        ),
        (without_key("dcim_device_pkey"), [("device_pk", "missing", "primary")]),
        (without_key("name_key"), [("device_name_uniq", "missing", "unique")]),
        ({"indexes": {"dcim_device.rack_1a2b": None}}, [("device_rack", "missing", "index")]),
        ({"indexes": {"dcim_device.one_in_rack": None}}, [("one_in_rack", "missing", "unique")]),
        ({"constraints": {"dcim_device.rack_fk": None}}, [("device_fk", "missing", "foreign")]),
        (
            {"constraints": {"dcim_device.rack_fk": "FOREIGN KEY (rack_id) REFERENCES rack(id)"}},
            [("device_fk", "missing", "foreign"), ("rack_fk", "extra", "foreign")],
        ),
        (
            {"constraints": {"dcim_device.height_check": None}},
            [("device_height_check", "missing", "check")],
        ),
        (
            {"constraints": {"dcim_device.height_check": "CHECK ((height >= 0)) NOT VALID"}},
            [("height_check", "not validated", "check")],
        ),
        (
            {"indexes": {"dcim_device.rack_1a2b": f"{PLAIN.format('x', 'rack_id')} INVALID"}},
            [("rack_1a2b", "invalid", "index")],
        ),
        (
            {"constraints": {"dcim_device.mine": "UNIQUE (name, height)"}},
            [("mine", "extra", "unique")],
        ),
        ({"constraints": {"dcim_device.mine": "CHECK ((true))"}}, [("mine", "extra", "check")]),
        # An index of the name that is meant, on something else.
        (
            {"indexes": {"dcim_device.rack_1a2b": PLAIN.format("rack_1a2b", "height")}},
            [("device_rack", "missing", "index")],
        ),
    ],
)
def test_a_difference_is_told(changes, told):
    assert found(**changes) == told


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # An index of the operator's own costs time, and nothing else.
        {"indexes": {"dcim_device.mine": PLAIN.format("mine", "height")}},
        # Names that Django makes up come from older names of table and column.
        {
            "indexes": {
                "dcim_device.rack_1a2b": None,
                "dcim_device.old_rack": PLAIN.format("old_rack", "rack_id"),
            }
        },
        # A unique index does what a unique constraint does.
        {"constraints": {"dcim_device.name_key": None}},
        # The order of columns does not matter to a constraint, quotes do not matter at all.
        {"columns": {"dcim_device.name": "character varying(255) not null default 'x'::text"}},
        {"indexes": {"dcim_device.rack_1a2b": PLAIN.format("rack_1a2b", '"rack_id"')}},
        # Somebody else's table.
        {"columns": {"backup_of_devices.id": "uuid"}},
    ],
)
def test_what_is_nobodys_concern(changes):
    assert found(**changes) == []


def test_a_missing_table_is_one_difference():
    assert [one.what for one in differences(EXPECTED, {})] == ["table"]


def test_keys_of_a_missing_column_are_missing_with_it():
    assert found(**NO_RACK) == [("rack_id", "missing", "column")]


@pytest.mark.parametrize(
    ("index", "serves"),
    [
        (UNIQUE.format("i", "a, b"), True),
        (UNIQUE.format("i", "b, a"), True),
        (UNIQUE.format("i", "a"), False),
        (PLAIN.format("i", "a, b"), False),
        (f"{UNIQUE.format('i', 'a, b')} WHERE (a > 0)", False),
    ],
)
def test_uniqueness_is_told_by_its_columns(index, serves):
    key = ExpectedConstraint("unique", ("a", "b"), "whatever", False)
    wanted = replace(model_table(), columns=(), constraints=(key,))
    live = live_tables(
        schema(
            columns={"t.a": "text", "t.b": "text"},
            indexes={"t.i": index.replace("dcim_device", "t")},
        )
    )
    missing = [one for one in differences({"t": wanted}, live) if one.how == "missing"]
    assert bool(missing) is not serves


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FOREIGN KEY (a) dcim_rack", ("foreign", ("a",), "dcim_rack")),  # MySQL
        ("PRIMARY KEY (a,b) ", ("primary", ("a", "b"), "")),
        ('FOREIGN KEY ("a") REFERENCES "dcim_rack"(id)', ("foreign", ("a",), "dcim_rack")),
        ("EXCLUDE USING gist (a WITH =)", ("other", (), "")),
    ],
)
def test_a_constraint_is_read_in_the_words_of_either_server(text, expected):
    live = live_tables(schema(columns={"t.a": "text"}, constraints={"t.k": text}))["t"]
    (key,) = live.keys
    assert (key.kind, key.columns, key.target) == expected


@pytest.mark.parametrize(
    ("changes", "vendor", "statements"),
    [
        (
            NO_RACK,
            "postgresql",
            (
                'ALTER TABLE "dcim_device" ADD COLUMN "rack_id" uuid;',
                "CREATE INDEX … (rack_id);",
                "ALTER … FOREIGN …;",
                "CREATE UNIQUE INDEX …;",
            ),
        ),
        (
            NO_NAME,
            "postgresql",
            (
                'ALTER TABLE "dcim_device" ADD COLUMN "name" character varying(255);',
                'UPDATE "dcim_device" SET "name" = …;',
                'ALTER TABLE "dcim_device" ALTER COLUMN "name" SET NOT NULL;',
                "ALTER … UNIQUE (name);",
            ),
        ),
        (
            {"columns": {"dcim_device.height": "integer"}},
            "postgresql",
            ('ALTER TABLE "dcim_device" ALTER COLUMN "height" SET NOT NULL;',),
        ),
        (
            {"columns": {"dcim_device.height": "integer"}},
            "mysql",
            ("ALTER TABLE `dcim_device` MODIFY `height` integer NOT NULL;",),
        ),
        (
            {"columns": {"dcim_device.height": "bigint not null"}},
            "postgresql",
            (
                'ALTER TABLE "dcim_device" ALTER COLUMN "height" TYPE integer '
                'USING "height"::integer;',
            ),
        ),
        (
            {"columns": {"dcim_device.extra": "text"}},
            "postgresql",
            ('ALTER TABLE "dcim_device" DROP COLUMN "extra";',),
        ),
        ({"indexes": {"dcim_device.rack_1a2b": None}}, "mysql", ("CREATE INDEX … (rack_id);",)),
        (
            {"constraints": {"dcim_device.mine": "UNIQUE (name, height)"}},
            "postgresql",
            ('ALTER TABLE "dcim_device" DROP CONSTRAINT "mine";',),
        ),
        (
            {"indexes": {"dcim_device.mine": UNIQUE.format("mine", "name, height")}},
            "postgresql",
            ('DROP INDEX "mine";',),
        ),
    ],
)
def test_the_statements_that_undo_it(changes, vendor, statements):
    (one,) = differences(EXPECTED, live_tables(schema(**changes)))
    assert repair(one, EXPECTED["dcim_device"], vendor) == statements
