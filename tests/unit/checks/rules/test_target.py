"""Is the target known, ahead, and within one step?"""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.catalog.target_release import BEFORE_FIRST_RELEASE
from nautobot_upgrade_jobs.checks.rules.target import database_behind_code
from tests.support.builders import target


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.4.44", "3.2.7", []),
        ("3.2.0", "3.2.7", []),
        ("2.4.44", "3.2.99", "skipped"),
        ("2.4.44", "4.0.0", "skipped"),
        ("2.4.44", "3.2.0rc1", "skipped"),
    ],
)
def test_known_release(found, installed, wanted, expected):
    assert found("target.not_in_catalog", target=target(wanted, installed)) == expected


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.4.44", "3.2.7", []),
        ("3.2.6", "3.2.7", []),
        ("3.2.7", "2.4.44", [("blocker", "2.4.44")]),
        ("3.2.7", "3.2.6", [("blocker", "3.2.6")]),
        ("3.2.7", "3.2.7", [("info", "same-release")]),
        ("3.2.7", "", []),
        ("2.4.44", "3.3.0a1", [("warning", "pre-release")]),
    ],
)
def test_direction(found, installed, wanted, expected):
    assert found("target.not_newer", target=target(wanted, installed)) == expected


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.4.44", "3.2.7", []),
        ("2.4.43", "2.4.44", []),
        ("2.4.44", "3.0.11", [("warning", "3.0.11")]),
        ("2.4.44", "3.1.8", [("warning", "3.1.8")]),
        ("2.4.10", "3.0.11", []),
    ],
)
def test_released_before_installed(found, installed, wanted, expected):
    check = "target.older_release_date"
    assert found(check, target=target(wanted, installed)) == expected


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.4.44", "3.2.7", []),
        ("3.0.11", "3.2.7", []),
        ("2.1.4", "2.4.44", []),
        ("2.1.4", "3.2.7", [("warning", "2.4.44")]),
        ("1.5.24", "2.4.44", [("warning", "1.6.32")]),
    ],
)
def test_stops(found, installed, wanted, expected):
    assert found("target.intermediate_stop", target=target(wanted, installed)) == expected


def test_stops_across_a_python_gap_are_required(found):
    """1.2.11 runs on Python up to 3.10 at most; no interpreter serves it and 3.2.7 for sure."""
    severities = {
        severity
        for severity, _ in found("target.intermediate_stop", target=target("3.2.7", "1.1.0"))
    }
    assert "blocker" in severities


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.4.44", "", [("info", "3.2.7")]),
        ("3.2.7", "", []),
        ("2.4.44", "2.4.44", "not_applicable"),
        ("2.4.44", "3.2.7", "not_applicable"),
    ],
)
def test_newer_lines(found, installed, wanted, expected):
    assert found("target.newer_line_available", target=target(wanted, installed)) == expected


@pytest.mark.parametrize(
    ("database", "says"),
    [
        ("", None),
        ("2.4.44", "still those of 2.4.44"),
        (BEFORE_FIRST_RELEASE, "between two releases"),
    ],
)
def test_code_and_database(database, says):
    found = list(database_behind_code(replace(target("3.2.7", "3.2.7"), schema_release=database)))
    findings = [(one.severity.value, says in one.message) for one in found]
    assert findings == ([("blocker", True)] if says else [])
