"""Effects of reversing migrations, predicted from two snapshots alone."""

import pytest

from nautobot_upgrade_jobs.facts import TableFingerprints, Unavailable
from nautobot_upgrade_jobs.facts.fingerprints import ColumnFingerprint, TableFingerprint
from nautobot_upgrade_jobs.facts.migrations import Migration, Operation
from nautobot_upgrade_jobs.facts.reversal import ReverseEffect
from nautobot_upgrade_jobs.migration_graph.offline_reversal import reversal_from_snapshot
from tests.support.builders import added, altered, migrations, removed

KEY = "dcim.0002"


def fingerprints(**tables):
    made = {
        name: TableFingerprint(
            rows,
            ("id",),
            None,
            tuple(
                ColumnFingerprint(column, "text", values, "0" * 16)
                for column, values in columns.items()
            ),
        )
        for name, (rows, columns) in tables.items()
    }
    return TableFingerprints("a", "postgresql 18", "C", "content", made)


CURRENT = fingerprints(dcim_cable=(7, {"id": 7, "cable_type_id": 2}), dcim_cabletype=(14, {}))
PREVIOUS = fingerprints(dcim_cable=(7, {"id": 7, "end_id": 5}), dcim_site=(3, {}))


def effects_of(*operations, current=CURRENT):
    state = migrations((Migration(KEY, (), (), operations),), (KEY,))
    return reversal_from_snapshot(state, (KEY,), current, PREVIOUS).effects


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(
            Operation("CreateModel", (added("dcim_cabletype"),)),
            [(ReverseEffect.DROPS, "dcim_cabletype", "", 14)],
            id="created table is dropped",
        ),
        pytest.param(
            Operation("CreateModel", (added("dcim_cabletype"), added("dcim_cable"))),
            [
                (ReverseEffect.DROPS, "dcim_cabletype", "", 14),
                (ReverseEffect.DROPS, "dcim_cable", "", 7),
            ],
            id="created tables are dropped",
        ),
        pytest.param(
            Operation("AddField", (added("dcim_cable", "cable_type"),)),
            [(ReverseEffect.DROPS, "dcim_cable", "cable_type_id", 2)],
            id="added foreign key is dropped",
        ),
        pytest.param(
            Operation("RemoveField", (removed("dcim_cable", "end"),)),
            [(ReverseEffect.RESTORES_EMPTY, "dcim_cable", "end_id", 0)],
            id="removed field is restored empty",
        ),
        pytest.param(
            Operation("DeleteModel", (removed("dcim_site"),)),
            [(ReverseEffect.RESTORES_EMPTY, "dcim_site", "", 0)],
            id="deleted table is restored empty",
        ),
        pytest.param(Operation("RunPython"), [(ReverseEffect.RUNS_CODE, "", "", 0)], id="code"),
        pytest.param(
            Operation("AddIndex", (altered("dcim_cable"),), "i"),
            [(ReverseEffect.LOSSLESS, "", "", 0)],
            id="index",
        ),
        pytest.param(
            Operation("AlterField", (altered("dcim_cable", "label"),)),
            [(ReverseEffect.MAY_FAIL, "", "", 0)],
            id="altered field is untested",
        ),
        pytest.param(
            Operation("CustomOperation"), [(ReverseEffect.MAY_FAIL, "", "", 0)], id="unknown kind"
        ),
    ],
)
def test_reversal_from_snapshot_effect_by_operation(operation, expected):
    assert [
        (effect.kind, effect.table, effect.column, effect.rows) for effect in effects_of(operation)
    ] == expected


@pytest.mark.parametrize(
    ("change", "current", "reason"),
    [
        pytest.param(
            added("dcim_gone"),
            CURRENT,
            "the snapshot does not contain this table",
            id="unknown table",
        ),
        pytest.param(
            added("dcim_cable", "label"),
            CURRENT,
            "the snapshot does not contain the columns",
            id="unknown column",
        ),
        pytest.param(
            added("dcim_cable"),
            Unavailable("not captured"),
            "the snapshot does not contain this table",
            id="no fingerprints",
        ),
    ],
)
def test_reversal_from_snapshot_unknown_count_has_a_reason(change, current, reason):
    operation = Operation("AddField" if change.column else "CreateModel", (change,))
    (effect,) = effects_of(operation, current=current)
    assert effect.unknown_reason == reason


def test_reversal_from_snapshot_reverses_last_operation_first():
    add_field = Operation("AddField", (added("dcim_cable", "cable_type"),))
    effects = effects_of(add_field, Operation("RunPython"))
    assert [effect.kind for effect in effects] == [
        ReverseEffect.RUNS_CODE,
        ReverseEffect.DROPS,
    ]
