"""Findings across two runs of Preflight."""

import pytest

from nautobot_upgrade_jobs.ui.finding_history import diff_findings, find_status

CHECKS = [{"check": "data.cables"}, {"check": "redis.version"}]


def report(*findings, not_checked=()):
    return {
        "findings": list(findings),
        "checks": CHECKS,
        "not_checked": [{"check": check} for check in not_checked],
    }


def finding(subject, check="data.cables", severity="blocker", accepted=None):
    return {
        "key": f"{check}:{subject}",
        "check": check,
        "severity": severity,
        "message": f"{subject} is wrong",
        "accepted": accepted,
    }


def statuses(newer, older):
    return {entry.key.partition(":")[2]: entry.status for entry in diff_findings(newer, older)}


def test_diff_findings_two_runs_gives_new_open_and_fixed():
    older = report(finding("a"), finding("b"))
    newer = report(finding("b"), finding("c"))
    assert statuses(newer, older) == {"c": "new", "b": "open", "a": "fixed"}


def test_diff_findings_check_not_run_is_not_fixed():
    older = report(finding("old server", "redis.version"))
    assert statuses(report(not_checked=["redis.version"]), older) == {"old server": "not checked"}
    without_check = {**report(), "checks": [{"check": "data.cables"}]}
    assert statuses(without_check, older) == {"old server": "not checked"}


def test_diff_findings_accepted_finding_names_user_date_and_reason():
    accepted = {"who": "ann", "until": "2027-01-31", "reason": "replaced in May"}
    (entry,) = diff_findings(report(finding("a", accepted=accepted)), None)
    assert (entry.status, entry.note) == ("accepted", "by ann until 2027-01-31: replaced in May")
    assert not entry.acceptable


def test_diff_findings_without_earlier_run_gives_open():
    assert statuses(report(finding("a")), None) == {"a": "open"}


def test_diff_findings_sorts_by_status_then_severity():
    older = report(finding("fixed"), finding("stays", severity="warning"), finding("worse"))
    newer = report(finding("stays", severity="warning"), finding("worse"), finding("new"))
    assert [entry.key.partition(":")[2] for entry in diff_findings(newer, older)] == [
        *("new", "worse", "stays", "fixed")
    ]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="empty"),
        pytest.param({"findings": "none"}, id="findings not a list"),
        pytest.param({"findings": [None, 3, {"key": 7}, {}]}, id="items without key"),
        pytest.param(
            {"findings": [{"key": "a:b", "severity": "loud", "message": None, "accepted": "yes"}]},
            id="invalid fields",
        ),
    ],
)
def test_diff_findings_malformed_report_does_not_raise(document):
    assert all(entry.severity == "info" for entry in diff_findings(document, document))


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param("x" * 450, id="long"),
        pytest.param("weekly \u200f\u202e", id="right to left"),
        pytest.param("tab\x07 bell", id="control character"),
    ],
)
def test_diff_findings_long_or_invisible_key_is_kept_unchanged(beginning):
    old, new = f"{beginning}a", f"{beginning}b"
    entries = diff_findings(report(finding(old), finding(new)), report(finding(old)))
    assert {entry.key: entry.status for entry in entries} == {
        f"data.cables:{old}": "open",
        f"data.cables:{new}": "new",
    }
    assert not set("\u200f\u202e\x07") & set("".join(entry.display_key for entry in entries))


@pytest.mark.parametrize(
    ("severity", "accepted", "acceptable"),
    [
        pytest.param("blocker", None, True, id="blocker"),
        pytest.param("warning", None, True, id="warning"),
        pytest.param("info", None, False, id="info"),
        pytest.param("blocker", {"who": "ann"}, False, id="already accepted"),
    ],
)
def test_acceptable_depends_on_severity_and_acceptance(severity, accepted, acceptable):
    (entry,) = diff_findings(report(finding("a", severity=severity, accepted=accepted)), None)
    assert entry.acceptable is acceptable


def test_acceptable_fixed_finding_is_false():
    (entry,) = diff_findings(report(), report(finding("a")))
    assert (entry.status, entry.acceptable) == ("fixed", False)


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (report(finding("a")), "open"),
        (report(finding("a", accepted={"who": "ann"})), "accepted"),
        (report(), "fixed"),
        (report(not_checked=["data.cables"]), "not checked"),
        ({}, "not checked"),
    ],
)
def test_find_status_of_a_finding_in_another_run(document, status):
    assert find_status(document, "data.cables:a") == status


@pytest.mark.parametrize(
    ("severity", "when", "expected"),
    [("blocker", "now", "now"), ("warning", "window", "in the window"), ("info", "now", "")],
)
def test_time_of_a_fix_in_words(severity, when, expected):
    (entry,) = diff_findings(report({**finding("a", severity=severity), "when": when}), None)
    assert entry.when == expected
