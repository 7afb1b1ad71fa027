"""The history as findings; the graph itself is tested in tests/unit/migration_graph."""

import pytest

from nautobot_upgrade_jobs.checks.rules.migrations import unpackaged_files
from tests.support.builders import facts, migration, migrations

CORE = (migration("dcim.0001_initial_part_1"),)
FUTURE = "dcim.0090_remove_cable_old_gfk_fields"
PRE_RELEASE = "dcim.0075_add_deviceclusterassignment"


@pytest.mark.parametrize(
    ("check", "history", "expected"),
    [
        ("unapplied", migrations(CORE, ("dcim.0001_initial_part_1",)), []),
        ("unapplied", migrations(CORE), [("blocker", "django_migrations")]),
        ("database_ahead_of_code", migrations(CORE, ("dcim.0001_initial_part_1",)), []),
        ("database_ahead_of_code", migrations(CORE, ("old_app.0001",)), []),
        ("database_ahead_of_code", migrations(CORE, (FUTURE,)), [("blocker", "database")]),
        ("recorded_without_file", migrations(CORE, (FUTURE,)), []),
        ("recorded_without_file", migrations(CORE, ("old_app.0001",)), []),
        ("recorded_without_file", migrations(CORE, ("example.0009",)), [("warning", "example")]),
        ("recorded_without_file", migrations(CORE, ("dcim.0099_auto",)), [("blocker", "dcim")]),
        ("recorded_without_file", migrations(CORE, (PRE_RELEASE,)), [("blocker", "dcim")]),
        ("conflicting_leaf_nodes", migrations(CORE), []),
        (
            "conflicting_leaf_nodes",
            migrations((*CORE, migration("dcim.0001_copy"))),
            [("blocker", "dcim")],
        ),
        ("unpackaged_files", migrations(CORE), []),
        (
            "unpackaged_files",
            migrations(CORE, unpackaged={"dcim.0099_auto": "/venv/0099_auto.py"}),
            [("warning", "dcim.0099_auto")],
        ),
        ("inconsistent_history", migrations(CORE), []),
        (
            "inconsistent_history",
            migrations((*CORE, migration("example.0001", CORE[0].key)), ("example.0001",)),
            [("blocker", f"example.0001 -> {CORE[0].key}")],
        ),
    ],
)
def test_history(found, check, history, expected):
    assert found(f"migrations.{check}", facts(migrations=history)) == expected


@pytest.mark.parametrize(
    ("recorded", "parents", "commands"),
    [
        ((), (), ["rm /venv/0002_auto.py"]),
        (
            ("example.0002_auto",),
            ("dcim.0001_initial", "example.0001_initial"),
            ["nautobot-server migrate example 0001_initial", "rm /venv/0002_auto.py"],
        ),
        (
            ("example.0002_auto",),
            ("dcim.0001_initial",),
            ["nautobot-server migrate example zero", "rm /venv/0002_auto.py"],
        ),
    ],
)
def test_a_foreign_migration_is_taken_back_before_its_file_goes(recorded, parents, commands):
    history = migrations(
        (migration("example.0002_auto", *parents),),
        recorded,
        unpackaged={"example.0002_auto": "/venv/0002_auto.py"},
    )
    (finding,) = unpackaged_files(history)
    assert list(finding.commands) == commands
