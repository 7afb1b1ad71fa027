"""Findings across two runs of Preflight."""

import pytest

from nautobot_upgrade_jobs.ui.finding_history import diff_findings

CHECKS = [{"check": "data.cables"}, {"check": "redis.version"}]


def report(*findings, not_checked=()):
    return {
        "findings": list(findings),
        "checks": CHECKS,
        "not_checked": [{"check": one} for one in not_checked],
    }


def finding(subject, check="data.cables", severity="blocker", accepted=None):
    return {
        "key": f"{check}:{subject}",
        "check": check,
        "severity": severity,
        "message": f"{subject} is wrong",
        "accepted": accepted,
    }


def states(newer, older):
    return {one.key.partition(":")[2]: one.state for one in diff_findings(newer, older)}


def test_new_still_there_and_fixed():
    older = report(finding("a"), finding("b"))
    newer = report(finding("b"), finding("c"))
    assert states(newer, older) == {"c": "new", "b": "open", "a": "fixed"}


def test_what_was_not_looked_at_is_not_fixed():
    older = report(finding("old server", "redis.version"))
    assert states(report(not_checked=["redis.version"]), older) == {"old server": "not looked at"}
    gone = {**report(), "checks": [{"check": "data.cables"}]}
    assert states(gone, older) == {"old server": "not looked at"}


def test_an_accepted_finding_says_by_whom():
    accepted = {"who": "ann", "until": "2027-01-31", "reason": "replaced in May"}
    (one,) = diff_findings(report(finding("a", accepted=accepted)), None)
    assert (one.state, one.note) == ("accepted", "by ann until 2027-01-31: replaced in May")
    assert not one.acceptable


def test_without_an_earlier_run_nothing_is_new():
    assert states(report(finding("a")), None) == {"a": "open"}


def test_what_is_to_be_done_first_stands_first():
    older = report(finding("fixed"), finding("stays", severity="warning"), finding("worse"))
    newer = report(finding("stays", severity="warning"), finding("worse"), finding("new"))
    assert [one.key.partition(":")[2] for one in diff_findings(newer, older)] == [
        *("new", "worse", "stays", "fixed")
    ]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"findings": "none"},
        {"findings": [None, 3, {"key": 7}, {}]},
        {"findings": [{"key": "a:b", "severity": "loud", "message": None, "accepted": "yes"}]},
    ],
)
def test_a_report_of_another_make_takes_nothing_down(document):
    assert all(one.severity == "info" for one in diff_findings(document, document))


@pytest.mark.parametrize("beginning", ["x" * 450, "weekly \u200f\u202e", "tab\x07 bell"])
def test_a_key_stays_what_it_is_so_that_it_can_be_accepted(beginning):
    one, other = f"{beginning}a", f"{beginning}b"
    seen = diff_findings(report(finding(one), finding(other)), report(finding(one)))
    assert {found.key: found.state for found in seen} == {
        f"data.cables:{one}": "open",
        f"data.cables:{other}": "new",
    }
    assert not set("\u200f\u202e\x07") & set("".join(found.display_key for found in seen))
