"""The history as findings; the graph itself is tested in tests/plan."""

import pytest

from tests.builders import facts, migration, migrations

CORE = (migration("dcim.0001_initial_part_1"),)
FUTURE = "dcim.0090_remove_cable_old_gfk_fields"
PRE_RELEASE = "dcim.0075_add_deviceclusterassignment"


@pytest.mark.parametrize(
    ("check", "history", "expected"),
    [
        ("unapplied", migrations(CORE, ("dcim.0001_initial_part_1",)), []),
        ("unapplied", migrations(CORE), [("blocker", "django_migrations")]),
        ("newer_database", migrations(CORE, ("dcim.0001_initial_part_1",)), []),
        ("newer_database", migrations(CORE, ("old_app.0001",)), []),
        ("newer_database", migrations(CORE, (FUTURE,)), [("blocker", "database")]),
        ("recorded_but_unknown", migrations(CORE, (FUTURE,)), []),
        ("recorded_but_unknown", migrations(CORE, ("old_app.0001",)), []),
        ("recorded_but_unknown", migrations(CORE, ("example.0009",)), [("warning", "example")]),
        ("recorded_but_unknown", migrations(CORE, ("dcim.0099_auto",)), [("blocker", "dcim")]),
        ("recorded_but_unknown", migrations(CORE, (PRE_RELEASE,)), [("blocker", "dcim")]),
        ("conflicting_leaf_nodes", migrations(CORE), []),
        (
            "conflicting_leaf_nodes",
            migrations((*CORE, migration("dcim.0001_copy"))),
            [("blocker", "dcim")],
        ),
        ("inconsistent", migrations(CORE), []),
        (
            "inconsistent",
            migrations((*CORE, migration("example.0001", CORE[0].key)), ("example.0001",)),
            [("blocker", f"example.0001 -> {CORE[0].key}")],
        ),
    ],
)
def test_history(found, check, history, expected):
    assert found(f"migrations.{check}", facts(migrations=history)) == expected
