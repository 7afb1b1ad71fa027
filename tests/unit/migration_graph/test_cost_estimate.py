"""How long the migrations take: by the rows that they work on, and no longer."""

import pytest

from nautobot_upgrade_jobs.facts import Preconditions, Tables
from nautobot_upgrade_jobs.facts.preconditions import OperationCost
from nautobot_upgrade_jobs.facts.tables import Table
from nautobot_upgrade_jobs.migration_graph.cost_estimate import A_MILLION, MIB, MIGRATION, estimate

TABLES = Tables(
    (
        Table("large", 2_000_000, False, 800 * MIB),
        Table("small", 10, True, MIB),
        Table("empty", 0, True, 0),
    ),
    (),
)


def work(kind, table="large", migration="example.0002_more"):
    return OperationCost(kind, migration, "AlterField", table)


def of(*works, planned=3):
    return estimate(Preconditions(migrations_planned=planned, operation_costs=works), TABLES)


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize(
    ("works", "millions"),
    [
        ((), {}),
        ((work("index"),), {"index": 2}),
        ((work("index"), work("index", migration="example.0003_again")), {"index": 4}),
        ((work("scan"), work("rewrite")), {"scan": 2, "rewrite": 2}),
        ((work("code", "small"),), {"code": 0.00001}),
        ((work("rewrite", "empty"),), {}),
        ((work("code", ""),), {}),
        ((work("rewrite", "of_another_role"),), {}),
    ],
)
def test_the_rows_make_the_time(works, millions, end):
    found = of(*works)
    rows = sum(A_MILLION[kind][end] * number for kind, number in millions.items())
    assert (found.low, found.high)[end] == pytest.approx(3 * MIGRATION[end] + rows)


@pytest.mark.parametrize(
    ("works", "mebibytes"),
    [
        ((), 0),
        ((work("scan"),), 0),
        ((work("rewrite"),), 1600),
        ((work("index"), work("code", "small")), 402),
    ],
)
def test_what_is_written_needs_a_place(works, mebibytes):
    assert of(*works).mebibytes == mebibytes


def test_the_dearest_comes_first_and_is_named_once():
    found = of(work("index", "small"), work("index"), work("index"), work("rewrite"))
    assert [(one.work.kind, one.table.name, one.times) for one in found.shares] == [
        ("rewrite", "large", 1),
        ("index", "large", 2),
        ("index", "small", 1),
    ]
