"""What is collected from the installed code depends on what the target found."""

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection
from nautobot import __version__

from nautobot_upgrade_jobs.collect import SOFT_TIME_LIMIT, collect_facts
from nautobot_upgrade_jobs.facts import Customizations, Facts, Unavailable
from nautobot_upgrade_jobs.facts.customizations import (
    APP_CODE,
    JOB_FILE,
    SCHEDULED_JOB,
    CustomizationProblem,
    Defect,
    DefectCode,
)
from nautobot_upgrade_jobs.facts.trial_boot import TrialBoot
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.inspect import inspect_installed_customizations
from nautobot_upgrade_jobs.target.isolation import LiveDatabase
from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation
from nautobot_upgrade_jobs.workflows.context import RunRequest, resolve_request
from nautobot_upgrade_jobs.workflows.installed_results import add_current_customizations

pytestmark = pytest.mark.once
STARTED = Customizations(
    {JOB_FILE: 1_234},
    (CustomizationProblem(JOB_FILE, "x.py", "", Defect(DefectCode.UNLOADABLE_FILE)),),
)


def current_customizations(customizations, start_installed=lambda: STARTED):
    """Return what is added for the target's customizations."""
    trial_boot = TrialBoot("3.2.7", Facts(customizations=customizations))
    context = resolve_request(RunRequest(target="3.2.7"), ())
    added = add_current_customizations(trial_boot, start_installed, context, lambda topic: None)
    return added.current_customizations


def problems_in(*kinds):
    defect = Defect(DefectCode.MISSING_FIELD, "gone")
    return Customizations({}, tuple(CustomizationProblem(kind, "x", "", defect) for kind in kinds))


@pytest.mark.parametrize("customizations", [Customizations(), Unavailable("no start")])
def test_add_current_customizations_without_problems_collects_nothing(customizations):
    assert current_customizations(customizations) == TrialBoot.current_customizations


@pytest.mark.parametrize("kinds", [["webhook"], [APP_CODE, "GraphQL query"]])
def test_add_current_customizations_with_content_collects_in_this_process(kinds):
    current = current_customizations(problems_in(*kinds))
    assert current.inspected["GraphQL query"]
    assert SCHEDULED_JOB not in current.inspected


@pytest.mark.parametrize("kind", [JOB_FILE, SCHEDULED_JOB])
def test_add_current_customizations_with_jobs_starts_the_installed_release(kind):
    assert current_customizations(problems_in(kind)).inspected == STARTED.inspected


@pytest.mark.parametrize("kinds", [[APP_CODE], [APP_CODE, JOB_FILE]])
def test_add_current_customizations_with_app_code_reads_its_files_only(kinds):
    current = current_customizations(problems_in(*kinds))
    assert set(current.inspected) == set(kinds)


def test_add_current_customizations_with_jobs_and_content_merges_both():
    current = current_customizations(problems_in("webhook", JOB_FILE))
    assert current.inspected["GraphQL query"]
    assert current.inspected[JOB_FILE] == STARTED.inspected[JOB_FILE]
    assert set(current.problems) >= set(STARTED.problems)


def test_start_of_the_installed_release_validates_jobs_only():
    """Without it, each problem of a Job file would be new."""
    live = LiveInstallation(
        settings.SETTINGS_PATH,
        collect_facts(topics=("apps",)).apps,
        "default",
        30,
        LiveDatabase(connection.vendor, connection.get_connection_params()),
    )
    found = inspect_installed_customizations(__version__, live, "", Deadline(120))
    assert set(found.inspected) == {JOB_FILE, SCHEDULED_JOB}


def test_add_current_customizations_after_an_error_gives_the_reason():
    def fail():
        raise RuntimeError("no thread")

    current = current_customizations(problems_in(JOB_FILE), fail)
    assert current.reason == "the installed release could not be started: RuntimeError: no thread"


def test_add_current_customizations_over_the_time_limit_is_unavailable():
    def stop():
        raise SoftTimeLimitExceeded

    assert current_customizations(problems_in(JOB_FILE), stop) == SOFT_TIME_LIMIT
