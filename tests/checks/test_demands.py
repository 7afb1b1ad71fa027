"""What migrations demand of the rows: only what will stop them is a blocker."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.rules.demands import rows_comply, window
from nautobot_upgrade_jobs.facts import Tables
from nautobot_upgrade_jobs.facts.demands import Answer, Demand, Demands, Work
from nautobot_upgrade_jobs.facts.tables import Table
from tests.builders import booted, database, facts, mysql

UNIQUE = Demand("unique", "example.0002_more", "AlterField", "example_thing", ("name",), number=3)
TWICE = Answer(UNIQUE, 2, ("1", "2"))
COMPLIES = Answer(UNIQUE, 0)
MENDED = Answer(replace(UNIQUE, after=("example.0001_names",)), 2, ("1", "2"))
GOES = Answer(replace(UNIQUE, kind="loses", operation="RemoveField"), 7)
CUT = Answer(replace(UNIQUE, kind="cut", limit="64"), 2, ("1", "2"))
UNTRIED = Answer(UNIQUE, 0, unknown="permission denied")


def target(*answers, **changes):
    return booted(facts={"demands": Demands(answers, len(answers), 9)}, **changes)


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("rows_comply", target(), []),
        ("rows_comply", target(COMPLIES), []),
        ("rows_comply", target(TWICE), [("blocker", "example_thing.name")]),
        ("rows_comply", target(MENDED), [("warning", "example_thing.name")]),
        (
            "rows_comply",
            target(Answer(replace(UNIQUE, kind="check", columns=(), name="positive"), 1)),
            [("blocker", "example_thing.positive")],
        ),
        ("rows_comply", target(GOES), []),
        ("rows_comply", target(CUT), []),
        ("rows_comply", target(UNTRIED), []),
        ("rows_comply", target(TWICE, built=False), "not_applicable"),
        ("values_are_kept", target(CUT), [("warning", "example_thing.name")]),
        ("values_are_kept", target(TWICE), []),
        ("values_are_kept", target(replace(CUT, rows=0)), []),
        ("values_that_go", target(TWICE, CUT), []),
        ("values_that_go", target(GOES), [("info", "columns")]),
        ("values_that_go", target(replace(GOES, rows=0)), []),
        ("window", target(), [("info", "migrations")]),
        ("window", booted(facts={"demands": Demands()}), []),
        ("window", target(built=False), "not_applicable"),
        ("tried", target(TWICE, GOES), []),
        ("tried", target(TWICE, UNTRIED), "skipped"),
        ("tried", target(replace(GOES, rows=0, unknown="gone already")), []),
    ],
)
def test_what_is_told(found, check, state, expected):
    assert found(f"demands.{check}", facts(), booted=state) == expected


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "2 values of name are there more than once"),
        ({"kind": "not null"}, "2 rows of example_thing without name"),
        ({"kind": "range", "limit": "x < 9"}, "2 rows of example_thing with a number in"),
        ({"kind": "length", "limit": "64"}, "2 rows of example_thing with more than 64 characters"),
        ({"kind": "reference", "limit": "other.id"}, "leads to no row of other"),
        ({"kind": "check", "limit": "a > 0"}, "against the condition a > 0"),
        ({"columns": (), "name": "code"}, "what is new, code, has one value for all of them"),
        ({"columns": (), "kind": "not null", "name": "code"}, "code, has no value for them"),
    ],
)
def test_each_demand_is_said_in_words(changes, words):
    answer = Answer(replace(UNIQUE, **changes), 2)
    (finding,) = rows_comply(target(answer), database())
    assert words in finding.message
    assert "example.0002_more (AlterField) will stop, after 3 migrations of 9" in finding.message


@pytest.mark.parametrize(("server", "stays"), [(database(), False), (mysql(), True)])
def test_what_stays_of_the_migration_itself(server, stays):
    (finding,) = rows_comply(target(TWICE), server)
    assert ("MySQL" in finding.message) == stays


def test_the_window_is_told_with_what_it_rests_on():
    work = (Work("index", "example.0002_more", "AddIndex", "dcim_device"),)
    state = booted(facts={"demands": Demands(planned=60, work=work)})
    tables = Tables((Table("dcim_device", 2_000_000, False, 800 * 1024 * 1024),), ())
    (finding,) = window(state, tables)
    assert finding.message == (
        "60 migrations: between 44 seconds and 6 minutes, by the number of rows, "
        "and up to 400 MiB of disk for what is written meanwhile."
    )
    assert finding.evidence == (
        "dcim_device (about 2000000 rows): an index is built, nobody writes meanwhile; "
        "example.0002_more",
    )
