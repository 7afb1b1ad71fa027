"""Rules about drift of the actual schema."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from tests.support.builders import database, facts, migrations, schema, target


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [], id="no drift"),
        pytest.param(
            {"columns": {"dcim_device.height": "integer"}},
            [("blocker", "dcim_device")],
            id="another type",
        ),
        pytest.param(
            {"indexes": {"dcim_device.rack_1a2b": None}},
            [("warning", "dcim_device")],
            id="missing index",
        ),
        pytest.param(
            {"columns": {"dcim_device.mine": "text"}},
            [("warning", "dcim_device")],
            id="extra column",
        ),
        pytest.param(
            {
                "columns": {"dcim_device.mine": "text not null"},
                "required_columns": ("dcim_device.mine",),
            },
            [("blocker", "dcim_device")],
            id="extra column without which no row can be added",
        ),
        pytest.param(
            {"columns": {"dcim_device.mine": "text not null"}},
            [("warning", "dcim_device")],
            id="extra column with a default",
        ),
        pytest.param(
            {"columns": {"dcim_device.mine": "text", "dcim_device.height": "bigint not null"}},
            [("blocker", "dcim_device")],
            id="extra column and another nullability",
        ),
        pytest.param({"columns": {"foreign_table.column": "text"}}, [], id="table without model"),
        pytest.param({"views": ("dcim_device",)}, [("blocker", "dcim_device")], id="view"),
        pytest.param({"views": ("a_report",)}, [], id="view without model"),
    ],
)
def test_drift_blocks_unless_it_is_slow_or_extra(findings_of, changes, expected):
    found = findings_of("schema.drift", facts(schema=schema(**changes)), target("2.4.44"))
    assert found == expected


def test_drift_before_an_upgrade_warns(findings_of):
    """What stops the upgrade is reported by preconditions.schema_conflict."""
    changes = {"columns": {"dcim_device.height": "integer"}}
    for wanted, severity in (("3.2.7", "warning"), ("2.4.44", "blocker")):
        found = findings_of("schema.drift", facts(schema=schema(**changes)), target(wanted))
        assert found == [(severity, "dcim_device")]


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        pytest.param(
            "dcim.0082_interface_port_type_interfacetemplate_port_type",
            "skipped",
            id="migration of a newer release",
        ),
        pytest.param("dcim.0999_mine", [], id="local migration"),
    ],
)
def test_drift_with_a_recorded_migration_of_a_newer_release_is_skipped(
    findings_of, recorded, expected
):
    state = facts(migrations=migrations(recorded=(recorded,)))
    assert findings_of("schema.drift", state) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), []),
        (
            ("dcim_device", "dcim_rack"),
            [("warning", "dcim_device"), ("warning", "dcim_rack")],
        ),
        (Unavailable("denied"), "skipped"),
    ],
)
def test_disabled_triggers_warn(findings_of, found, expected):
    state = facts(database=database(disabled_triggers=found))
    assert findings_of("schema.disabled_triggers", state) == expected
