"""The outcome of a run, parsed from its result."""

import pytest

from nautobot_upgrade_jobs.ui.job_outcome import (
    MAX_LIST_ITEMS,
    MAX_TEXT_LENGTH,
    JobOutcome,
    NotCheckedReason,
    TopFinding,
    parse_outcome,
)

OURS = {
    "verdict": "blocked",
    "current": "Nautobot 2.4.44",
    "target": "Nautobot 3.2.7",
    "target_version": "3.2.7",
    "findings": {"blocker": 2, "warning": 1, "info": 0, "accepted": 1},
    "not_checked": 3,
    "unseen": [{"reason": "uv is not installed", "checks": 3}],
    "top": [{"severity": "blocker", "key": "data.cables:dcim_cable", "message": "1 cable"}],
    "files": ["preflight-lab-20261122T120000Z.html"],
}


def test_parse_outcome_own_result_reads_every_field():
    assert parse_outcome("FAILURE", OURS) == JobOutcome(
        "blocked",
        "Nautobot 2.4.44",
        "Nautobot 3.2.7",
        "3.2.7",
        {"blocker": 2, "warning": 1, "info": 0, "accepted": 1},
        3,
        (TopFinding("blocker", "data.cables:dcim_cable", "1 cable"),),
        (NotCheckedReason("uv is not installed", 3),),
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
        # SUCCESS alone does not prove any verdict.
        ("SUCCESS", None, "unknown"),
        ("SUCCESS", {"verdict": "running"}, "unknown"),
        ("SUCCESS", {"verdict": ["go"]}, "unknown"),
        ("SUCCESS", "go", "unknown"),
    ],
)
def test_parse_outcome_status_and_result_give_a_known_verdict(status, result, verdict):
    assert parse_outcome(status, result).verdict == verdict


@pytest.mark.parametrize(
    "fields",
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
def test_parse_outcome_malformed_field_is_ignored(fields):
    outcome = parse_outcome("SUCCESS", {"verdict": "go", **fields})
    assert outcome == parse_outcome("SUCCESS", {"verdict": "go"})


@pytest.mark.parametrize("number", ["two", -1, True, None])
def test_parse_outcome_invalid_count_is_zero(number):
    outcome = parse_outcome("SUCCESS", {"verdict": "go", "findings": {"blocker": number}})
    assert set(outcome.counts.values()) == {0}


def test_parse_outcome_run_without_checks_has_no_counts():
    refused = parse_outcome("FAILURE", {"verdict": "error", "error": "no such target"})
    assert refused.counts == {}
    assert not refused.has_verdict
    assert parse_outcome("SUCCESS", {"verdict": "complete"}).counts == {}


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        ("disk full", "disk full"),
        (["disk full"], "disk full"),
        ([28, "No space left"], "28 No space left"),
        (["\u202etxet"], "\\u202etxet"),
        (None, ""),
        ([], ""),
    ],
)
def test_parse_outcome_crashed_run_reads_the_exception_message(raised, message):
    """A worker stores the arguments of an exception as a list."""
    assert parse_outcome("FAILURE", {"exc_type": "OSError", "exc_message": raised}).error == message


def test_parse_outcome_long_texts_and_lists_are_truncated():
    top = [{"severity": "loud", "message": "x" * 10_000}] * 1_000
    outcome = parse_outcome("SUCCESS", {"verdict": "go", "top": top})
    assert len(outcome.top_findings) == MAX_LIST_ITEMS
    assert len(outcome.top_findings[0].message) == MAX_TEXT_LENGTH + 1
    assert outcome.top_findings[0].severity == "info"


@pytest.mark.parametrize(
    ("value", "version"),
    [
        ("3.2.7", "3.2.7"),
        ("3.3.0a1", "3.3.0a1"),
        ("", ""),
        ("Nautobot 3.2.7", ""),
        ("<script>", ""),
        (None, ""),
        (["3.2.7"], ""),
    ],
)
def test_parse_outcome_target_version_is_a_version_or_empty(value, version):
    outcome = parse_outcome("SUCCESS", {"verdict": "go", "target_version": value})
    assert outcome.target_version == version
