"""What a run came to, from the small result that it has left; anything else there is borne."""

import pytest

from nautobot_upgrade_jobs.ui.job_outcome import (
    MAX_LIST_ITEMS,
    MAX_TEXT_LENGTH,
    JobOutcome,
    TopFinding,
    UnansweredReason,
    parse_outcome,
)

OURS = {
    "verdict": "blocked",
    "current": "Nautobot 2.4.44",
    "target": "Nautobot 3.2.7",
    "findings": {"blocker": 2, "warning": 1, "info": 0, "accepted": 1},
    "not_checked": 3,
    "unseen": [{"reason": "uv is not installed", "checks": 3}],
    "top": [{"severity": "blocker", "key": "data.cables:dcim_cable", "message": "1 cable"}],
    "files": ["preflight-lab-20261122T120000Z.html"],
}


def test_a_result_of_ours_is_read_whole():
    assert parse_outcome("FAILURE", OURS) == JobOutcome(
        "blocked",
        "Nautobot 2.4.44",
        "Nautobot 3.2.7",
        {"blocker": 2, "warning": 1, "info": 0, "accepted": 1},
        3,
        (TopFinding("blocker", "data.cables:dcim_cable", "1 cable"),),
        (UnansweredReason("uv is not installed", 3),),
    )


@pytest.mark.parametrize(
    ("status", "result", "verdict"),
    [
        ("PENDING", None, "waiting"),
        ("STARTED", None, "running"),
        ("STARTED", OURS, "running"),
        ("REVOKED", None, "cancelled"),
        ("SUCCESS", {"verdict": "go"}, "go"),
        ("SUCCESS", {"verdict": "complete", "rows": 12}, "complete"),
        ("FAILURE", {"verdict": "error", "error": "no such target"}, "error"),
        ("FAILURE", {"exc_type": "OSError", "exc_message": "disk full"}, "crashed"),
        ("FAILURE", None, "crashed"),
        # Success without a verdict is no evidence of one.
        ("SUCCESS", None, "unknown"),
        ("SUCCESS", {"verdict": "running"}, "unknown"),
        ("SUCCESS", {"verdict": ["go"]}, "unknown"),
        ("SUCCESS", "go", "unknown"),
    ],
)
def test_a_verdict_is_one_that_is_known(status, result, verdict):
    assert parse_outcome(status, result).verdict == verdict


@pytest.mark.parametrize(
    "spoilt",
    [
        {"findings": "many"},
        {"top": {"severity": "blocker"}},
        {"unseen": "much"},
        {"unseen": ["much", {"reason": 1, "checks": "two"}]},
        {"top": ["blocker", None, 3]},
        {"not_checked": None},
        {"rows": "12"},
        {"current": ["Nautobot"]},
    ],
)
def test_what_is_not_as_expected_counts_nothing(spoilt):
    found = parse_outcome("SUCCESS", {"verdict": "go", **spoilt})
    assert found == parse_outcome("SUCCESS", {"verdict": "go"})


@pytest.mark.parametrize("number", ["two", -1, True, None])
def test_what_is_no_number_counts_nothing(number):
    found = parse_outcome("SUCCESS", {"verdict": "go", "findings": {"blocker": number}})
    assert set(found.counts.values()) == {0}


def test_a_run_that_judged_nothing_has_not_found_nothing():
    refused = parse_outcome("FAILURE", {"verdict": "error", "error": "no such target"})
    assert refused.counts == {}
    assert not refused.has_verdict
    assert parse_outcome("SUCCESS", {"verdict": "complete"}).counts == {}


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("disk full", "disk full"),
        (["disk full"], "disk full"),
        ([28, "No space left"], "28 No space left"),
        (["\u202etxet"], "\\u202etxet"),
        (None, ""),
        ([], ""),
    ],
)
def test_why_a_run_crashed(raised, told):
    """A worker keeps the arguments of an exception as a list."""
    assert parse_outcome("FAILURE", {"exc_type": "OSError", "exc_message": raised}).error == told


def test_long_texts_and_lists_are_cut():
    top = [{"severity": "loud", "message": "x" * 10_000}] * 1_000
    found = parse_outcome("SUCCESS", {"verdict": "go", "top": top})
    assert len(found.top_findings) == MAX_LIST_ITEMS
    assert len(found.top_findings[0].message) == MAX_TEXT_LENGTH + 1
    assert found.top_findings[0].severity == "info"
