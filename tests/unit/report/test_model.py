"""The report type: headline, next step and file names."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.runbook.steps import EMPTY_RUNBOOK, Runbook, Step
from tests.support.report_samples import SAMPLES


def running(report, current):
    """Return the report of an installation that runs this release, without a plan."""
    version = current.removeprefix("Nautobot ")
    return replace(report, current=current, installed_version=version, runbook=EMPTY_RUNBOOK)


@pytest.mark.parametrize(
    ("current", "headline", "next_step"),
    [
        (
            "Nautobot 3.2.7",
            "Nothing to upgrade, because Nautobot 3.2.7 is already",
            "To upgrade to another",
        ),
        ("Nautobot 3.2.6", "The upgrade can go ahead", "Decide about each warning"),
    ],
)
def test_headline_same_release_with_warnings_says_nothing_to_upgrade(current, headline, next_step):
    report = replace(running(SAMPLES["go"], current), verdict=Verdict.CAUTION)
    assert report.headline.startswith(headline)
    assert report.next_step.startswith(next_step)


@pytest.mark.parametrize(
    ("sample", "current", "headline", "next_step"),
    [
        ("go", "Nautobot 3.2.7", "Nothing to upgrade", "To upgrade to another"),
        ("go", "Nautobot 3.2.6", "No problems found", "Follow upgrade-plan.md"),
        ("blocked", "Nautobot 3.2.7", "Do not upgrade yet", "Fix the blockers"),
    ],
)
def test_next_step_depends_on_verdict_and_release(sample, current, headline, next_step):
    report = running(SAMPLES[sample], current)
    assert report.headline.startswith(headline)
    assert report.next_step.startswith(next_step)


def test_headline_with_a_plan_for_apps_is_not_nothing_to_upgrade():
    report = running(SAMPLES["go"], "Nautobot 3.2.7")
    step = Step("Install the packages", "", ("pip install nautobot-example==2.0",))
    assert report.headline.startswith("Nothing to upgrade")
    assert replace(report, runbook=Runbook((step,))).headline.startswith("No problems found")


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
