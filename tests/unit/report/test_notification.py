"""When a run is worth a notification, and what it says."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import Severity, Verdict
from nautobot_upgrade_jobs.report.notification import build_payload, describe_state
from tests.support.report_samples import BLOCKER, SAMPLES, WARNING, with_findings

INFO = replace(WARNING, severity=Severity.INFO)


def state(*findings, severity=Severity.WARNING, **changes):
    return describe_state(replace(with_findings(*findings), **changes), severity)


@pytest.mark.parametrize(
    ("findings", "severity", "is_same"),
    [
        ((BLOCKER, WARNING), Severity.WARNING, True),
        ((BLOCKER, WARNING, INFO), Severity.WARNING, True),
        ((BLOCKER, replace(WARNING, message="reworded")), Severity.WARNING, True),
        ((BLOCKER,), Severity.WARNING, False),
        ((BLOCKER,), Severity.BLOCKER, True),
        ((BLOCKER, WARNING, INFO), Severity.INFO, False),
        ((BLOCKER, replace(WARNING, subject="other")), Severity.WARNING, False),
        ((), Severity.BLOCKER, False),
    ],
)
def test_state_changes_with_the_findings_of_the_severity(findings, severity, is_same):
    before = state(BLOCKER, WARNING, severity=severity)
    assert (state(*findings, severity=severity) == before) is is_same


def test_state_changes_with_the_verdict():
    assert state(WARNING, verdict=Verdict.CAUTION) != state(WARNING, verdict=Verdict.INCOMPLETE)


@pytest.mark.parametrize("name", SAMPLES)
def test_payload_has_the_verdict_and_a_cause_for_each_group(name):
    report = SAMPLES[name]
    payload = build_payload(report, "https://nautobot.example.org/x/")
    assert payload["verdict"] == report.verdict.value
    groups = [*report.groups(Severity.BLOCKER), *report.groups(Severity.WARNING)]
    assert [cause["key"] for cause in payload["causes"]] == [one.first.key for one in groups]
