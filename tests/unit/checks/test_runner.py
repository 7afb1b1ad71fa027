"""What the runner promises for every check there is: nothing is silently green."""

from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from nautobot_upgrade_jobs.catalog.target_release import TargetError, choose_target
from nautobot_upgrade_jobs.checks import runner
from nautobot_upgrade_jobs.checks.acceptance import (
    AcceptanceError,
    parse_acceptance_lines,
    parse_acceptances,
    split_active,
    split_matching,
)
from nautobot_upgrade_jobs.checks.findings import (
    Acceptance,
    CheckResult,
    Finding,
    Impact,
    Phase,
    Severity,
    Status,
    Verdict,
    compute_verdict,
)
from nautobot_upgrade_jobs.checks.registry import Check, all_checks, check
from nautobot_upgrade_jobs.checks.runner import UnknownCheckError
from nautobot_upgrade_jobs.facts import Facts, Unavailable
from tests.support.builders import (
    CATALOG,
    choice,
    empty_facts,
    facts,
    resolution,
    target,
    trial_boot,
)

judge = partial(
    runner.run_checks, resolution=resolution(), trial_boot=trial_boot(), choice=choice()
)

FAILURES = [
    "RuntimeError: collector bug",
    "OperationalError: canceling statement due to statement timeout",
    "ProgrammingError: permission denied for table extras_job",
    'ProgrammingError: relation "extras_job" does not exist',
    'ProgrammingError: column "approval_required" does not exist',
]
FROM_FACTS = [one for one in all_checks() if set(one.input_types) & set(Facts.topics())]


def test_a_healthy_installation_gets_go():
    results = judge(facts(), target(), CATALOG)
    assert {result.status for result in results} <= {Status.PASSED, Status.NOT_APPLICABLE}
    assert compute_verdict(results) is Verdict.GO


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("one", FROM_FACTS, ids=lambda one: one.id)
def test_a_check_whose_facts_are_missing_is_skipped_and_never_go(one, failure):
    for topic in set(one.input_types) & set(Facts.topics()):
        broken = facts(**{topic: Unavailable(failure)})
        (result,) = judge(broken, target(), CATALOG, (), [one])
        assert (result.status, result.reason) == (Status.SKIPPED, failure)
        assert compute_verdict(judge(broken, target(), CATALOG)) is not Verdict.GO


@pytest.mark.parametrize("one", all_checks(), ids=lambda one: one.id)
def test_no_check_crashes_on_empty_tables(one):
    (result,) = judge(empty_facts(), target(), CATALOG, (), [one])
    assert result.status is not Status.CRASHED, result.reason


def test_a_missing_part_of_a_topic_skips_only_who_asks_for_it():
    state = facts()
    state = replace(state, database=replace(state.database, sequences=Unavailable("denied")))
    skipped = [r.check for r in judge(state, target(), CATALOG) if r.status is Status.SKIPPED]
    assert skipped == ["database.sequence_behind"]


def test_without_a_catalog_the_verdict_is_incomplete():
    missing = Unavailable("pip install tomli")
    results = judge(facts(), choose_target(missing, "2.4.44", "3.2.7"), missing)
    assert compute_verdict(results) is Verdict.INCOMPLETE


def test_a_target_newer_than_the_catalog_is_incomplete():
    assert compute_verdict(judge(facts(), target("3.3.0"), CATALOG)) is Verdict.INCOMPLETE


def test_a_crash_is_a_result():
    @check()
    def explodes():
        """Title.

        Why: x
        Fix: y
        """
        raise ValueError("boom")

    (result,) = judge(facts(), target(), CATALOG, (), [explodes])
    assert (result.status, result.reason) == (Status.CRASHED, "ValueError: boom")
    assert compute_verdict([result]) is Verdict.INCOMPLETE


def test_excluding_a_check_reports_it_and_cannot_give_go():
    results = judge(facts(), target(), CATALOG, {"storage.low_space"})
    (left_out,) = [result for result in results if result.status is Status.SKIPPED]
    assert (left_out.check, left_out.reason) == (
        "storage.low_space",
        "left out of this run on request",
    )
    assert compute_verdict(results) is Verdict.INCOMPLETE


def told(check, word, severity=Severity.BLOCKER, covers=()):
    one = Finding(severity, word, f"About {word}.", "Mend it.", Phase.BOOT, Impact.OUTAGE)
    return CheckResult(check, "", Status.FAILED, "facts", "", (replace(one, supersedes=covers),))


COVERS = (("trial_boot.new_system_check_messages", "OLD_SETTING"),)


@pytest.mark.parametrize(
    ("covering", "covered", "left"),
    [
        ((), told("trial_boot.new_system_check_messages", "OLD_SETTING"), True),
        (COVERS, told("trial_boot.new_system_check_messages", "OLD_SETTING"), False),
        (
            COVERS,
            told("trial_boot.new_system_check_messages", "OLD_SETTING", Severity.WARNING),
            False,
        ),
        (COVERS, told("trial_boot.new_system_check_messages", "OTHER"), True),
        (COVERS, told("trial_boot.fails_to_start", "OLD_SETTING"), True),
    ],
)
def test_one_cause_is_told_once(covering, covered, left):
    first, second = runner.drop_superseded_findings((told("a.b", "x", covers=covering), covered))
    assert first.status is Status.FAILED
    assert bool(second.findings) is left
    assert (second.status is Status.FAILED) is left


