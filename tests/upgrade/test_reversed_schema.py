"""Reversed for real, where nothing speaks against it: the schema is the older release's again."""

import pytest

from development import dumps
from development.instance import Instance
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.rollback import plan_rollback
from tests.support.nautobot import CLONE, connected_to, this_instance
from tests.support.upgrading import DATABASE, attempt, schema

OLDER = {"3.2.7": "3.1.8", "3.1.8": "3.0.11", "3.0.11": "2.4.44"}
"""Releases with fewer migrations, whose pristine databases are at hand."""
pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.skipif(
        this_instance().version not in OLDER or this_instance().evidence_source != "postgresql",
        reason="no older release is at hand",
    ),
]
BEFORE = f"{CLONE}_before"


@pytest.fixture
def older(instance):
    """The pristine database of the older release beside one of this one."""
    server, found = (
        instance.server(),
        Instance(OLDER[instance.version], instance.evidence_source, ""),
    )
    path = (
        dumps.cache_directory()
        / f"{dumps.build_dump_key(found, server, 'pristine')}.{server.suffix}"
    )
    if not path.exists():
        pytest.skip(f"it takes: python3 -m development.stack up {found.version}")
    server.restore(path, BEFORE)
    server.clone("pristine", DATABASE)
    yield found
    server.drop(BEFORE)
    server.drop(DATABASE)


def test_the_schema_is_that_of_the_older_release(older, instance):
    with connected_to(DATABASE):
        report = plan_rollback(RunRequest(target=older.version), way="reverse")
    (way,) = [one for one in report.rollback_decision.ways if one.kind == "reverse"]
    assert way.goes, way
    calls = [
        command.split()
        for step in report.steps
        for command in step.commands
        if command.startswith("nautobot-server migrate ")
    ]
    for words in calls:
        done = attempt(instance, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    server = instance.server()
    assert schema(server, DATABASE) == schema(server, BEFORE)
