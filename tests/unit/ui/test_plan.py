"""The steps of a plan, from a report that can have any content."""

import json

import pytest

from nautobot_upgrade_jobs.report import FORMATS
from nautobot_upgrade_jobs.ui.plan import MAX_STEPS, MAX_TEXT_LENGTH, parse_steps
from tests.support.report_samples import SAMPLES


@pytest.mark.parametrize("name", ["blocked", "rollback"])
def test_steps_are_those_of_the_runbook(name):
    document = json.loads(FORMATS["json"](SAMPLES[name]))
    steps = parse_steps(document)
    assert [step.title for step in steps] == [one.title for one in SAMPLES[name].runbook.steps]
    assert [step.commands for step in steps] == [
        one.commands for one in SAMPLES[name].runbook.steps
    ]


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"steps": None}, {"steps": {}}, {"steps": ["x", None, 3]}]
)
def test_document_without_steps_has_none(document):
    assert parse_steps(document) == ()


def test_step_with_wrong_values_is_empty():
    (step,) = parse_steps({"steps": [{"title": 3, "commands": "rm", "irreversible": "yes"}]})
    assert (step.title, step.commands, step.irreversible) == ("", (), False)


def test_steps_are_limited_and_show_no_invisible_characters():
    step = {"title": "\u202ex" * MAX_TEXT_LENGTH, "commands": ["a", 3]}
    steps = parse_steps({"steps": [step] * 1000})
    assert len(steps) == MAX_STEPS
    assert "\u202e" not in steps[0].title
    assert steps[0].commands == ("a",)