def test_what_weighs_more_is_not_covered():
    known = told("a.b", "x", Severity.WARNING, COVERS)
    graver = told("trial_boot.new_system_check_messages", "OLD_SETTING")
    assert runner.drop_superseded_findings((known, graver))[1] == graver


def test_excluding_an_unknown_check_lists_the_known_ones():
    with pytest.raises(UnknownCheckError, match=r"No such check: nope.*storage\.low_space"):
        judge(facts(), target(), CATALOG, {"nope"})


def test_no_result_at_all_is_incomplete():
    assert compute_verdict([]) is Verdict.INCOMPLETE


def result_with(severity: Severity, status: Status = Status.FAILED) -> CheckResult:
    finding = Finding(severity, "thing", "m", "r", Phase.BOOT, Impact.NONE)
    return CheckResult("topic.check", "t", status, "facts", "", (finding,))


SKIPPED = CheckResult("a.b", "t", Status.SKIPPED, "facts", "why")


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
def test_verdict(results, accepted, verdict):
    keys = frozenset({"topic.check:thing"}) if accepted else frozenset()
    assert compute_verdict(results, keys) is verdict


ENTRY = {
    "finding": "storage.not_writable:MEDIA_ROOT",
    "reason": "on a share",
    "who": "ops",
    "until": "2027-01-31",
    "target": "3.2.7",
}


@pytest.mark.parametrize(
    ("today", "wanted", "holds"),
    [
        (date(2027, 1, 31), "3.2.7", True),
        (date(2026, 11, 20), "3.2.7", True),
        (date(2027, 2, 1), "3.2.7", False),
        (date(2026, 11, 20), "3.2.8", False),
    ],
)
def test_an_acceptance_lapses_by_date_and_target(today, wanted, holds):
    held, lapsed = split_active(parse_acceptances([ENTRY]), today=today, target=wanted)
    assert (bool(held), bool(lapsed)) == (holds, not holds)


def test_accept_lines_may_have_the_separator_in_the_subject():
    text = "jobs.pending_approvals:a | b | vendor fixes it | 2027-01-31\n\n"
    assert parse_acceptance_lines(text, who="alice", target="3.2.7") == (
        Acceptance(
            "jobs.pending_approvals:a | b", "vendor fixes it", "alice", date(2027, 1, 31), "3.2.7"
        ),
    )


@pytest.mark.parametrize("text", ["key", "key | reason", "key || 2027-01-01", "k | r | tomorrow"])
def test_a_bad_accept_line_is_refused(text):
    with pytest.raises(AcceptanceError, match="line 1"):
        parse_acceptance_lines(text, who="alice", target="3.2.7")


@pytest.mark.parametrize(
    "entries",
    [
        "text",
        [1],
        [{}],
        [ENTRY | {"extra": 1}],
        [ENTRY | {"reason": ""}],
        [ENTRY | {"until": "soon"}],
    ],
)
def test_bad_acceptances_in_the_settings_are_refused(entries):
    with pytest.raises(AcceptanceError):
        parse_acceptances(entries)


@pytest.mark.parametrize(
    ("requested", "says"),
    [
        ("three", "'three' is not a version"),
        ("1.4.6", "1.4.6 was never released; line 1.4 ends at 1.4.10"),
        ("2.9.1", "2.9.1 was never released; the newest release is 3.2.7"),
        ("9" * 5000, "5000 characters long"),
        ("3.2.7; rm -rf /", "is not a version"),
    ],
)
def test_a_bad_target_is_refused(requested, says):
    with pytest.raises(TargetError, match=says):
        choose_target(CATALOG, "2.4.44", requested)


def test_every_check_has_its_own_id_and_says_why_and_what_to_do():
    checks = all_checks()
    assert len({one.id for one in checks}) == len(checks) > 30
    assert all(isinstance(one, Check) and one.title and one.why and one.fix for one in checks)


@pytest.mark.parametrize(
    ("keys", "accepted"),
    [(["a.b:x"], True), (["a.b:x", "a.b:y"], True), ([], False), (["a.b:x", "a.b:x"], False)],
)
def test_an_acceptance_is_of_exactly_one_finding(keys, accepted):
    one = Acceptance("a.b:x", "why", "ops", date(2027, 1, 1), "3.2.7")
    matched, others = split_matching({one.finding: one}, keys)
    assert (one.finding in matched, one in others) == (accepted, not accepted)


@pytest.mark.parametrize(
    ("requested", "version"),
    [("3.2", "3.2.7"), ("2.4", "2.4.44"), ("v3.2.7", "3.2.7"), (" 3.2.7\n", "3.2.7")],
)
def test_what_a_request_means(requested, version):
    assert target(requested).version == version


def test_the_upgrade_begins_where_the_database_is():
    """3.2.7 is installed, but the rows are still those of 2.4.44."""
    unmigrated = replace(target("3.2.7", "3.2.7"), schema_release="2.4.44")
    assert unmigrated.crosses("3.0")
    assert not target("3.2.7", "3.2.7").crosses("3.0")
