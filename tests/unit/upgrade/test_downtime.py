"""The class of downtime, from the effect of migrations on running code."""

import pytest

from nautobot_upgrade_jobs.facts import Preconditions, Tables, Unavailable
from nautobot_upgrade_jobs.facts.preconditions import (
    CostKind,
    Lock,
    OperationCost,
    RunningCodeConflict,
)
from nautobot_upgrade_jobs.facts.tables import Table
from nautobot_upgrade_jobs.upgrade.downtime import DowntimeClass, classify_downtime

PENDING = ("dcim.0081_index",)
SMALL, LARGE = 1000, 50_000_000
INDEX = OperationCost(CostKind.INDEX_BUILD, PENDING[0], "AddIndex", "dcim_device", Lock.WRITES)
READING = OperationCost(CostKind.DATA_MIGRATION, PENDING[0], "RunPython", "dcim_device")
REMOVED = RunningCodeConflict(PENDING[0], "RemoveField", "running code reads dcim_device.x")


def tables(rows):
    return Tables((Table("dcim_device", rows, True, rows * 100),), ("dcim_device",))


@pytest.mark.parametrize(
    ("pending", "preconditions", "rows", "kind", "reason"),
    [
        pytest.param((), Preconditions(), SMALL, "code only", "", id="no migration"),
        pytest.param(PENDING, Preconditions(), SMALL, "short", "", id="catalog only"),
        pytest.param(
            PENDING, Preconditions(operation_costs=(INDEX,)), SMALL, "short", "", id="small table"
        ),
        pytest.param(
            PENDING, Preconditions(operation_costs=(READING,)), LARGE, "short", "", id="only reads"
        ),
        pytest.param(
            PENDING,
            Preconditions(operation_costs=(INDEX,)),
            LARGE,
            "window",
            "dcim.0081_index can lock tables for up to 500 s",
            id="large table",
        ),
        pytest.param(
            PENDING, Preconditions(running_code=(REMOVED,)), SMALL, "window", "reads", id="removed"
        ),
        pytest.param(None, Preconditions(), SMALL, "window", "unknown", id="unknown migrations"),
        pytest.param(
            PENDING, Unavailable("no answer"), SMALL, "window", "no answer", id="not analyzed"
        ),
    ],
)
def test_classify_downtime_names_class_and_reason(pending, preconditions, rows, kind, reason):
    found = classify_downtime(pending, preconditions, tables(rows))
    assert found.kind.value == kind
    assert reason in " ".join(found.reasons)
    assert bool(found.reasons) is (found.kind is DowntimeClass.WINDOW)
    assert found.text


def test_classify_downtime_without_sizes_is_a_window():
    found = classify_downtime(PENDING, Preconditions(), Unavailable("no permission"))
    assert found.kind is DowntimeClass.WINDOW
    assert "no permission" in found.reasons[0]


def test_classify_downtime_lists_a_few_reasons():
    many = Preconditions(running_code=(REMOVED,) * 50)
    assert len(classify_downtime(PENDING, many, tables(SMALL)).reasons) == 5
