"""Each prediction has an outcome, and what was not reached proves nothing."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.rehearsal import NOT_COMPARED, Comparison, Restore, Reverse
from nautobot_upgrade_jobs.upgrade.claims import list_claims
from tests.support.builders import code_failure, migrate_run, migration_run, rehearsal

FIRST, SECOND = migration_run("extras.0130_counts"), migration_run()
MISSING = Unavailable("copy the data: the disk is full")
STOPS = ("dcim.0090_remove",)
STOPPED = migrate_run(FIRST, stop=code_failure(migration="dcim.0090_remove"))


LOSSES = "no data is lost without a known reason"
AGAIN = "after that, the upgrade succeeds again"


def reversed_and(again):
    return Reverse(("dcim 0089",), migrate_run(migration_run()), again=again)


def outcomes(**changes):
    return {each.text: each.outcome.value for each in list_claims(rehearsal(**changes))}


def test_claims_of_a_rehearsal_in_which_all_was_right():
    assert outcomes() == {
        "the upgrade applies 2 migrations": "proven",
        "the migrations take 3 to 9 s": "proven",
        "no data is lost without a known reason": "proven",
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
        pytest.param({"comparison": Comparison(57, 0, 0, 1, 0)}, LOSSES, "disproven", id="a loss"),
        pytest.param(
            {"comparison": Comparison(57, 0, 0, 1, 3)}, LOSSES, "disproven", id="one seen"
        ),
        pytest.param(
            {"comparison": Comparison(0, 4, 0, 0, 0)}, LOSSES, "proven", id="other changes"
        ),
        pytest.param(
            {"comparison": Comparison(57, 1, 1, 0, 0)}, LOSSES, "not rehearsed", id="other values"
        ),
        pytest.param(
            {"comparison": Comparison(57, 0, 0, 0, 1)},
            LOSSES,
            "not rehearsed",
            id="one table unread",
        ),
        pytest.param(
            {"comparison": NOT_COMPARED}, LOSSES, "not rehearsed", id="nothing was compared"
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
        pytest.param({"reverse": reversed_and(migrate_run())}, AGAIN, "proven", id="again"),
        pytest.param(
            {"reverse": reversed_and(migrate_run(stop=code_failure()))},
            AGAIN,
            "disproven",
            id="fails again",
        ),
        pytest.param(
            {"reverse": reversed_and(migrate_run(interruption="the disk is full"))},
            AGAIN,
            "not rehearsed",
            id="interrupted again",
        ),
    ],
)
def test_claim_has_the_outcome_that_was_seen(changes, text, outcome):
    assert outcomes(**changes)[text] == outcome


def test_migrations_that_have_no_reverse_make_no_claim():
    assert "the migrations can be reversed" not in outcomes(reverse=None)


def test_upgrade_after_a_reverse_that_stops_makes_no_claim():
    assert AGAIN not in outcomes(reverse=Reverse((), migrate_run(stop=code_failure())))
