"""Verify Migrations on a healthy instance, and on one with each fault that upgrades leave behind.

Each fault is planted on a private clone: exactly it is found, and what its finding tells to do
leads back to GO.
"""

import os
import shlex

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, CreateModel
from nautobot.core.settings_funcs import parse_redis_connection

from nautobot_upgrade_jobs.checks.findings import Severity, Verdict
from nautobot_upgrade_jobs.request import Request
from nautobot_upgrade_jobs.verification import verify

from .conftest import CLONE, connected_to
from .verify_faults import FAULTS

HEALTHY = f"{CLONE}_healthy"
LIVE_BROKER = 0


@pytest.fixture(scope="module", autouse=True)
def healthy(instance, nautobot):
    """A database on which the upgrade was finished, and a running worker that may be asked."""
    os.environ["CELERY_BROKER_URL"] = parse_redis_connection(LIVE_BROKER)
    instance.server().clone("sample", HEALTHY)
    with connected_to(HEALTHY):
        for command in ("migrate", "refresh_dynamic_group_member_caches"):
            call_command(command, verbosity=0)
        call_command("trace_paths", no_input=True, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
    yield HEALTHY
    del os.environ["CELERY_BROKER_URL"]
    instance.server().drop(HEALTHY)


@pytest.fixture
def broken(instance, healthy):
    """A private clone of the healthy database, on which Django works."""
    name = f"{CLONE}_broken"
    instance.server().clone(healthy, name)
    with connected_to(name):
        yield name
    instance.server().drop(name)


def findings():
    """All findings by key, and the verdict."""
    report = verify(Request())
    assert not report.not_checked, [(one.check, one.reason) for one in report.not_checked]
    return {one.key: one.finding for one in report.findings()}, report.verdict


def execute(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def follow(finding):
    """Do what a finding tells."""
    for command in finding.commands:
        if command.startswith("nautobot-server"):
            _, name, *words = shlex.split(command)
            call_command(name, *words, verbosity=0)
        else:
            execute(command.replace("= …", "= ''"))


def leaf():
    """A newest migration of core whose outcome can be seen, and on which nothing builds."""
    graph = MigrationLoader(connection).graph
    return next(
        (app, name)
        for app, name in sorted(graph.leaf_nodes())
        if not graph.node_map[app, name].children
        and any(
            isinstance(one, (AddField, CreateModel)) for one in graph.nodes[app, name].operations
        )
        and graph.nodes[app, name].__module__.startswith("nautobot.")
    )


def test_a_healthy_instance_is_go(healthy):
    with connected_to(healthy):
        assert findings() == ({}, Verdict.GO)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_nothing_else(name, broken, instance):
    fault = FAULTS[name]
    if instance.engine == "mysql" and not fault.anywhere:
        pytest.skip("planted with statements of PostgreSQL")
    app, newest = leaf()
    names = {"{app}": app, "{leaf}": newest, "{key}": f"{app}.{newest}"}
    execute(*(_with(names, one) for one in fault.statements))
    found, verdict = findings()
    expected = [_with(names, one) for one in fault.found]
    assert not [key for key in found if not any(map(key.startswith, expected))], sorted(found)
    assert not [one for one in expected if not any(key.startswith(one) for key in found)], expected
    assert verdict is (Verdict.BLOCKED if _blocks(found) else Verdict.CAUTION)
    for finding in () if fault.by_hand else found.values():
        assert finding.commands, finding
        follow(finding)
    execute(*fault.by_hand)
    assert findings() == ({}, Verdict.GO)


def _with(names, text):
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text


def _blocks(found):
    return any(finding.severity is Severity.BLOCKER for finding in found.values())
