"""The acceptances and the verdict of a report."""

from datetime import datetime, timedelta, timezone

import pytest

from nautobot_upgrade_jobs.checks.build import blocker
from nautobot_upgrade_jobs.checks.findings import (
    Acceptance,
    CheckResult,
    Finding,
    Impact,
    Phase,
    Severity,
    Status,
    Verdict,
)
from nautobot_upgrade_jobs.checks.remediation import When
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.workflows.report_builder import build_report, section_check_id
from tests.support.builders import CATALOG

TODAY = datetime.now(timezone.utc).date()
CHECK = "storage.low_space"


def create_report(*acceptances, catalog=CATALOG, kind="preflight", results=(), **parts):
    given = {"phase": Phase.MIGRATE, "impact": Impact.DATA_LOSS, **parts}
    finding = blocker("/opt", "…", fix="…", **given)
    result = CheckResult(
        CHECK, "…", Status.FAILED, evidence_source="facts", findings=(finding,), why="…"
    )
    return build_report(
        results or (result,),
        kind=kind,
        release="3.2.7",
        acceptances=acceptances,
        catalog=catalog,
        instance="here",
        current="Nautobot 2.4.44",
        target="Nautobot 3.2.7",
        installed_version="2.4.44",
        target_version="3.2.7",
    )


def accept(finding=f"{CHECK}:/opt", days=1, target="3.2.7"):
    return Acceptance(finding, "known", "eve", TODAY + timedelta(days=days), target)


def test_build_report_accepted_blocker_no_longer_blocks():
    assert create_report().verdict is Verdict.BLOCKED
    accepted = create_report(accept())
    assert accepted.verdict is not Verdict.BLOCKED
    assert list(accepted.active_acceptances) == [f"{CHECK}:/opt"]


STOPS = {"impact": Impact.OUTAGE}


@pytest.mark.parametrize("phase", [Phase.BOOT, Phase.MIGRATE])
def test_build_report_acceptance_of_what_stops_the_upgrade_has_no_effect(phase):
    acceptance = accept()
    report = create_report(acceptance, **STOPS, phase=phase, when=When.NOW)
    assert (report.verdict, report.refused_acceptances) == (Verdict.BLOCKED, (acceptance,))
    assert not report.active_acceptances
    (finding,) = report.findings()
    assert not finding.is_acceptable


def test_build_report_acceptance_schedules_a_fix_that_belongs_to_the_window():
    report = create_report(accept(), **STOPS, when=When.WINDOW)
    assert (report.verdict, report.refused_acceptances) == (Verdict.CAUTION, ())
    assert report.headline == "The upgrade can go ahead with 1 fix in the maintenance window."
    (scheduled,) = report.scheduled
    assert scheduled.is_acceptable


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("verify", STOPS),  # nothing is planned
        ("preflight", {"phase": Phase.RUNTIME, **STOPS}),
        ("preflight", {"impact": Impact.FEATURE_LOSS}),
    ],
)
def test_build_report_acceptance_of_anything_else_counts(kind, parts):
    report = create_report(accept(), kind=kind, **{"when": When.NOW, **parts})
    assert (report.verdict, report.refused_acceptances) == (Verdict.CAUTION, ())
    assert not report.scheduled


@pytest.mark.parametrize("acceptance", [accept(days=-2), accept(target="3.1.8")])
def test_build_report_acceptance_out_of_date_or_for_another_release_still_blocks(acceptance):
    report = create_report(acceptance)
    assert report.verdict is Verdict.BLOCKED
    assert report.lapsed_acceptances == (acceptance,)


@pytest.mark.parametrize(
    ("finding", "reported"),
    [
        (f"{CHECK}:/elsewhere", True),  # a check of this run
        ("storage.no_such_check:/opt", True),  # no check at all: probably a typing error
        ("rollback.data_loss:app_thing", False),  # a check of another Job
    ],
)
def test_build_report_acceptance_without_finding_is_reported(finding, reported):
    acceptance = accept(finding)
    assert (create_report(acceptance).unmatched_acceptances == (acceptance,)) is reported


def test_build_report_without_catalog_says_so():
    assert create_report(catalog=Unavailable("damaged")).catalog == "not readable"
    assert create_report().catalog == CATALOG.version


@pytest.mark.parametrize(
    ("section", "check"), [("rows", "rows.changes"), ("rows.lost", "rows.lost")]
)
def test_section_check_id_has_a_topic_and_a_name(section, check):
    assert section_check_id(section) == check


def test_build_report_lists_causes_before_their_consequences():
    """The check of a panel comes first by name, but a half-applied migration breaks the panel."""
    parts = {
        "extensions.broken_home_panels": (Severity.BLOCKER, Phase.RUNTIME),
        "migrations.partially_applied": (Severity.BLOCKER, Phase.MIGRATE),
        "apps.conflicting": (Severity.WARNING, Phase.BOOT),
    }
    results = tuple(
        CheckResult(
            check,
            "…",
            Status.FAILED,
            evidence_source="facts",
            findings=(Finding(severity, "x", "…", "…", phase, Impact.OUTAGE),),
        )
        for check, (severity, phase) in parts.items()
    )
    report = create_report(results=results)
    assert [reported.check for reported in report.findings()] == [
        "migrations.partially_applied",
        "extensions.broken_home_panels",
        "apps.conflicting",
    ]


@pytest.mark.parametrize(
    ("kind", "verdict"), [("verify", Verdict.CAUTION), ("preflight", Verdict.INCOMPLETE)]
)
def test_build_report_only_a_planned_upgrade_needs_every_check(kind, verdict):
    """After the upgrade, an operator may accept what this installation cannot provide."""
    passed = CheckResult("apps.conflicting", "…", Status.PASSED, evidence_source="facts")
    skipped = CheckResult("files.media", "…", Status.SKIPPED, evidence_source="facts", reason="S3")
    acceptance = accept("files.media:not checked")
    report = create_report(acceptance, kind=kind, results=(passed, skipped))
    assert report.verdict is verdict
    assert ("accepted by eve" in report.describe_not_checked(skipped)) is (kind == "verify")


def test_build_report_a_crash_cannot_be_accepted():
    passed = CheckResult("apps.conflicting", "…", Status.PASSED, evidence_source="facts")
    crashed = CheckResult("files.media", "…", Status.CRASHED, evidence_source="facts", reason="bug")
    report = create_report(
        accept("files.media:not checked"), kind="verify", results=(passed, crashed)
    )
    assert report.verdict is Verdict.INCOMPLETE
