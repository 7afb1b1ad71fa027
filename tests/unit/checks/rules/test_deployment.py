"""What the setting `deployment` states, compared with what is seen."""

import pytest

from nautobot_upgrade_jobs.checks.findings import Severity
from nautobot_upgrade_jobs.checks.rules.deployment import contradicts_setting
from tests.support.builders import database, deployment


@pytest.mark.parametrize(
    ("stated", "subjects"),
    [
        ({}, []),
        ({"layout": ("virtualenv",)}, []),
        ({"web": ("nautobot",), "beat": ("nautobot-scheduler",)}, []),
        ({"layout": ("compose",)}, ["layout"]),
        ({"layout": ("kubernetes",), "beat": ("other",)}, ["layout", "beat"]),
        ({"web": ("nautobt",)}, ["web"]),
    ],
)
def test_contradiction_is_reported_for_each_key(stated, subjects):
    findings = list(contradicts_setting(deployment(stated=stated), database()))
    assert [finding.subject for finding in findings] == subjects
    assert {finding.severity for finding in findings} <= {Severity.WARNING}
