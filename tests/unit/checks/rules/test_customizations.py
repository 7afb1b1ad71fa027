"""What users have made: only what the upgrade breaks is told."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts.customizations import CustomizationProblem, Customizations
from tests.support.builders import app, apps, facts, trial_boot

QUERY = CustomizationProblem(
    "GraphQL query", "sites", "/extras/graphql-queries/1/", "line 1: no field site"
)
OTHER_WORDS = CustomizationProblem(
    "GraphQL query", "sites", "/extras/graphql-queries/1/", "no such field"
)
LINK = CustomizationProblem(
    "custom link", "rack", "/extras/custom-links/1/", "dcim.Device has no cluster_id"
)
NO_MODEL = CustomizationProblem(
    "webhook", "sync", "/extras/webhooks/1/", "there is no model example.sync"
)
NO_JOB = CustomizationProblem(
    "scheduled job", "sync", "/extras/scheduled-jobs/1/", "there is no Job sync.Sync"
)
NO_JOB_OF_THE_APP = replace(NO_JOB, reason="there is no Job nautobot_example.jobs.Sync")
MORE = CustomizationProblem(
    "custom link", "rack", "/extras/custom-links/1/", "dcim.Device has no gone"
)


@pytest.mark.parametrize(
    ("target", "today", "expected"),
    [
        ((), (), []),
        ((), (QUERY,), []),
        ((QUERY,), (QUERY,), []),
        ((QUERY,), (OTHER_WORDS,), []),
        ((QUERY,), (LINK,), [("warning", "GraphQL query sites")]),
        ((NO_MODEL, NO_JOB_OF_THE_APP), (), []),
        ((NO_JOB,), (), [("warning", "scheduled job sync")]),
        ((LINK,), (MORE,), [("warning", "custom link rack")]),
        ((LINK, MORE), (MORE,), [("warning", "custom link rack")]),
        (
            (LINK, QUERY),
            None,
            [("warning", "custom link rack"), ("warning", "GraphQL query sites")],
        ),
    ],
)
def test_what_is_told(found, target, today, expected):
    given = {} if today is None else {"current_customizations": Customizations({}, today)}
    state = trial_boot(
        facts={"customizations": Customizations({}, target)},
        absent_apps=("nautobot_example",),
        **given,
    )
    today = facts(apps=apps(app(module="nautobot_example", label="example")))
    assert found("customizations.incompatible", today, trial_boot=state) == expected


def test_a_job_may_be_in_a_file_that_nobody_could_read(found):
    state = Customizations({}, (NO_JOB, LINK), {"file of Jobs": "sync.py: no such column"})
    told = found(
        "customizations.incompatible",
        facts(apps=apps()),
        trial_boot=trial_boot(facts={"customizations": state}),
    )
    assert told == [("warning", "custom link rack")]


@pytest.mark.parametrize("check", ["incompatible", "not_inspected"])
def test_the_installed_code_is_not_the_target(found, check):
    state = trial_boot(
        is_separate_environment=False, facts={"customizations": Customizations({}, (LINK,))}
    )
    assert found(f"customizations.{check}", trial_boot=state) == "not_applicable"


def test_what_could_not_be_read_is_not_silently_green(found):
    unread = trial_boot(facts={"customizations": Customizations(unreadable={"webhook": "denied"})})
    assert found("customizations.not_inspected", trial_boot=unread) == "skipped"
    assert found("customizations.not_inspected", trial_boot=trial_boot()) == []
