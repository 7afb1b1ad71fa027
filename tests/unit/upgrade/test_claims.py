"""Each prediction has an outcome, and what was not reached proves nothing."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.rehearsal import Restore, Reverse
from nautobot_upgrade_jobs.upgrade.claims import list_claims
from tests.support.builders import code_failure, migrate_run, migration_run, rehearsal

FIRST, SECOND = migration_run("extras.0130_counts"), migration_run()
MISSING = Unavailable("copy the data: the disk is full")
STOPS = ("dcim.0090_remove",)
STOPPED = migrate_run(FIRST, stop=code_failure(migration="dcim.0090_remove"))


def outcomes(**changes):
    return {each.text: each.outcome.value for each in list_claims(rehearsal(**changes))}


def test_claims_of_a_rehearsal_in_which_all_was_right():
    assert outcomes() == {
        "the upgrade applies 2 migrations": "proven",
        "the migrations take 3 to 9 s": "proven",
        "a backup restores the state before the upgrade": "proven",
        "the migrations can be reversed": "proven",
    }


@pytest.mark.parametrize(
    ("changes", "text", "outcome"),
    [
        pytest.param(
            {"forward": migrate_run(FIRST)},
            "the upgrade applies 2 migrations",
            "disproven",
            id="one migration less",
        ),
        pytest.param(
            {"forward": STOPPED}, "the upgrade applies 2 migrations", "disproven", id="a stop"
        ),
        pytest.param(
            {"forward": STOPPED, "predicted_stops": STOPS},
            "the upgrade applies 2 migrations",
            "not rehearsed",
            id="the predicted stop",
        ),
        pytest.param(
            {"forward": STOPPED, "predicted_stops": STOPS},
            "dcim.0090_remove stops at rows that it does not accept",
            "proven",
            id="stops as predicted",
        ),
        pytest.param(
            {"predicted_stops": STOPS},
            "dcim.0090_remove stops at rows that it does not accept",
            "disproven",
            id="does not stop",
        ),
        pytest.param(
            {
                "forward": migrate_run(stop=code_failure(migration="extras.0130_counts")),
                "predicted_stops": STOPS,
            },
            "dcim.0090_remove stops at rows that it does not accept",
            "not rehearsed",
            id="another stops before",
        ),
        pytest.param(
            {"forward": MISSING, "predicted_stops": STOPS},
            "dcim.0090_remove stops at rows that it does not accept",
            "not rehearsed",
            id="the copy was not reached",
        ),
        pytest.param(
            {"predicted_seconds": (10.0, 20.0)},
            "the migrations take 10 to 20 s",
            "disproven",
            id="faster",
        ),
        pytest.param(
            {"forward": STOPPED}, "the migrations take 3 to 9 s", "not rehearsed", id="no duration"
        ),
        pytest.param(
            {"predicted_seconds": None},
            "the migrations take the estimated time",
            "not rehearsed",
            id="no estimate",
        ),
        pytest.param(
            {"forward": migrate_run(FIRST, interruption="the time limit was reached")},
            "the migrations take 3 to 9 s",
            "not rehearsed",
            id="interrupted",
        ),
        pytest.param(
            {"planned": MISSING},
            "the upgrade applies the migrations that Preflight lists",
            "not rehearsed",
            id="no plan",
        ),
        pytest.param(
            {"restore": Restore(2.0, 3 << 20, 4.0, ("a row is missing",))},
            "a backup restores the state before the upgrade",
            "disproven",
            id="the backup lacks a row",
        ),
        pytest.param(
            {"restore": MISSING},
            "a backup restores the state before the upgrade",
            "not rehearsed",
            id="no restore",
        ),
        pytest.param(
            {"reverse": Reverse(("dcim 0089",), migrate_run(stop=code_failure()))},
            "the migrations can be reversed",
            "disproven",
            id="reversing stops",
        ),
        pytest.param(
            {"reverse": MISSING}, "the migrations can be reversed", "not rehearsed", id="no reverse"
        ),
    ],
)
def test_claim_has_the_outcome_that_was_seen(changes, text, outcome):
    assert outcomes(**changes)[text] == outcome


def test_migrations_that_have_no_reverse_make_no_claim():
    assert "the migrations can be reversed" not in outcomes(reverse=None)
