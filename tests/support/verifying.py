"""Run Verify Migrations on Django's database, and run the commands of its findings."""

import shlex
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, CreateModel

from nautobot_upgrade_jobs.checks.remediation import CommandKind
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.verify import verify_migrations


def findings(**options):
    """Return all findings by key, and the verdict."""
    report = verify_migrations(RunRequest(), **options)
    assert not report.not_checked, [(one.check, one.reason) for one in report.not_checked]
    return {one.key: one.finding for one in report.findings()}, report.verdict


def execute(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def follow(finding):
    """Run the commands of a finding."""
    for command in finding.commands:
        program, *words = shlex.split(command.text)
        if command.kind is CommandKind.SQL:
            execute(command.text.replace("= …", "= ''"))
        elif program == "nautobot-server":
            call_command(*words, verbosity=0)
        else:
            assert program == "rm", command
            Path(*words).unlink()


def leaf():
    """Return a leaf migration of core that adds a column or table."""
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
