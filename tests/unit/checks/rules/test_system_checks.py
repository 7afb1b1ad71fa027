"""Rules about Django's system checks."""

import pytest

from nautobot_upgrade_jobs.facts import SystemChecks
from nautobot_upgrade_jobs.facts.system_checks import SystemCheckMessage
from tests.support.builders import facts


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param((), [], id="none"),
        pytest.param(
            (SystemCheckMessage("app.W001", "warning", "m", ""),),
            [("warning", "app.W001-62c66a7a")],
            id="warning",
        ),
        pytest.param(
            (SystemCheckMessage("app.E001", "error", "m", "h"),),
            [("blocker", "app.E001-62c66a7a")],
            id="error",
        ),
    ],
)
def test_messages_of_errors_block_and_of_warnings_warn(findings_of, messages, expected):
    state = facts(system_checks=SystemChecks(messages))
    assert findings_of("system_checks.messages", state) == expected
