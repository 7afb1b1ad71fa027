"""The report type: headline, next step and file names."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import CheckResult, Phase, Status, Verdict
from nautobot_upgrade_jobs.runbook.steps import EMPTY_RUNBOOK, Runbook, Step
from tests.support.report_samples import BLOCKER, SAMPLES


def running(report, current, **changes):
    """Return the report of an installation that runs this release, without a change."""
    version = current.removeprefix("Nautobot ")
    unchanged = {"runbook": EMPTY_RUNBOOK, "packages": (), "migrations": ()}
    return replace(report, current=current, installed_version=version, **{**unchanged, **changes})


STEP = Step("Install the packages", "", ("pip install nautobot-example==2.0",))
CHANGE = (SAMPLES["blocked"].packages or ())[:1]


@pytest.mark.parametrize(
    ("current", "changes", "nothing"),
    [
        ("Nautobot 3.2.7", {}, True),
        ("Nautobot 3.2.6", {}, False),
        ("Nautobot 3.2.7", {"runbook": Runbook((STEP,))}, False),
        ("Nautobot 3.2.7", {"packages": CHANGE}, True),  # a library alone
        ("Nautobot 3.2.7", {"packages": None}, False),  # the index was not asked
        ("Nautobot 3.2.7", {"migrations": ("dcim.0001_initial",)}, False),
        ("Nautobot 3.2.7", {"migrations": None}, False),
        ("Nautobot 3.2.7", {"kind": "verify"}, False),
        ("Nautobot 3.2.7", {"verdict": Verdict.INCOMPLETE}, False),
    ],
)
def test_nothing_to_upgrade_only_if_it_is_known_that_nothing_changes(current, changes, nothing):
    assert running(SAMPLES["go"], current, **changes).has_nothing_to_upgrade is nothing


@pytest.mark.parametrize(
    ("phase", "check", "nothing"),
    [
        (Phase.MIGRATE, "data.cables", True),
        (Phase.POST_UPGRADE, "data.cables", True),
        (Phase.BOOT, "packages.conflict", False),
        (Phase.RUNTIME, "redis.unreachable", False),
        (Phase.MIGRATE, "migrations.unapplied", False),
    ],
)
def test_blocker_counts_if_it_concerns_the_installed_release(phase, check, nothing):
    found = CheckResult(
        check, "", Status.FAILED, "facts", findings=(replace(BLOCKER, phase=phase),)
    )
    report = running(SAMPLES["blocked"], "Nautobot 3.2.7", results=(found,), active_acceptances={})
    assert report.has_nothing_to_upgrade is nothing


@pytest.mark.parametrize(
    ("sample", "verdict", "headline", "next_step"),
    [
        ("go", Verdict.UP_TO_DATE, "Nothing to upgrade: Nautobot 3.2.7", "To upgrade to another"),
        ("blocked", Verdict.UP_TO_DATE, "Nothing to upgrade", "Fix the blockers: they exist now"),
        ("go", Verdict.GO, "No problems found", "Follow upgrade-plan.md"),
        ("go", Verdict.CAUTION, "The upgrade can go ahead", "Decide about each warning"),
        ("blocked", Verdict.BLOCKED, "Do not upgrade yet", "Take a backup"),
    ],
)
def test_headline_and_next_step_depend_on_the_verdict(sample, verdict, headline, next_step):
    report = replace(SAMPLES[sample], verdict=verdict)
    assert report.headline.startswith(headline)
    assert report.next_step.startswith(next_step)


@pytest.mark.parametrize(
    ("instance", "stem"),
    [
        ("nautobot.example.com", "preflight-nautobot.example.com-20261120T120000Z"),
        ("../../etc/passwd", "preflight-etc-passwd-20261120T120000Z"),
        ("äöü", "preflight-nautobot-20261120T120000Z"),
        ("x" * 500, f"preflight-{'x' * 60}-20261120T120000Z"),
    ],
)
def test_file_stem_is_safe_on_every_file_system(instance, stem):
    assert replace(SAMPLES["go"], instance=instance).file_stem == stem


@pytest.mark.parametrize(
    ("status", "is_unused"),
    [
        pytest.param(Status.PASSED, False, id="a valid rehearsal"),
        pytest.param(Status.FAILED, False, id="a rehearsal that has failed"),
        pytest.param(Status.NOT_APPLICABLE, True, id="no rehearsal"),
        pytest.param(Status.SKIPPED, True, id="not checked"),
    ],
)
def test_unused_sources_contain_the_rehearsal_if_there_was_none(status, is_unused):
    result = CheckResult("rehearsed.failed", "No problem.", status, "rehearsal")
    report = replace(SAMPLES["go"], results=(*SAMPLES["go"].results, result))
    assert ("rehearsal" in report.unused_sources) is is_unused
