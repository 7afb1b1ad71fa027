"""The cost estimate of pending migrations depends on the rows that they process."""

import pytest

from nautobot_upgrade_jobs.catalog.records import Durations, RowDuration
from nautobot_upgrade_jobs.facts import Preconditions, Tables
from nautobot_upgrade_jobs.facts.preconditions import CostKind, Lock, OperationCost
from nautobot_upgrade_jobs.facts.tables import Table
from nautobot_upgrade_jobs.migration_graph.cost_estimate import (
    MIB,
    SECONDS_PER_CPU_SECOND,
    SECONDS_PER_MIGRATION,
    SECONDS_PER_MILLION_ROWS,
    estimate_cost,
)
from tests.support.builders import CATALOG

TABLES = Tables(
    (
        Table("large", 2_000_000, False, 800 * MIB),
        Table("small", 10, True, MIB),
        Table("empty", 0, True, 0),
    ),
    (),
)


def cost(kind, table="large", migration="example.0002_more", lock=Lock.UNKNOWN):
    return OperationCost(kind, migration, "AlterField", table, lock)


def estimate(*costs, planned=3):
    preconditions = Preconditions(migrations_planned=planned, operation_costs=costs)
    return estimate_cost(preconditions, TABLES)


MEASURED = Durations(
    {"example.0001_first": 4.0, "example.0002_more": 1.0},
    (RowDuration("example.0002_more", "large", 2_000.0),),
    ("large",),
)


@pytest.mark.parametrize(
    ("plan", "costs", "seconds"),
    [
        pytest.param(("example.0001_first",), (), 4.0, id="measured without rows"),
        pytest.param(("example.0002_more",), (), 1.0 + 2 * 2_000.0, id="measured with rows"),
        pytest.param(
            ("example.0001_first",),
            (cost(CostKind.DATA_MIGRATION, migration="example.0001_first"),),
            4.0,
            id="code that does not work on the rows that it names",
        ),
    ],
)
def test_estimate_cost_of_measured_migrations_is_narrow(plan, costs, seconds):
    preconditions = Preconditions(migrations_planned=1, operation_costs=costs, plan=plan)
    found = estimate_cost(preconditions, TABLES, MEASURED)
    assert found.low == pytest.approx(SECONDS_PER_CPU_SECOND[0] * seconds)
    assert found.high == pytest.approx(SECONDS_PER_CPU_SECOND[1] * seconds)
    assert found.high <= 3 * found.low


def test_estimate_cost_of_measured_code_writes_only_the_tables_it_works_on():
    costs = (cost(CostKind.DATA_MIGRATION, migration="example.0001_first"),)
    plan = ("example.0001_first", "example.0003_again")
    known = Preconditions(migrations_planned=2, operation_costs=costs, plan=plan)
    found = estimate_cost(known, TABLES, MEASURED)
    assert found.mebibytes == 0
    bounds = zip(
        (found.low, found.high), SECONDS_PER_CPU_SECOND, SECONDS_PER_MIGRATION, strict=True
    )
    for value, factor, other in bounds:
        assert value == pytest.approx(4.0 * factor + other)


def test_estimate_cost_of_measured_code_on_a_table_that_was_not_varied_is_general():
    costs = (cost(CostKind.DATA_MIGRATION, "small", migration="example.0001_first"),)
    known = Preconditions(migrations_planned=1, operation_costs=costs, plan=("example.0001_first",))
    (item,) = estimate_cost(known, TABLES, MEASURED).items
    assert item.table.name == "small"


def test_estimate_cost_of_a_million_job_results_is_what_the_field_measured():
    """Nautobot 3.2.7 needed 2.1 to 2.6 ms of CPU time for each JobResult."""
    key = "extras.0130_jobresult_generate_log_entry_counts"
    tables = Tables((Table("extras_jobresult", 1_000_000, True, MIB),), ())
    preconditions = Preconditions(migrations_planned=1, plan=(key,))
    found = estimate_cost(preconditions, tables, CATALOG.durations)
    assert found.low < 2_100 < 2_600 < found.high


@pytest.mark.parametrize("bound", [0, 1])
@pytest.mark.parametrize(
    ("costs", "millions"),
    [
        pytest.param((), {}, id="no expensive operation"),
        pytest.param((cost(CostKind.INDEX_BUILD),), {CostKind.INDEX_BUILD: 2}, id="one index"),
        pytest.param(
            (
                cost(CostKind.INDEX_BUILD),
                cost(CostKind.INDEX_BUILD, migration="example.0003_again"),
            ),
            {CostKind.INDEX_BUILD: 4},
            id="two indexes on one table",
        ),
        pytest.param(
            (cost(CostKind.FULL_SCAN), cost(CostKind.TABLE_REWRITE)),
            {CostKind.FULL_SCAN: 2, CostKind.TABLE_REWRITE: 2},
            id="two kinds on one table",
        ),
        pytest.param(
            (cost(CostKind.DATA_MIGRATION, "small"),),
            {CostKind.DATA_MIGRATION: 0.00001},
            id="small table",
        ),
        pytest.param((cost(CostKind.TABLE_REWRITE, "empty"),), {}, id="empty table"),
        pytest.param((cost(CostKind.DATA_MIGRATION, ""),), {}, id="code without a table"),
        pytest.param((cost(CostKind.TABLE_REWRITE, "of_another_role"),), {}, id="unknown table"),
    ],
)
def test_estimate_cost_seconds_grow_with_rows(costs, millions, bound):
    found = estimate(*costs)
    rows = sum(SECONDS_PER_MILLION_ROWS[kind][bound] * number for kind, number in millions.items())
    assert (found.low, found.high)[bound] == pytest.approx(3 * SECONDS_PER_MIGRATION[bound] + rows)


@pytest.mark.parametrize(
    ("costs", "mebibytes"),
    [
        pytest.param((), 0, id="no expensive operation"),
        pytest.param((cost(CostKind.FULL_SCAN),), 0, id="scan writes nothing"),
        pytest.param((cost(CostKind.TABLE_REWRITE),), 1600, id="rewrite writes rows and log"),
        pytest.param(
            (cost(CostKind.INDEX_BUILD), cost(CostKind.DATA_MIGRATION, "small")),
            402,
            id="index and code",
        ),
    ],
)
def test_estimate_cost_mebibytes_by_written_data(costs, mebibytes):
    assert estimate(*costs).mebibytes == mebibytes


def test_estimate_cost_items_are_grouped_and_most_expensive_first():
    found = estimate(
        cost(CostKind.INDEX_BUILD, "small"),
        cost(CostKind.INDEX_BUILD),
        cost(CostKind.INDEX_BUILD),
        cost(CostKind.TABLE_REWRITE),
    )
    assert [
        (item.operation_cost.kind, item.table.name, item.operation_count) for item in found.items
    ] == [
        (CostKind.TABLE_REWRITE, "large", 1),
        (CostKind.INDEX_BUILD, "large", 2),
        (CostKind.INDEX_BUILD, "small", 1),
    ]


def test_estimate_cost_items_with_different_locks_stay_separate():
    found = estimate(
        cost(CostKind.INDEX_BUILD, lock=Lock.WRITES),
        cost(CostKind.INDEX_BUILD, lock=Lock.READS_AND_WRITES),
    )
    assert [item.operation_count for item in found.items] == [1, 1]
