"""What the setting `deployment` states, compared with what is seen."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import Severity
from nautobot_upgrade_jobs.checks.registry import NotApplicable
from nautobot_upgrade_jobs.checks.rules.deployment import contradicts_setting, unit_bypasses_link
from tests.support.builders import DEPLOYMENTS, database, deployment, unit


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


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("/opt/my nautobot-2.4.44/bin/nautobot-server", ["nautobot.service"]),
        ("/opt/my nautobot-2.4.44/venv/bin/python3.9", ["nautobot.service"]),
        ("/opt/my nautobot/bin/nautobot-server", []),
        ("/opt/my nautobot-2.4.44.old/bin/nautobot-server", []),
        ("/usr/bin/uwsgi", []),
    ],
)
def test_unit_that_names_the_folder_of_a_release_is_reported(program, found):
    seen = replace(DEPLOYMENTS["release link"], units=(unit("nautobot", "web", program=program),))
    assert [finding.subject for finding in unit_bypasses_link(seen)] == found


@pytest.mark.parametrize("layout", ["virtualenv", "git checkout", "compose"])
def test_unit_rule_does_not_apply_without_a_link(layout):
    with pytest.raises(NotApplicable):
        list(unit_bypasses_link(DEPLOYMENTS[layout]))
