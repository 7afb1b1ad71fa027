"""The known causes of a failed start."""

import re

import pytest

from nautobot_upgrade_jobs.checks.startup_causes import KNOWN_CAUSES
from nautobot_upgrade_jobs.facts.startup import STAGES


@pytest.mark.parametrize("cause", KNOWN_CAUSES, ids=lambda cause: cause.subject)
def test_known_cause_texts_use_only_groups_of_its_pattern(cause):
    groups = ["value"] * re.compile(cause.message_pattern).groups
    for text in (cause.subject, cause.message, *cause.commands):
        assert text.format(*groups, distribution="value")


@pytest.mark.parametrize("cause", KNOWN_CAUSES, ids=lambda cause: cause.subject)
def test_known_cause_stages_exist(cause):
    assert set(cause.stages.split()) <= set(STAGES)
