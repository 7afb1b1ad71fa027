"""Overview of an upgrade: its path, and the risk of its migrations."""

import pytest

from nautobot_upgrade_jobs.catalog.records import UpgradeStop
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.preconditions import (
    COST_TEXTS,
    CostKind,
    Lock,
    OperationCost,
    Precondition,
    PreconditionKind,
    PreconditionResult,
    Preconditions,
)
from nautobot_upgrade_jobs.upgrade.overview import (
    RISK_LEVELS,
    RISK_TEXTS,
    MigrationRisk,
    classify_by_risk,
    upgrade_path,
)

PLAN = ("dcim.0089", "dcim.0090", "extras.0126")


def violated(kind, rows=1):
    precondition = Precondition(kind, "dcim.0090", "AlterField", "dcim_cable")
    return Preconditions(violated=(PreconditionResult(precondition, rows),))


def costs(*operation_costs):
    return Preconditions(operation_costs=operation_costs)


def cost(kind, migration="dcim.0089", lock=Lock.UNKNOWN):
    return OperationCost(kind, migration, "AlterField", "dcim_cable", lock)


@pytest.mark.parametrize(
    ("preconditions", "expected"),
    [
        pytest.param(Preconditions(), ("plain", "plain", "plain"), id="nothing expensive"),
        pytest.param(
            Unavailable("not built"), ("unknown", "unknown", "unknown"), id="not collected"
        ),
        pytest.param(violated(PreconditionKind.UNIQUE), ("plain", "stops", "plain"), id="violated"),
        pytest.param(
            violated(PreconditionKind.UNIQUE, rows=0), ("plain", "plain", "plain"), id="satisfied"
        ),
        pytest.param(
            violated(PreconditionKind.TRUNCATES),
            ("plain", "plain", "plain"),
            id="not blocking",
        ),
        pytest.param(
            costs(cost(CostKind.DATA_MIGRATION)),
            (CostKind.DATA_MIGRATION.value, "plain", "plain"),
            id="one cost",
        ),
        pytest.param(
            costs(
                cost(CostKind.INDEX_BUILD, "extras.0126"),
                cost(CostKind.TABLE_REWRITE, "extras.0126"),
            ),
            ("plain", "plain", CostKind.TABLE_REWRITE.value),
            id="most severe of two costs",
        ),
    ],
)
def test_classify_by_risk_takes_most_severe(preconditions, expected):
    assert tuple(entry.risk for entry in classify_by_risk(PLAN, preconditions)) == expected


def test_classify_by_risk_takes_most_severe_lock():
    preconditions = costs(
        cost(CostKind.INDEX_BUILD, lock=Lock.WRITES),
        cost(CostKind.FULL_SCAN, lock=Lock.READS_AND_WRITES),
    )
    risk = classify_by_risk(PLAN[:1], preconditions)[0]
    assert risk == MigrationRisk(PLAN[0], CostKind.FULL_SCAN.value, Lock.READS_AND_WRITES)
    assert risk.text == COST_TEXTS[CostKind.FULL_SCAN][Lock.READS_AND_WRITES]


def test_risk_levels_all_have_a_text():
    for risk in RISK_LEVELS:
        assert MigrationRisk("dcim.0089", risk).text
    assert set(RISK_TEXTS) < set(RISK_LEVELS)


@pytest.mark.parametrize(
    ("installed", "stops", "expected"),
    [
        pytest.param("2.4.44", (), [("2.4.44", "installed"), ("3.2.7", "target")], id="direct"),
        pytest.param("3.2.7", (), [("3.2.7", "installed")], id="same release"),
        pytest.param(
            "1.6.3",
            (UpgradeStop("2.4.44", "required", "…", "…"),),
            [("1.6.3", "installed"), ("2.4.44", "required"), ("3.2.7", "target")],
            id="with a stop",
        ),
    ],
)
def test_upgrade_path_includes_both_ends(installed, stops, expected):
    path = upgrade_path(installed, "3.2.7", stops)
    assert [(waypoint.release, waypoint.kind) for waypoint in path] == expected
