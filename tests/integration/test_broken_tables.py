"""A database whose tables are broken never gets a better verdict than a healthy one.

Each test breaks every table in one way. Then it runs Preflight and Verify once for each topic: this
topic comes from the broken database, the others come from the healthy one.
"""

import re

import pytest
from django.db import connection, transaction

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.facts import Facts, Unavailable
from nautobot_upgrade_jobs.workflows import preflight, verify
from nautobot_upgrade_jobs.workflows.context import RunRequest
from tests.support.nautobot import alias_of_role, locked_tables

pytestmark = [pytest.mark.once, pytest.mark.slow]

WORKFLOWS = {
    "preflight": lambda: preflight.run_preflight(RunRequest(target="3.2.7")),
    "verify": lambda: verify.verify_migrations(RunRequest()),
}
COLLECT_FACTS = [
    f"nautobot_upgrade_jobs.workflows.{module}.collect_facts" for module in ("collection", "verify")
]
RISK = {Verdict.GO: 0, Verdict.CAUTION: 1, Verdict.INCOMPLETE: 2, Verdict.BLOCKED: 2}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.workers.REPLY_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(
        "nautobot_upgrade_jobs.collect.db.read_only_session.LOCK_TIMEOUT_SECONDS",
        1 if connection.vendor == "mysql" else 0.1,  # MySQL counts whole seconds
    )


@pytest.mark.parametrize("fault", ["unexpected NULL", "empty table", "wrong type"])
def test_verdict_with_broken_rows_is_not_better(fault, clone, monkeypatch):
    with clone("sample"):
        healthy = collect_facts()
        break_rows(fault)
        broken = collect_facts()
    assert_not_better(healthy, broken, monkeypatch)


def test_verdict_without_permission_is_not_better(clone, instance, monkeypatch):
    with clone("sample") as name:
        healthy = collect_facts()
        with unprivileged(instance, name):
            broken = collect_facts(database_alias="unprivileged")
    assert_unread(broken, "denied")
    assert_not_better(healthy, broken, monkeypatch)


def test_verdict_with_locked_tables_is_not_better(clone, instance, monkeypatch):
    with clone("sample"):
        healthy = collect_facts()
        with locked_tables(instance, connection.introspection.table_names()):
            broken = collect_facts()
    assert_unread(broken, "(?i)lock (wait )?timeout")
    assert_not_better(healthy, broken, monkeypatch)


def assert_unread(facts, reason):
    """The topics that read rows only are unavailable, with the reason."""
    for topic in ("migrations", "tables", "jobs"):
        value = getattr(facts, topic)
        assert isinstance(value, Unavailable), topic
        assert re.search(reason, value.reason), value.reason


def assert_not_better(healthy, broken, monkeypatch):
    """No verdict is better. A finding about unread rows is lost only if its check did not run."""
    for name, run in WORKFLOWS.items():
        expected = run_with(run, healthy, monkeypatch)
        for topic in Facts.topics():
            if getattr(broken, topic) == getattr(healthy, topic):
                continue
            facts = Facts(
                **{one: getattr(broken if one == topic else healthy, one) for one in Facts.topics()}
            )
            report = run_with(run, facts, monkeypatch)
            assert RISK[report.verdict] >= RISK[expected.verdict], (name, topic)
            if isinstance(getattr(facts, topic), Unavailable):
                assert not lost_findings(expected, report), (name, topic)


def lost_findings(expected, report):
    """Return the findings that are missing although their checks are reported to have run."""
    unchecked = {result.check for result in report.not_checked}
    kept = {one.key for one in report.findings()}
    return {
        one.key
        for one in expected.findings()
        if one.key not in kept and one.key.partition(":")[0] not in unchecked
    }


def run_with(run, facts, monkeypatch):
    with monkeypatch.context() as patch:
        for collector in COLLECT_FACTS:
            patch.setattr(collector, lambda **options: facts)
        return run()


def break_rows(fault):
    """Replace every table by a copy with broken rows; no constraint protects the copy."""
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for position, table in enumerate(connection.introspection.table_names(cursor)):
            columns = list(broken_columns(cursor, table, fault))
            cursor.execute(f"ALTER TABLE {quote(table)} RENAME TO kept_{position}")
            cursor.execute(
                f"CREATE TABLE {quote(table)} AS SELECT {', '.join(columns)} "
                f"FROM kept_{position} AS kept LEFT JOIN kept_{position} AS nothing ON 1 = 0"
                + (" WHERE 1 = 0" if fault == "empty table" else "")
            )


def broken_columns(cursor, table, fault):
    """Return the expressions of the columns; `nothing` is a row of NULLs of the right types."""
    introspection, quote = connection.introspection, connection.ops.quote_name
    keys = introspection.get_primary_key_columns(cursor, table) or []
    json = "json" if connection.vendor == "mysql" else "jsonb"
    for column in introspection.get_table_description(cursor, table):
        name = quote(column.name)
        if fault == "wrong type":
            is_json = introspection.get_field_type(column.type_code, column) == "JSONField"
            value = f"""CAST('"wrong"' AS {json})""" if is_json else "CAST('wrong' AS char(5))"
            yield f"{value} AS {name}"
        elif fault == "unexpected NULL" and column.name not in keys:
            yield f"nothing.{name}"
        else:
            yield f"kept.{name}"


def unprivileged(instance, database):
    """Create a role that may connect and nothing else, as the alias `unprivileged` of Django."""
    # Without any privilege in a database, MySQL refuses the connection to it.
    minimum = [f"GRANT SHOW VIEW ON `{database}`.* TO stranger@'%'"]
    grants = minimum if instance.engine == "mysql" else []
    return alias_of_role(instance, database, "unprivileged", "stranger", *grants)
