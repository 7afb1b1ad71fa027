"""What migrations demand of the rows: only what will stop them is a blocker."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.rules.preconditions import migration_cost, violated
from nautobot_upgrade_jobs.facts import Tables
from nautobot_upgrade_jobs.facts.preconditions import (
    OperationCost,
    Precondition,
    PreconditionResult,
    Preconditions,
)
from nautobot_upgrade_jobs.facts.tables import Table
from tests.support.builders import database, facts, mysql, trial_boot

UNIQUE = Precondition(
    "unique", "example.0002_more", "AlterField", "example_thing", ("name",), migrations_before=3
)
TWICE = PreconditionResult(UNIQUE, 2, ("1", "2"))
COMPLIES = PreconditionResult(UNIQUE, 0)
MENDED = PreconditionResult(
    replace(UNIQUE, possibly_fixed_by=("example.0001_names",)), 2, ("1", "2")
)
GOES = PreconditionResult(replace(UNIQUE, kind="loses", operation="RemoveField"), 7)
CUT = PreconditionResult(replace(UNIQUE, kind="cut", bound="64"), 2, ("1", "2"))
UNTRIED = PreconditionResult(UNIQUE, 0, unknown_reason="permission denied")


def target(*answers, **changes):
    return trial_boot(facts={"preconditions": Preconditions(answers, len(answers), 9)}, **changes)


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("violated", target(), []),
        ("violated", target(COMPLIES), []),
        ("violated", target(TWICE), [("blocker", "example_thing.name")]),
        ("violated", target(MENDED), [("warning", "example_thing.name")]),
        (
            "violated",
            target(
                PreconditionResult(replace(UNIQUE, kind="check", columns=(), name="positive"), 1)
            ),
            [("blocker", "example_thing.positive")],
        ),
        ("violated", target(GOES), []),
        ("violated", target(CUT), []),
        ("violated", target(UNTRIED), []),
        ("violated", target(TWICE, is_separate_environment=False), "not_applicable"),
        ("truncated_values", target(CUT), [("warning", "example_thing.name")]),
        ("truncated_values", target(TWICE), []),
        ("truncated_values", target(replace(CUT, affected_rows=0)), []),
        ("dropped_values", target(TWICE, CUT), []),
        ("dropped_values", target(GOES), [("info", "columns")]),
        ("dropped_values", target(replace(GOES, affected_rows=0)), []),
        ("migration_cost", target(), [("info", "migrations")]),
        ("migration_cost", trial_boot(facts={"preconditions": Preconditions()}), []),
        ("migration_cost", target(is_separate_environment=False), "not_applicable"),
        ("untested", target(TWICE, GOES), []),
        ("untested", target(TWICE, UNTRIED), "skipped"),
        ("untested", target(replace(GOES, affected_rows=0, unknown_reason="gone already")), []),
    ],
)
def test_what_is_told(found, check, state, expected):
    assert found(f"preconditions.{check}", facts(), trial_boot=state) == expected


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "2 values of name are there more than once"),
        ({"kind": "not null"}, "2 rows of example_thing without name"),
        ({"kind": "range", "bound": "x < 9"}, "2 rows of example_thing with a number in"),
        ({"kind": "length", "bound": "64"}, "2 rows of example_thing with more than 64 characters"),
        ({"kind": "reference", "bound": "other.id"}, "leads to no row of other"),
        ({"kind": "check", "bound": "a > 0"}, "against the condition a > 0"),
        ({"columns": (), "name": "code"}, "what is new, code, has one value for all of them"),
        ({"columns": (), "kind": "not null", "name": "code"}, "code, has no value for them"),
    ],
)
def test_each_demand_is_said_in_words(changes, words):
    answer = PreconditionResult(replace(UNIQUE, **changes), 2)
    (finding,) = violated(target(answer), database())
    assert words in finding.message
    assert "example.0002_more (AlterField) will stop, after 3 migrations of 9" in finding.message


@pytest.mark.parametrize(("server", "stays"), [(database(), False), (mysql(), True)])
def test_what_stays_of_the_migration_itself(server, stays):
    (finding,) = violated(target(TWICE), server)
    assert ("MySQL" in finding.message) == stays


def test_the_window_is_told_with_what_it_rests_on():
    work = (OperationCost("index", "example.0002_more", "AddIndex", "dcim_device"),)
    state = trial_boot(
        facts={"preconditions": Preconditions(migrations_planned=60, operation_costs=work)}
    )
    tables = Tables((Table("dcim_device", 2_000_000, False, 800 * 1024 * 1024),), ())
    (finding,) = migration_cost(state, tables)
    assert finding.message == (
        "60 migrations: between 44 seconds and 6 minutes, by the number of rows, "
        "and up to 400 MiB of disk for what is written meanwhile."
    )
    assert finding.evidence == (
        "dcim_device (about 2000000 rows): an index is built, nobody writes meanwhile; "
        "example.0002_more",
    )
