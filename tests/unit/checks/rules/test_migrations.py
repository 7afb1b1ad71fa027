"""Examples of the rules in ``migrations``."""

import pytest

from nautobot_upgrade_jobs.checks.remediation import shell
from nautobot_upgrade_jobs.checks.rules.migrations import unpackaged_files
from nautobot_upgrade_jobs.facts.migrations import (
    Migration,
    Operation,
    SchemaChange,
    SchemaChangeKind,
)
from tests.support.builders import (
    facts,
    migration,
    migrations,
)

CORE = (migration("dcim.0001_initial_part_1"),)
NEWER = "dcim.0090_remove_cable_old_gfk_fields"
PRE_RELEASE = "dcim.0075_add_deviceclusterassignment"


@pytest.mark.parametrize(
    ("check", "history", "expected"),
    [
        ("unapplied", migrations(CORE, ("dcim.0001_initial_part_1",)), []),
        ("unapplied", migrations(CORE), [("blocker", "django_migrations")]),
        ("database_ahead_of_code", migrations(CORE, ("dcim.0001_initial_part_1",)), []),
        ("database_ahead_of_code", migrations(CORE, ("old_app.0001",)), []),
        ("database_ahead_of_code", migrations(CORE, (NEWER,)), [("blocker", "database")]),
        ("recorded_without_file", migrations(CORE, (NEWER,)), []),
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
def test_history_checks_report_each_kind_of_disagreement(findings_of, check, history, expected):
    assert findings_of(f"migrations.{check}", facts(migrations=history)) == expected


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
def test_unpackaged_files_commands_reverse_before_they_delete_the_file(recorded, parents, commands):
    history = migrations(
        (migration("example.0002_auto", *parents),),
        recorded,
        unpackaged={"example.0002_auto": "/venv/0002_auto.py"},
    )
    (finding,) = unpackaged_files(history)
    assert list(finding.commands) == list(map(shell, commands))


def create_model(table):
    return Operation("CreateModel", (SchemaChange(SchemaChangeKind.ADDED, table),))


EXISTING, MISSING, CODE = (
    create_model("dcim_device"),
    create_model("dcim_new"),
    Operation("RunPython"),
)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        pytest.param((EXISTING, CODE), True, id="table exists, code leaves no trace"),
        pytest.param((EXISTING, MISSING), True, id="one of two tables exists"),
        pytest.param((MISSING,), False, id="table does not exist"),
        pytest.param((CODE,), False, id="only code"),
    ],
)
def test_partially_applied_when_the_schema_has_an_operation_blocks(
    findings_of, operations, expected
):
    first = migration("dcim.0001_initial")
    second = Migration("dcim.0002_more", (first.key,), (), operations)
    state = facts(migrations=migrations((first, second), (first.key,)))
    findings = [("blocker", "dcim.0002_more")] if expected else []
    assert findings_of("migrations.partially_applied", state) == findings
