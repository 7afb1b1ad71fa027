"""Running checks: every check gets a result, and no missing evidence leads to GO."""

from dataclasses import replace
from functools import partial

import pytest

from nautobot_upgrade_jobs.catalog.target_release import choose_target
from nautobot_upgrade_jobs.checks import runner
from nautobot_upgrade_jobs.checks.build import blocker
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
from nautobot_upgrade_jobs.checks.registry import Check, NotApplicable, all_checks, check
from nautobot_upgrade_jobs.checks.runner import UnknownCheckError
from nautobot_upgrade_jobs.facts import Facts, FactUnavailable, SystemChecks, Unavailable
from nautobot_upgrade_jobs.facts.data import AffectedRows
from nautobot_upgrade_jobs.facts.preconditions import (
    Precondition,
    PreconditionKind,
    PreconditionResult,
    Preconditions,
)
from nautobot_upgrade_jobs.facts.system_checks import SystemCheckMessage
from tests.support.builders import (
    CATALOG,
    app,
    apps,
    choice,
    data,
    empty_facts,
    facts,
    rehearsal,
    resolution,
    setting,
    settings,
    target,
    trial_boot,
)

run_checks = partial(
    runner.run_checks,
    resolution=resolution(),
    trial_boot=trial_boot(),
    choice=choice(),
    rehearsal=rehearsal(),
)

COLLECTOR_ERRORS = [
    "RuntimeError: collector bug",
    "OperationalError: canceling statement due to statement timeout",
    "ProgrammingError: permission denied for table extras_job",
    'ProgrammingError: relation "extras_job" does not exist',
    'ProgrammingError: column "approval_required" does not exist',
]
CHECKS_WITH_FACTS = [
    check for check in all_checks() if set(check.input_types) & set(Facts.topics())
]


def test_run_checks_on_a_healthy_installation_gives_go():
    results = run_checks(facts(), target(), CATALOG)
    assert {result.status for result in results} <= {Status.PASSED, Status.NOT_APPLICABLE}
    assert compute_verdict(results) is Verdict.GO


@pytest.mark.parametrize("error", COLLECTOR_ERRORS)
@pytest.mark.parametrize("checked", CHECKS_WITH_FACTS, ids=lambda checked: checked.id)
def test_run_checks_with_a_missing_topic_skips_the_check_and_never_gives_go(checked, error):
    for topic in set(checked.input_types) & set(Facts.topics()):
        broken = facts(**{topic: Unavailable(error)})
        (result,) = run_checks(broken, target(), CATALOG, (), [checked])
        assert (result.status, result.reason) == (Status.SKIPPED, error)
        assert compute_verdict(run_checks(broken, target(), CATALOG)) is not Verdict.GO


@pytest.mark.parametrize("checked", all_checks(), ids=lambda checked: checked.id)
def test_run_checks_on_empty_tables_crashes_no_check(checked):
    (result,) = run_checks(empty_facts(), target(), CATALOG, (), [checked])
    assert result.status is not Status.CRASHED, result.reason


def test_run_checks_with_a_missing_part_of_a_topic_skips_only_its_readers():
    state = facts()
    state = replace(state, database=replace(state.database, sequences=Unavailable("denied")))
    results = run_checks(state, target(), CATALOG)
    skipped = [result.check for result in results if result.status is Status.SKIPPED]
    assert skipped == ["database.sequence_behind"]


def test_run_checks_keeps_the_findings_before_a_missing_fact():
    @check(phase=Phase.BOOT, impact=Impact.OUTAGE)
    def half():
        """Title.

        Why: x
        Fix: y
        """
        yield blocker("thing", "A message.", fix="Fix it.")
        raise FactUnavailable("denied")

    (result,) = run_checks(facts(), target(), CATALOG, (), [half])
    assert (result.status, result.reason) == (Status.SKIPPED, "denied")
    assert [finding.subject for finding in result.findings] == ["thing"]
    assert compute_verdict([result]) is Verdict.BLOCKED


@pytest.mark.parametrize("error", [KeyError("bug"), NotApplicable("too late")])
def test_run_checks_keeps_the_findings_before_a_crash(error):
    @check(phase=Phase.BOOT, impact=Impact.OUTAGE)
    def half():
        """Title.

        Why: x
        Fix: y
        """
        yield blocker("thing", "A message.", fix="Fix it.")
        raise error

    (result,) = run_checks(facts(), target(), CATALOG, (), [half])
    assert (result.status, len(result.findings)) == (Status.CRASHED, 1)
    assert compute_verdict([result]) is Verdict.BLOCKED


def test_run_checks_without_a_catalog_gives_incomplete():
    missing = Unavailable("pip install tomli")
    results = run_checks(facts(), choose_target(missing, "2.4.44", "3.2.7"), missing)
    assert compute_verdict(results) is Verdict.INCOMPLETE


def test_run_checks_for_a_target_newer_than_the_catalog_gives_incomplete():
    results = run_checks(facts(), target("3.3.0"), CATALOG)
    assert compute_verdict(results) is Verdict.INCOMPLETE


def test_run_checks_with_a_crashing_check_reports_the_crash():
    @check()
    def explodes():
        """Title.

        Why: x
        Fix: y
        """
        raise ValueError("boom")

    (result,) = run_checks(facts(), target(), CATALOG, (), [explodes])
    assert (result.status, result.reason) == (Status.CRASHED, "ValueError: boom")
    assert compute_verdict([result]) is Verdict.INCOMPLETE


