"""A finding in a report: its address, and whether it can be accepted."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import Severity
from nautobot_upgrade_jobs.checks.remediation import When
from nautobot_upgrade_jobs.report.reported_finding import ReportedFinding
from tests.support.report_samples import BLOCKER, SAMPLES, WARNING, with_findings


def reported(finding=BLOCKER, key="data.cables:dcim_cable", **changes):
    return ReportedFinding(key, "data", "data.cables", "", "", finding, None, **changes)


@pytest.mark.parametrize(
    ("key", "anchor"),
    [
        ("data.cables:dcim_cable", "finding-data.cables:dcim_cable"),
        ("jobs.x:Nightly greeting, twice", "finding-jobs.x:Nightly-greeting-twice"),
        ('x:"><script>', "finding-x:-script-"),
        ("x:äöü", "finding-x:-"),
    ],
)
def test_anchor_has_only_characters_of_an_address(key, anchor):
    assert reported(key=key).anchor.rpartition("-")[0] == anchor


@pytest.mark.parametrize(
    ("one", "other"),
    [("x:夜間", "x:週次"), ("x:foo/bar", "x:foo bar"), ("x:" + "y" * 500, "x:" + "y" * 501)],
)
def test_anchors_of_two_findings_differ(one, other):
    assert reported(key=one).anchor != reported(key=other).anchor


def test_anchor_of_a_long_key_is_short():
    assert len(reported(key="x" * 5000).anchor) < 200


@pytest.mark.parametrize(
    ("finding", "is_planned", "acceptable"),
    [
        (WARNING, True, True),
        (replace(WARNING, severity=Severity.INFO), True, False),
        (BLOCKER, True, False),
        (replace(BLOCKER, when=When.WINDOW), True, True),
        (BLOCKER, False, True),
    ],
)
def test_only_a_blocker_that_the_window_fixes_can_be_accepted(finding, is_planned, acceptable):
    assert reported(finding, is_planned=is_planned).is_acceptable is acceptable


def test_groups_have_one_entry_for_each_check():
    report = with_findings(
        *(replace(BLOCKER, subject=str(number)) for number in range(5)), checks=2
    )
    assert [group.size for group in report.groups(Severity.BLOCKER)] == [3, 2]
    assert [group.others for group in report.groups(Severity.BLOCKER)] == [2, 1]
    assert report.groups(Severity.WARNING) == ()


def test_groups_leave_out_accepted_findings():
    report = SAMPLES["blocked"]
    shown = [group.first.key for group in report.groups(Severity.BLOCKER)]
    assert shown
    assert not set(shown) & set(report.active_acceptances)
