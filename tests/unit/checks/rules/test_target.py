"""Rules about the target release."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nautobot_upgrade_jobs.catalog.target_release import BEFORE_FIRST_RELEASE
from nautobot_upgrade_jobs.checks.rules.target import database_behind_code
from tests.support.builders import CATALOG, facts, runtime, target


@pytest.mark.parametrize(
    ("installed", "release", "expected"),
    [
        pytest.param("2.4.44", "3.2.7", [], id="other line"),
        pytest.param("3.2.0", "3.2.7", [], id="same line"),
        pytest.param("2.4.44", "3.2.99", "skipped", id="unknown patch release"),
        pytest.param("2.4.44", "4.0.0", "skipped", id="unknown line"),
        pytest.param("2.4.44", "3.2.0rc1", "skipped", id="pre-release"),
    ],
)
def test_not_in_catalog_with_an_unknown_release_is_skipped(
    findings_of, installed, release, expected
):
    assert findings_of("target.not_in_catalog", target=target(release, installed)) == expected


@pytest.mark.parametrize(
    ("installed", "release", "expected"),
    [
        pytest.param("2.4.44", "3.2.7", [], id="newer line"),
        pytest.param("3.2.6", "3.2.7", [], id="newer patch release"),
        pytest.param("3.2.7", "2.4.44", [("blocker", "2.4.44")], id="older line"),
        pytest.param("3.2.7", "3.2.6", [("blocker", "3.2.6")], id="older patch release"),
        pytest.param("3.2.7", "3.2.7", [("info", "same-release")], id="same release"),
        pytest.param("3.2.7", "", [], id="same release, not chosen"),
        pytest.param("2.4.44", "3.3.0a1", [], id="newer pre-release"),
    ],
)
def test_not_newer_target_blocks(findings_of, installed, release, expected):
    assert findings_of("target.not_newer", target=target(release, installed)) == expected


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("3.2.7", []),
        ("3.2.7.post1", []),
        ("3.3.0a1", [("warning", "3.3.0a1")]),
        ("3.3.0rc1", [("warning", "3.3.0rc1")]),
        ("3.3.0.dev2", [("warning", "3.3.0.dev2")]),
    ],
)
def test_pre_release_target_warns(findings_of, release, expected):
    assert findings_of("target.pre_release", target=target(release, "2.4.44")) == expected


@pytest.mark.parametrize(
    ("installed", "release", "expected"),
    [
        pytest.param("2.4.44", "3.2.7", [], id="released later"),
        pytest.param("2.4.43", "2.4.44", [], id="same line"),
        pytest.param("2.4.44", "3.0.11", [("warning", "3.0.11")], id="3.0 released earlier"),
        pytest.param("2.4.44", "3.1.8", [("warning", "3.1.8")], id="3.1 released earlier"),
        pytest.param("2.4.10", "3.0.11", [], id="older installed release"),
    ],
)
def test_older_release_date_of_the_target_warns(findings_of, installed, release, expected):
    check = "target.older_release_date"
    assert findings_of(check, target=target(release, installed)) == expected


@pytest.mark.parametrize(
    ("installed", "release", "expected"),
    [
        pytest.param("2.4.44", "3.2.7", [], id="2.4 to 3.2"),
        pytest.param("3.0.11", "3.2.7", [], id="3.0 to 3.2"),
        pytest.param("2.1.4", "2.4.44", [], id="2.1 to 2.4"),
        pytest.param("2.1.4", "3.2.7", [("warning", "2.4.44")], id="2.1 to 3.2"),
        pytest.param("1.5.24", "2.4.44", [("warning", "1.6.32")], id="1.5 to 2.4"),
    ],
)
def test_intermediate_stops_that_are_recommended_warn(findings_of, installed, release, expected):
    assert findings_of("target.intermediate_stop", target=target(release, installed)) == expected


def test_intermediate_stops_across_a_python_gap_block(findings_of):
    """1.2.11 supports Python up to 3.10, so one interpreter may not run both it and 3.2.7."""
    findings = findings_of("target.intermediate_stop", target=target("3.2.7", "1.1.0"))
    assert "blocker" in {severity for severity, _ in findings}


@pytest.mark.parametrize(
    ("installed", "release", "expected"),
    [
        pytest.param("2.4.44", "", [("info", "3.2.7")], id="newer line"),
        pytest.param("3.2.7", "", [], id="newest line"),
        pytest.param("2.4.44", "2.4.44", "not_applicable", id="same release chosen"),
        pytest.param("2.4.44", "3.2.7", "not_applicable", id="newest release chosen"),
    ],
)
def test_newer_line_available_without_a_chosen_target_informs(
    findings_of, installed, release, expected
):
    assert findings_of("target.newer_line_available", target=target(release, installed)) == expected


def test_database_behind_code_with_all_migrations_applied_passes():
    assert list(database_behind_code(target("3.2.7", "3.2.7"))) == []


@pytest.mark.parametrize(
    ("schema_release", "text"),
    [
        pytest.param("2.4.44", "still has the schema of 2.4.44", id="known release"),
        pytest.param(BEFORE_FIRST_RELEASE, "matches no release", id="between releases"),
    ],
)
def test_database_behind_code_blocks_and_names_the_schema(schema_release, text):
    state = replace(target("3.2.7", "3.2.7"), schema_release=schema_release)
    (finding,) = database_behind_code(state)
    assert finding.severity.value == "blocker"
    assert text in finding.message


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, []), (-3, []), (180, []), (181, [("warning", "catalog")]), (None, "not_applicable")],
)
def test_old_catalog_is_a_warning_after_half_a_year(findings_of, days, expected):
    today = "" if days is None else (CATALOG.date + timedelta(days=days)).isoformat()
    state = facts(runtime=runtime(today=today))
    assert findings_of("target.old_catalog", state) == expected
