"""What a rehearsal has shown replaces what is predicted about a rollback option."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.rehearsal import Restore, Reverse
from nautobot_upgrade_jobs.migration_graph.reverse_plan import MigrateCall, ReversePlan
from nautobot_upgrade_jobs.rollback.diagnosis import UpgradeState
from nautobot_upgrade_jobs.rollback.losses import ReverseFailure
from nautobot_upgrade_jobs.rollback.options import RollbackOption
from nautobot_upgrade_jobs.rollback.rehearsed import apply_rehearsal
from tests.support.builders import (
    code_failure,
    migrate_run,
    migration_run,
    rehearsal,
    rehearsal_evidence,
)
from tests.support.rollback_situations import create_situation

RESTART = (120.0, 900.0)
SAME = ReversePlan((MigrateCall("dcim", "0089", ("dcim.0090_remove", "extras.0130_counts")),))


def apply(option, evidence, stage=UpgradeState.PLANNED, plan=SAME):
    situation = create_situation(stage, reverse_plan=plan, rehearsal=evidence)
    return apply_rehearsal(option, situation, RESTART)


RESTORE = RollbackOption("restore_backup", seconds=(121.0, 999.0), basis="the size")
REVERSE = RollbackOption(
    "reverse_migrations",
    seconds=(121.0, 999.0),
    basis="59 migrations",
    unknowns=("dcim.0090 may fail at dcim_cable, unless earlier code changes these rows",),
)
FAILS = code_failure(migration="dcim.0090_remove")


def test_restore_takes_the_measured_time():
    option = apply(RESTORE, rehearsal_evidence())
    assert option.seconds == (124.0, 906.0)
    assert option.basis == "the restore in 4 s in the rehearsal of 2026-11-26 02:10 UTC"
    assert option.unknowns == ()


def test_restore_that_was_not_complete_is_uncertain():
    incomplete = rehearsal(restore=Restore(2.0, 3 << 20, 4.0, ("dcim_device: 1 row is missing",)))
    option = apply(RESTORE, rehearsal_evidence(rehearsal=incomplete))
    assert "had 1 difference to the data" in option.unknowns[0]


def test_reverse_that_succeeded_is_certain():
    option = apply(REVERSE, rehearsal_evidence())
    assert option.feasible
    assert option.unknowns == ()
    assert option.seconds == (130.0, 915.0)


def test_reverse_that_succeeded_disproves_a_predicted_failure():
    predicted = replace(REVERSE, failure=ReverseFailure("dcim.0090_remove", "RunPython", 3))
    assert apply(predicted, rehearsal_evidence()).feasible


def test_reverse_that_failed_is_not_possible():
    stopped = Reverse(("dcim 0089",), migrate_run(migration_run(), stop=FAILS))
    evidence = rehearsal_evidence(rehearsal=rehearsal(reverse=stopped))
    option = apply(REVERSE, evidence)
    assert not option.feasible
    assert option.failure.migration == "dcim.0090_remove"
    assert option.failure.migrations_reversed == 1
    assert option.failure.error == "IntegrityError: could not create unique index"


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(None, id="none"),
        pytest.param(rehearsal_evidence("it is 31 days old"), id="stale"),
        pytest.param(
            rehearsal_evidence(
                rehearsal=rehearsal(reverse=Unavailable("no time"), restore=Unavailable("no time"))
            ),
            id="rollback not rehearsed",
        ),
        pytest.param(
            rehearsal_evidence(
                rehearsal=rehearsal(reverse=None, restore=Unavailable("it was skipped"))
            ),
            id="nothing to reverse",
        ),
    ],
)
@pytest.mark.parametrize("option", [RESTORE, REVERSE], ids=["restore", "reverse"])
def test_without_a_valid_rehearsal_the_prediction_stays(option, evidence):
    assert apply(option, evidence) is option


def test_option_that_is_not_possible_stays_so():
    impossible = RollbackOption("reverse_migrations", "dcim.0001 is not on disk")
    assert apply(impossible, rehearsal_evidence()) is impossible


def test_after_the_upgrade_what_was_found_in_the_rows_remains():
    found = ReverseFailure("dcim.0090_remove", "AlterField", 3)
    option = apply(replace(REVERSE, failure=found), rehearsal_evidence(), UpgradeState.COMPLETE)
    assert option.failure is found
    assert option.unknowns == REVERSE.unknowns
    assert option.seconds == (130.0, 915.0)


def test_after_the_upgrade_a_failure_of_the_rehearsal_counts_as_well():
    stopped = Reverse(("dcim 0089",), migrate_run(stop=FAILS))
    evidence = rehearsal_evidence(rehearsal=rehearsal(reverse=stopped))
    assert not apply(REVERSE, evidence, UpgradeState.COMPLETE).feasible


def test_half_of_an_upgrade_was_not_rehearsed():
    stopped = Reverse(("dcim 0089",), migrate_run(stop=FAILS))
    evidence = rehearsal_evidence(rehearsal=rehearsal(reverse=stopped))
    part = ReversePlan((MigrateCall("extras", "0129", ("extras.0130_counts",)),))
    assert apply(REVERSE, evidence, UpgradeState.PARTIAL, part) is REVERSE
