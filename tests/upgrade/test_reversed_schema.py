"""Reversing a real database restores the schema of the older release."""

import pytest

from development import dumps
from development.instance import Instance
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.rollback import plan_rollback
from tests.support.nautobot import CLONE, connected_to, this_instance
from tests.support.rollback_terms import REVERSE_MIGRATIONS, STRATEGY
from tests.support.upgrading import DATABASE, attempt, schema

OLDER = {"3.2.7": "3.1.8", "3.1.8": "3.0.11", "3.0.11": "2.4.44"}
"""Releases with fewer migrations whose pristine databases are available."""
pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.skipif(
        this_instance().version not in OLDER or this_instance().engine != "postgresql",
        reason="no older release is available",
    ),
]
BEFORE = f"{CLONE}_before"


@pytest.fixture
def older(instance):
    """The older release; its pristine database and that of this release exist."""
    server = instance.server()
    older_instance = Instance(OLDER[instance.version], instance.engine, "")
    path = dumps.find_dump(dumps.build_dump_key(older_instance, server, "pristine"), server)
    if path is None:
        pytest.skip(f"it takes: python3 -m development.stack up {older_instance.version}")
    server.restore(path, BEFORE)
    server.clone("pristine", DATABASE)
    yield older_instance
    server.drop(BEFORE)
    server.drop(DATABASE)


def test_reversed_schema_equals_the_older_release(older, instance):
    with connected_to(DATABASE):
        report = plan_rollback(RunRequest(target=older.version), **{STRATEGY: REVERSE_MIGRATIONS})
    (option,) = [one for one in report.rollback_decision.options if one.kind == REVERSE_MIGRATIONS]
    assert option.feasible, option
    calls = [
        command.split()
        for step in report.runbook.steps
        for command in step.commands
        if command.startswith("nautobot-server migrate ")
    ]
    for words in calls:
        done = attempt(instance, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    server = instance.server()
    assert schema(server, DATABASE) == schema(server, BEFORE)