def test_run_checks_with_an_excluded_check_reports_it_and_cannot_give_go():
    results = run_checks(facts(), target(), CATALOG, {"storage.low_space"})
    (excluded,) = [result for result in results if result.status is Status.SKIPPED]
    assert (excluded.check, excluded.reason) == ("storage.low_space", "excluded on request")
    assert compute_verdict(results) is Verdict.INCOMPLETE


def test_run_checks_with_an_unknown_excluded_check_lists_the_known_ones():
    with pytest.raises(UnknownCheckError, match=r"No such check: nope.*storage\.low_space"):
        run_checks(facts(), target(), CATALOG, {"nope"})


MESSAGES = "trial_boot.new_system_check_messages"
SPECIFIC = FindingRef("settings.removed", "OLD_SETTING")
GENERAL = FindingRef(MESSAGES, "W008")


def result_of(reference, severity=Severity.BLOCKER, supersedes=()):
    finding = Finding(severity, reference.subject, "Message.", "Fix it.", Phase.BOOT, Impact.OUTAGE)
    finding = replace(finding, supersedes=supersedes)
    return CheckResult(reference.check, "", Status.FAILED, "facts", "", (finding,))


@pytest.mark.parametrize(
    ("supersedes", "general", "kept"),
    [
        pytest.param((), result_of(GENERAL), True, id="nothing superseded"),
        pytest.param((GENERAL,), result_of(GENERAL), False, id="same severity"),
        pytest.param((GENERAL,), result_of(GENERAL, Severity.WARNING), False, id="lower severity"),
        pytest.param(
            (GENERAL,), result_of(FindingRef(MESSAGES, "W009")), True, id="another subject"
        ),
        pytest.param((GENERAL,), result_of(FindingRef("a.b", "W008")), True, id="another check"),
    ],
)
def test_drop_superseded_findings_by_check_and_subject_drops_only_the_named_one(
    supersedes, general, kept
):
    first, second = runner.drop_superseded_findings(
        (result_of(SPECIFIC, supersedes=supersedes), general)
    )
    assert first.status is Status.FAILED
    assert bool(second.findings) is kept
    assert second.status is (Status.FAILED if kept else Status.NOT_APPLICABLE)


def test_drop_superseded_findings_of_higher_severity_keeps_them():
    specific = result_of(SPECIFIC, Severity.WARNING, (GENERAL,))
    general = result_of(GENERAL)
    assert runner.drop_superseded_findings((specific, general))[1] == general


UID_REQUIRED = PreconditionResult(
    Precondition(
        PreconditionKind.CHECK,
        "social_django.0017",
        "AddConstraint",
        "social_auth_usersocialauth",
        name="user_social_auth_uid_required",
    ),
    2,
)
OLD_STORAGE = SystemCheckMessage(
    "nautobot.core.W008", "warning", "STORAGE_BACKEND is deprecated.", "", ("STORAGE_BACKEND",)
)
IGNORED_STORAGE = SystemCheckMessage(
    "nautobot.core.W005", "warning", "STORAGE_BACKEND is not set.", "", ("STORAGE_BACKEND",)
)
OTHER_MESSAGE = SystemCheckMessage("security.W001", "warning", "Another problem.", "")
MERGED_APP = "nautobot_data_validation_engine"


def run_with_duplicates():
    """Run all checks on an installation with causes that two checks each report."""
    target_facts = {
        "preconditions": Preconditions((UID_REQUIRED,), 1, 9),
        "system_checks": SystemChecks((OLD_STORAGE, OTHER_MESSAGE)),
    }
    distribution = MERGED_APP.replace("_", "-")
    return run_checks(
        facts(
            data=data(empty_social_uids=AffectedRows(2)),
            settings=settings(values=(setting("STORAGE_BACKEND"),)),
            apps=apps(app(module=MERGED_APP, distribution=distribution)),
            system_checks=SystemChecks((IGNORED_STORAGE,)),
        ),
        target("3.2.7", "2.4.44"),
        CATALOG,
        resolution=resolution(incompatible={distribution: "no release"}),
        trial_boot=trial_boot(facts=target_facts),
    )


def keys(results):
    return {result.key(finding) for result in results for finding in result.findings}


def test_run_checks_with_one_cause_in_two_checks_reports_the_specific_finding():
    reported = keys(run_with_duplicates())
    assert {
        "data.empty_social_uids:social_auth_usersocialauth",
        "settings.removed:STORAGE_BACKEND",
        f"apps.merged_into_core:{MERGED_APP}",
        f"{MESSAGES}:{OTHER_MESSAGE.subject}",
    } <= reported
    assert not reported & {
        "preconditions.violated:social_auth_usersocialauth.user_social_auth_uid_required",
        f"{MESSAGES}:{OLD_STORAGE.subject}",
        f"system_checks.messages:{IGNORED_STORAGE.subject}",
        "packages.no_compatible_release:nautobot-data-validation-engine",
    }


def test_run_checks_with_every_text_reworded_gives_the_same_keys_and_verdict(monkeypatch):
    original = run_with_duplicates()
    complete = Check.complete

    def reworded(self, finding):
        texts = {"message": "Reworded.", "remediation": "Reworded.", "evidence": ("reworded",)}
        return replace(complete(self, finding), **texts)

    monkeypatch.setattr(Check, "complete", reworded)
    results = run_with_duplicates()
    assert {finding.message for result in results for finding in result.findings} == {"Reworded."}
    assert keys(results) == keys(original)
    assert [result.status for result in results] == [result.status for result in original]
    assert compute_verdict(results) is compute_verdict(original)
