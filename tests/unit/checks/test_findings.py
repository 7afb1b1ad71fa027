"""Findings, acceptances of findings, and the verdict."""

import pytest

from nautobot_upgrade_jobs.checks.findings import (
    CheckResult,
    Finding,
    FindingRef,
    Impact,
    Phase,
    Severity,
    Status,
    Verdict,
    compute_verdict,
)


def result_with(severity: Severity, status: Status = Status.FAILED) -> CheckResult:
    finding = Finding(severity, "thing", "m", "r", Phase.BOOT, Impact.NONE)
    return CheckResult("topic.check", "t", status, "facts", "", (finding,))


SKIPPED = CheckResult("a.b", "t", Status.SKIPPED, "facts", "why")


def test_compute_verdict_without_results_is_incomplete():
    assert compute_verdict([]) is Verdict.INCOMPLETE


@pytest.mark.parametrize(
    ("results", "accepted", "verdict"),
    [
        ([result_with(Severity.INFO)], False, Verdict.GO),
        ([result_with(Severity.WARNING)], False, Verdict.CAUTION),
        ([result_with(Severity.WARNING)], True, Verdict.GO),
        ([result_with(Severity.BLOCKER)], False, Verdict.BLOCKED),
        ([result_with(Severity.BLOCKER)], True, Verdict.CAUTION),
        ([result_with(Severity.BLOCKER), SKIPPED], False, Verdict.BLOCKED),
        ([result_with(Severity.BLOCKER), SKIPPED], True, Verdict.INCOMPLETE),
        ([result_with(Severity.INFO), SKIPPED], False, Verdict.INCOMPLETE),
    ],
)
def test_compute_verdict_by_severity_acceptance_and_skipped_checks(results, accepted, verdict):
    keys = frozenset({"topic.check:thing"}) if accepted else frozenset()
    assert compute_verdict(results, keys) is verdict


def test_compute_verdict_accepted_check_that_cannot_run_is_at_best_caution():
    results = [result_with(Severity.INFO), SKIPPED]
    assert compute_verdict(results, frozenset({SKIPPED.not_checked_key})) is Verdict.CAUTION
    assert compute_verdict([SKIPPED], frozenset({SKIPPED.not_checked_key})) is Verdict.INCOMPLETE


def test_finding_ref_key_with_line_breaks_in_the_subject_is_one_line():
    assert FindingRef("a.b", "x\n  y").key == "a.b:x y"
