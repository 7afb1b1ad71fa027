"""Examples of the rules in ``session_settings``."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.database import SessionSetting
from tests.support.builders import database, facts, mysql


def state(*settings, server=database):
    return facts(database=server(session_settings=settings))


def of(name, value, source="role", unit="ms"):
    return SessionSetting(name, value, source, unit)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ((), []),
        ((of("default_transaction_read_only", "off"),), []),
        ((of("statement_timeout", "5s"),), []),
        ((of("default_transaction_read_only", "on"),), ["default_transaction_read_only"]),
        (
            (of("default_transaction_read_only", "true", "options"),),
            ["default_transaction_read_only"],
        ),
        ((of("in_recovery", "on", "server"),), ["in_recovery"]),
        ((of("super_read_only", "ON", "server", ""),), ["super_read_only"]),
        ((of("read_only", "OFF", "server", ""),), []),
    ],
)
def test_sessions_that_cannot_write_block(findings_of, settings, expected):
    found = findings_of("session_settings.read_only", state(*settings))
    assert found == [("blocker", key) for key in expected]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("statement_timeout", "0", False),
        ("statement_timeout", "5000", True),
        ("statement_timeout", "5s", True),
        ("statement_timeout", "1d", True),
        ("transaction_timeout", "2h", True),
        ("lock_timeout", "500", True),
        ("lock_timeout", "10s", False),
        ("idle_in_transaction_session_timeout", "1min", True),
        ("idle_in_transaction_session_timeout", "10min", False),
        ("idle_session_timeout", "0", False),
        ("session_replication_role", "replica", False),
    ],
)
def test_time_limit_that_can_stop_migrate_warns(findings_of, name, value, expected):
    found = findings_of("session_settings.time_limits", state(of(name, value)))
    assert found == ([("warning", name)] if expected else [])


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("max_execution_time", "0", "ms", False),
        ("max_execution_time", "1000", "ms", True),
        ("wait_timeout", "28800", "s", False),
        ("wait_timeout", "60", "s", True),
        ("innodb_lock_wait_timeout", "50", "s", False),
        ("lock_wait_timeout", "1", "s", True),
    ],
)
def test_time_limit_of_mysql_that_can_stop_migrate_warns(findings_of, name, value, unit, expected):
    found = findings_of(
        "session_settings.time_limits", state(of(name, value, "server", unit), server=mysql)
    )
    assert found == ([("warning", name)] if expected else [])


def test_hidden_limit_concerns_one_check(findings_of):
    hidden = state(of("lock_timeout", Unavailable("hidden"), "server"))
    assert findings_of("session_settings.time_limits", hidden) == "skipped"
    assert findings_of("session_settings.read_only", hidden) == []


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (of("session_replication_role", "origin"), []),
        (of("session_replication_role", "replica"), [("warning", "session_replication_role")]),
        (of("foreign_key_checks", "OFF", "server", ""), [("warning", "foreign_key_checks")]),
        (of("foreign_key_checks", "ON", "server", ""), []),
    ],
)
def test_ignored_foreign_keys_warn(findings_of, setting, expected):
    assert findings_of("session_settings.ignored_foreign_keys", state(setting)) == expected


@pytest.mark.parametrize(
    ("lag", "expected"),
    [
        (None, "not_applicable"),
        (0.0, []),
        (9.9, []),
        (300.0, [("warning", "replica")]),
        (Unavailable("permission denied"), "skipped"),
    ],
)
def test_lagging_replica_warns(findings_of, lag, expected):
    known = facts(database=database(replica_lag_seconds=lag))
    assert findings_of("session_settings.lagging_replica", known) == expected
