"""Deviations of the actual schema from the expected schema."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts.expected_schema import ExpectedConstraint
from nautobot_upgrade_jobs.migration_graph.repair_sql import repair_statements
from nautobot_upgrade_jobs.migration_graph.schema_diff import actual_tables, schema_drift
from tests.support.builders import PLAIN, UNIQUE, model_table, schema


def without_key(*names):
    """The changes that remove indexes and constraints."""
    removed = {f"dcim_device.{name}": None for name in names}
    return {"indexes": removed, "constraints": removed}


NO_NAME = without_key("name_key") | {"columns": {"dcim_device.name": None}}
NO_RACK = without_key("rack_1a2b", "one_in_rack", "rack_fk") | {
    "columns": {"dcim_device.rack_id": None}
}


def find(**changes):
    actual = actual_tables(schema(**changes))
    return [(drift.subject, drift.kind, drift.aspect) for drift in schema_drift(EXPECTED, actual)]


EXPECTED = {"dcim_device": model_table()}


@pytest.mark.parametrize(
    ("changes", "expected"),
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
            {"unvalidated_constraints": ("dcim_device.height_check",)},
            [("height_check", "not validated", "check")],
        ),
        (
            {"invalid_indexes": ("dcim_device.rack_1a2b",)},
            [("rack_1a2b", "invalid", "index")],
        ),
        # An additional object has no repair: the rows need not satisfy it.
        (
            {
                "constraints": {"dcim_device.ours": "CHECK ((length(name) < 9)) NOT VALID"},
                "unvalidated_constraints": ("dcim_device.ours",),
            },
            [("ours", "extra", "check")],
        ),
        (
            {
                "constraints": {
                    "dcim_device.ours": "FOREIGN KEY (name) REFERENCES tag(name) NOT VALID"
                },
                "unvalidated_constraints": ("dcim_device.ours",),
            },
            [("ours", "extra", "foreign")],
        ),
        (
            {
                "indexes": {
                    "dcim_device.ours": "CREATE UNIQUE INDEX ours ON t USING btree (height)"
                },
                "invalid_indexes": ("dcim_device.ours",),
            },
            [("ours", "extra", "unique")],
        ),
        # The index of a constraint has the name of the constraint, which is valid.
        (
            {
                "constraints": {"dcim_device.name_key": "UNIQUE (name)"},
                "invalid_indexes": ("dcim_device.name_key",),
            },
            [("name_key", "invalid", "index")],
        ),
        (
            {"constraints": {"dcim_device.mine": "UNIQUE (name, height)"}},
            [("mine", "extra", "unique")],
        ),
        ({"constraints": {"dcim_device.mine": "CHECK ((true))"}}, [("mine", "extra", "check")]),
        # An index with the name of the expected one, on another column.
        (
            {"indexes": {"dcim_device.rack_1a2b": PLAIN.format("rack_1a2b", "height")}},
            [("device_rack", "missing", "index")],
        ),
    ],
)
def test_schema_drift_lists_each_deviation_once(changes, expected):
    assert find(**changes) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # An additional index only slows down writes.
        {"indexes": {"dcim_device.mine": PLAIN.format("mine", "height")}},
        # Generated names come from older names of table and column.
        {
            "indexes": {
                "dcim_device.rack_1a2b": None,
                "dcim_device.old_rack": PLAIN.format("old_rack", "rack_id"),
            }
        },
        # A unique index serves as a unique constraint.
        {"constraints": {"dcim_device.name_key": None}},
        # Defaults and quotes do not matter.
        {"columns": {"dcim_device.name": "character varying(255) not null default 'x'::text"}},
        {"indexes": {"dcim_device.rack_1a2b": PLAIN.format("rack_1a2b", '"rack_id"')}},
        # A table that no model has.
        {"columns": {"backup_of_devices.id": "uuid"}},
    ],
)
def test_schema_drift_equivalent_schema_has_no_deviation(changes):
    assert find(**changes) == []


def test_schema_drift_missing_table_is_one_deviation():
    assert [drift.aspect for drift in schema_drift(EXPECTED, {})] == ["table"]


def test_schema_drift_view_in_place_of_a_table_is_not_a_missing_table():
    (drift,) = schema_drift(EXPECTED, {}, ("a_report", "dcim_device"))
    assert (drift.kind, drift.aspect) == ("other", "table")
    assert repair_statements(drift, EXPECTED["dcim_device"], "postgresql") == ()


def test_schema_drift_ignores_other_views():
    assert list(schema_drift(EXPECTED, actual_tables(schema()), ("a_report",))) == []


def test_schema_drift_missing_column_covers_its_constraints():
    assert find(**NO_RACK) == [("rack_id", "missing", "column")]


@pytest.mark.parametrize(
    ("index", "is_satisfied"),
    [
        (UNIQUE.format("i", "a, b"), True),
        (UNIQUE.format("i", "b, a"), True),
        (UNIQUE.format("i", "a"), False),
        (PLAIN.format("i", "a, b"), False),
        (f"{UNIQUE.format('i', 'a, b')} WHERE (a > 0)", False),
    ],
)
def test_schema_drift_unique_constraint_is_identified_by_columns(index, is_satisfied):
    constraint = ExpectedConstraint("unique", ("a", "b"), "any", False)
    expected = replace(model_table(), columns=(), constraints=(constraint,))
    actual = actual_tables(
        schema(
            columns={"t.a": "text", "t.b": "text"},
            indexes={"t.i": index.replace("dcim_device", "t")},
        )
    )
    missing = [drift for drift in schema_drift({"t": expected}, actual) if drift.kind == "missing"]
    assert bool(missing) is not is_satisfied


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FOREIGN KEY (a) dcim_rack", ("foreign", ("a",), "dcim_rack")),  # MySQL
        ("PRIMARY KEY (a,b) ", ("primary", ("a", "b"), "")),
        ('FOREIGN KEY ("a") REFERENCES "dcim_rack"(id)', ("foreign", ("a",), "dcim_rack")),
        ("EXCLUDE USING gist (a WITH =)", ("other", (), "")),
    ],
)
def test_actual_tables_parses_constraints_of_both_vendors(text, expected):
    table = actual_tables(schema(columns={"t.a": "text"}, constraints={"t.k": text}))["t"]
    (constraint,) = table.constraints
    assert (constraint.kind, constraint.columns, constraint.referenced_table) == expected


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param("CHECK ((height >= 0)) NOT VALID", id="NOT VALID"),
        pytest.param("CHECK (height) NOT ENFORCED", id="NOT ENFORCED"),
    ],
)
def test_schema_drift_validity_does_not_depend_on_the_definition(definition):
    assert find(constraints={"dcim_device.height_check": definition}) == []
    assert find(
        constraints={"dcim_device.height_check": definition},
        unvalidated_constraints=("dcim_device.height_check",),
    ) == [("height_check", "not validated", "check")]
