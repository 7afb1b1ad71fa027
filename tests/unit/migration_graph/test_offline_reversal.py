"""What undoing would do, told from two snapshots alone."""

import pytest

from nautobot_upgrade_jobs.facts import TableFingerprints, Unavailable
from nautobot_upgrade_jobs.facts.fingerprints import ColumnFingerprint, TableFingerprint
from nautobot_upgrade_jobs.facts.migrations import Migration, Operation
from nautobot_upgrade_jobs.migration_graph.offline_reversal import undoing
from tests.support.builders import migrations

KEY = "dcim.0002"


def column(name, values):
    return ColumnFingerprint(name, "text", values, "0" * 16)


def contents(**tables):
    made = {
        name: TableFingerprint(
            rows,
            ("id",),
            None,
            tuple(ColumnFingerprint(each, "text", one, "0" * 16) for each, one in columns.items()),
        )
        for name, (rows, columns) in tables.items()
    }
    return TableFingerprints("a", "postgresql 18", "C", "content", made)


NOW = contents(dcim_cable=(7, {"id": 7, "cable_type_id": 2}), dcim_cabletype=(14, {}))
THEN = contents(dcim_cable=(7, {"id": 7, "end_id": 5}), dcim_site=(3, {}))


@pytest.mark.parametrize(
    ("operation", "effects"),
    [
        (Operation("CreateModel", ("dcim_cabletype",)), [("drops", "dcim_cabletype", "", 14)]),
        (
            Operation("CreateModel", ("dcim_cabletype", "dcim_cable")),
            [("drops", "dcim_cabletype", "", 14), ("drops", "dcim_cable", "", 7)],
        ),
        (
            Operation("AddField", ("dcim_cable.cable_type",)),
            [("drops", "dcim_cable", "cable_type_id", 2)],
        ),
        (
            Operation("RemoveField", ("-dcim_cable.end",)),
            [("returns empty", "dcim_cable", "end_id", 0)],
        ),
        (Operation("DeleteModel", ("-dcim_site",)), [("returns empty", "dcim_site", "", 0)]),
        (Operation("RunPython"), [("runs code", "", "", 0)]),
        (Operation("AddIndex", ("dcim_cable.",), "i"), [("keeps", "", "", 0)]),
        (Operation("AlterField", ("dcim_cable.label",)), [("may fail", "", "", 0)]),
        (Operation("SomebodysOwn"), [("may fail", "", "", 0)]),
    ],
)
def test_what_an_operation_does(operation, effects):
    state = migrations((Migration(KEY, (), (), (operation,)),), (KEY,))
    found = undoing(state, (KEY,), NOW, THEN).effects
    assert [(one.kind, one.table, one.column, one.rows) for one in found] == effects


@pytest.mark.parametrize(
    ("change", "now", "why"),
    [
        ("dcim_gone", NOW, "no such table"),
        ("dcim_cable.label", NOW, "has not looked at its columns"),
        ("dcim_cable", Unavailable("nobody captured it"), "no such table"),
    ],
)
def test_what_cannot_be_counted_is_told(change, now, why):
    operation = Operation("AddField" if "." in change else "CreateModel", (change,))
    state = migrations((Migration(KEY, (), (), (operation,)),), (KEY,))
    (effect,) = undoing(state, (KEY,), now, THEN).effects
    assert why in effect.unknown_reason


def test_the_last_operation_is_undone_first():
    operations = (Operation("AddField", ("dcim_cable.cable_type",)), Operation("RunPython"))
    state = migrations((Migration(KEY, (), (), operations),), (KEY,))
    assert [one.kind for one in undoing(state, (KEY,), NOW, THEN).effects] == ["runs code", "drops"]
