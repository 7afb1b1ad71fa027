"""Rules about an earlier rehearsal: used while it is valid, reported if it is stale."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.rehearsal import Stage
from nautobot_upgrade_jobs.upgrade.rehearsed import NO_REHEARSAL
from tests.support.builders import (
    code_failure,
    migrate_run,
    migration_run,
    rehearsal,
    rehearsal_evidence,
)

STALE = "the package set of the target has changed: nautobot 3.2.6 → 3.2.7"
PROBLEM = "Migration dcim.0090_remove fails on the copy: IntegrityError."
STOPPED = migrate_run(migration_run(), stop=code_failure(migration="dcim.0090_remove"))
NOT_VERIFIED = (
    Stage("upgrade", 10.0),
    Stage("verification", 1.0, "the target does not start: ImportError"),
)
SKIPPED = Unavailable("it was skipped on request")


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param(rehearsal_evidence(), [], id="proven"),
        pytest.param(
            rehearsal_evidence(problems=(PROBLEM,)), [("blocker", "rehearsal")], id="failed"
        ),
        pytest.param(
            rehearsal_evidence(problems=(PROBLEM, PROBLEM)),
            [("blocker", "rehearsal")],
            id="two problems",
        ),
        pytest.param(
            rehearsal_evidence(STALE, problems=(PROBLEM,)), "not_applicable", id="failed, but stale"
        ),
        pytest.param(
            rehearsal_evidence(rehearsal=rehearsal(forward=STOPPED)),
            [("blocker", "rehearsal")],
            id="stopped, and its finding was accepted",
        ),
        pytest.param(NO_REHEARSAL, "not_applicable", id="none"),
    ],
)
def test_failed_stops_the_upgrade_only_while_valid(findings_of, evidence, expected):
    assert findings_of("rehearsed.failed", earlier_rehearsal=evidence) == expected


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param(rehearsal_evidence(), [("info", "rehearsal")], id="proven"),
        pytest.param(
            rehearsal_evidence(
                hours=80, rehearsal=rehearsal(reverse=None, restore=SKIPPED, predicted_seconds=None)
            ),
            [("info", "rehearsal")],
            id="proven without the rollback",
        ),
        pytest.param(
            rehearsal_evidence(
                rehearsal=rehearsal(reverse=SKIPPED),
            ),
            [("info", "rehearsal")],
            id="proven without reversing",
        ),
        pytest.param(rehearsal_evidence(STALE), [("info", "rehearsal")], id="stale"),
        pytest.param(rehearsal_evidence(problems=(PROBLEM,)), [], id="failed: the other check"),
        pytest.param(
            rehearsal_evidence(rehearsal=rehearsal(stages=NOT_VERIFIED)),
            [("warning", "rehearsal")],
            id="the upgraded copy was not verified",
        ),
        pytest.param(
            rehearsal_evidence(rehearsal=rehearsal(stages=NOT_VERIFIED[:1])),
            [("warning", "rehearsal")],
            id="the time ended before the verification",
        ),
        pytest.param(
            rehearsal_evidence(
                rehearsal=rehearsal(
                    forward=migrate_run(
                        migration_run(), step_failures=(code_failure("trace_paths"),)
                    )
                )
            ),
            [("warning", "rehearsal")],
            id="a step has failed",
        ),
        pytest.param(
            rehearsal_evidence(rehearsal=rehearsal(forward=STOPPED)), [], id="the other check"
        ),
        pytest.param(NO_REHEARSAL, "not_applicable", id="none"),
    ],
)
def test_outcome_says_what_was_proven_or_why_it_is_stale(findings_of, evidence, expected):
    assert findings_of("rehearsed.outcome", earlier_rehearsal=evidence) == expected
