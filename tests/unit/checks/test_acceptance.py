"""Acceptances: parsing, expiry and matching."""

from datetime import date

import pytest

from nautobot_upgrade_jobs.checks.acceptance import (
    AcceptanceError,
    accepted_absences,
    parse_acceptance_lines,
    parse_acceptances,
    split_active,
    split_matching,
)
from nautobot_upgrade_jobs.checks.findings import Acceptance

ENTRY = {
    "finding": "storage.not_writable:MEDIA_ROOT",
    "reason": "on a share",
    "who": "ops",
    "until": "2027-01-31",
    "target": "3.2.7",
}


@pytest.mark.parametrize(
    ("today", "wanted", "active"),
    [
        pytest.param(date(2027, 1, 31), "3.2.7", True, id="last day"),
        pytest.param(date(2026, 11, 20), "3.2.7", True, id="before the date"),
        pytest.param(date(2027, 2, 1), "3.2.7", False, id="after the date"),
        pytest.param(date(2026, 11, 20), "3.2.8", False, id="another target"),
    ],
)
def test_split_active_by_date_and_target_expires_acceptances(today, wanted, active):
    held, expired = split_active(parse_acceptances([ENTRY]), today=today, target=wanted)
    assert (bool(held), bool(expired)) == (active, not active)


def test_parse_acceptance_lines_with_the_separator_in_the_subject_keeps_the_subject():
    text = "jobs.pending_approvals:a | b | vendor fixes it | 2027-01-31\n\n"
    assert parse_acceptance_lines(text, who="alice", target="3.2.7") == (
        Acceptance(
            "jobs.pending_approvals:a | b", "vendor fixes it", "alice", date(2027, 1, 31), "3.2.7"
        ),
    )


@pytest.mark.parametrize("text", ["key", "key | reason", "key || 2027-01-01", "k | r | tomorrow"])
def test_parse_acceptance_lines_with_an_invalid_line_raises_with_its_number(text):
    with pytest.raises(AcceptanceError, match="line 1"):
        parse_acceptance_lines(text, who="alice", target="3.2.7")


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param("text", id="no list"),
        pytest.param([1], id="no dict"),
        pytest.param([{}], id="missing keys"),
        pytest.param([ENTRY | {"extra": 1}], id="unknown key"),
        pytest.param([ENTRY | {"reason": ""}], id="empty value"),
        pytest.param([ENTRY | {"until": "soon"}], id="invalid date"),
    ],
)
def test_parse_acceptances_with_invalid_settings_raises(entries):
    with pytest.raises(AcceptanceError):
        parse_acceptances(entries)


@pytest.mark.parametrize(
    ("keys", "accepted"),
    [
        pytest.param(["a.b:x"], True, id="one finding"),
        pytest.param(["a.b:x", "a.b:y"], True, id="one of two findings"),
        pytest.param([], False, id="no finding"),
        pytest.param(["a.b:x", "a.b:x"], False, id="two findings with one key"),
    ],
)
def test_split_matching_accepts_exactly_one_finding(keys, accepted):
    acceptance = Acceptance("a.b:x", "why", "ops", date(2027, 1, 1), "3.2.7")
    matched, others = split_matching({acceptance.finding: acceptance}, keys)
    assert (acceptance.finding in matched, acceptance in others) == (accepted, not accepted)


@pytest.mark.parametrize(
    ("finding", "today", "accepted"),
    [
        ("files.media:not checked", date(2027, 1, 31), {"files.media"}),
        ("files.media:not checked", date(2027, 2, 1), set()),
        ("files.media:logo.png", date(2027, 1, 31), set()),
    ],
)
def test_accepted_absences_are_valid_for_every_target_until_their_date(finding, today, accepted):
    acceptances = parse_acceptances([{**ENTRY, "finding": finding}])
    assert accepted_absences(acceptances, today=today) == accepted
