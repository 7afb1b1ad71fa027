"""Rules about releases other than the target."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.catalog import AppStep
from nautobot_upgrade_jobs.checks.registry import NotApplicable
from nautobot_upgrade_jobs.checks.remediation import When, shell
from nautobot_upgrade_jobs.checks.rules.releases import (
    accidental_upgrade,
    alternative_targets,
    app_steps,
    security_advisories,
)
from nautobot_upgrade_jobs.facts import Tables
from nautobot_upgrade_jobs.facts.resolution import AlternativeTarget, AppReleases
from nautobot_upgrade_jobs.facts.tables import Table
from tests.support.builders import CATALOG, resolution, target

CHANGED = AppReleases("nautobot-example", "1.0", "2.0", "1.1", "2.0")
INCOMPATIBLE = AppReleases("nautobot-stuck", "1.0", "", "1.0", "1.0")
RESOLVABLE = AlternativeTarget("3.1.8", (), conflict=False, packages_changed=40, apps_changed=2)
UNRESOLVABLE = AlternativeTarget(
    "3.2.7", ("nautobot-stuck",), conflict=False, packages_changed=0, apps_changed=0
)
CONFLICT = AlternativeTarget("3.2.7", (), conflict=True, packages_changed=0, apps_changed=0)


@pytest.mark.parametrize(
    ("apps", "expected"),
    [
        pytest.param((), [], id="no Apps"),
        pytest.param((CHANGED,), [("info", "nautobot")], id="newer release for another Nautobot"),
        pytest.param((INCOMPATIBLE,), [], id="no newer release"),
    ],
)
def test_accidental_upgrade_by_a_newer_app_informs(findings_of, apps, expected):
    state = resolution(apps=apps) if apps else resolution()
    assert findings_of("releases.accidental_upgrade", resolution=state) == expected


def test_accidental_upgrade_command_pins_nautobot():
    (finding,) = accidental_upgrade(resolution(apps=(CHANGED,)), target(installed="2.4.44"))
    assert finding.commands == (shell("pip install nautobot==2.4.44 nautobot-example==1.1"),)
    assert finding.when is When.WINDOW  # the command changes the live environment


def test_alternative_targets_name_the_newest_resolvable_release():
    state = resolution(alternatives=(RESOLVABLE, UNRESOLVABLE))
    (finding,) = alternative_targets(state, target(""), CATALOG)
    assert "The newest other release that all packages support is 3.1.8" in finding.message
    assert finding.commands == (shell("nautobot-server upgrade_jobs preflight --target 3.1.8"),)
    assert finding.evidence == (
        "3.1.8: 40 changed packages, including 2 Apps, 40 core migrations",
        "3.2.7: no compatible release of nautobot-stuck",
    )


@pytest.mark.parametrize(
    ("others", "message", "evidence"),
    [
        ((), "packages support is 3.2.7", "is part of Nautobot; remove the separate App"),
        (
            ("nautobot-stuck",),
            "No other release is supported",
            "no compatible release of nautobot-stuck",
        ),
    ],
)
def test_alternative_targets_an_app_that_core_includes_rules_nothing_out(others, message, evidence):
    incompatible = ("nautobot-data-validation-engine", *others)
    alternative = AlternativeTarget("3.2.7", incompatible, False, 0, 0)
    (finding,) = alternative_targets(resolution(alternatives=(alternative,)), target(""), CATALOG)
    assert message in finding.message
    assert finding.evidence[0].endswith(evidence)


def test_alternative_targets_without_a_resolvable_release_have_no_command():
    (finding,) = alternative_targets(resolution(alternatives=(CONFLICT,)), target(""), CATALOG)
    assert finding.commands == ()
    assert finding.evidence == ("3.2.7: conflicting requirements",)


def test_alternative_targets_with_a_chosen_target_do_not_apply(findings_of):
    state = resolution(alternatives=(RESOLVABLE,))
    assert findings_of("releases.alternative_targets", resolution=state) == "not_applicable"


STEP = AppStep("nautobot-example", "2.0.0", "after", "The rows move.", "Run the Job.", "https://x")
OPTIONAL = replace(STEP, since="1.5", optional=True)
OF_TABLE = replace(STEP, tables=("example_old",))
ROWS = Tables((Table("example_old", 3, True),), ())
EMPTY = Tables((Table("example_old", 0, True), Table("dcim_device", 3, True)), ())
ESTIMATED = Tables((Table("example_old", 0, False),), ())
REQUIRED = ("warning", "nautobot-example 2.0.0")


@pytest.mark.parametrize(
    ("installed", "compatible", "steps", "tables", "expected"),
    [
        pytest.param("1.0", "2.0", (STEP,), EMPTY, [REQUIRED], id="reached exactly"),
        pytest.param("1.0", "3.1", (STEP,), EMPTY, [REQUIRED], id="passed"),
        pytest.param("2.0", "3.1", (STEP,), EMPTY, [], id="done with the installed release"),
        pytest.param("1.0", "1.9", (STEP,), EMPTY, [], id="not reached"),
        pytest.param("3.0", "1.0", (STEP,), EMPTY, [], id="older release"),
        pytest.param("1.0", "", (STEP,), EMPTY, [], id="no compatible release"),
        pytest.param(
            "1.0",
            "2.0",
            (OPTIONAL, STEP),
            EMPTY,
            [("info", "nautobot-example 1.5"), REQUIRED],
            id="an optional step before a required one",
        ),
        pytest.param(
            "1.0", "2.0", (replace(STEP, distribution="other"),), EMPTY, [], id="another App"
        ),
        pytest.param("1.0", "2.0", (OF_TABLE,), ROWS, [REQUIRED], id="the table has rows"),
        pytest.param("1.0", "2.0", (OF_TABLE,), EMPTY, [], id="the table is empty"),
        pytest.param("1.0", "2.0", (OF_TABLE,), Tables((), ()), [], id="no such table"),
        pytest.param("1.0", "2.0", (OF_TABLE,), ESTIMATED, [REQUIRED], id="an estimate of 0"),
    ],
)
def test_app_steps_between_the_releases_of_an_app(installed, compatible, steps, tables, expected):
    change = AppReleases("Nautobot_Example", installed, compatible, "1.1", "2.0")
    catalog = replace(CATALOG, app_steps=steps)
    found = app_steps(resolution(apps=(change,)), catalog, tables)
    assert [(each.severity.value, each.subject) for each in found] == expected


def test_app_steps_of_the_catalog_have_unique_subjects_and_a_known_moment():
    subjects = [(step.distribution, step.since) for step in CATALOG.app_steps]
    assert len(set(subjects)) == len(subjects)
    assert {When(step.when) for step in CATALOG.app_steps} <= set(When)


@pytest.mark.parametrize(
    ("installed", "version", "found"),
    [
        ("2.4.44", "3.2.7", []),
        ("2.4.44", "2.4.44", []),
        ("2.4.40", "2.4.44", [("installed", "info", 6)]),
        ("2.4.40", "3.1.8", [("installed", "info", 0), ("target", "warning", 14)]),
        ("2.4.44", "3.1.8", [("target", "warning", 14)]),
        ("3.1.8", "3.1.8", [("target", "warning", 14)]),  # the line has ended
        ("2.4.43", "2.4.43", [("target", "info", 3)]),
        ("2.4.43", "3.2.7", [("installed", "info", 3)]),
    ],
)
def test_security_advisories(installed, version, found):
    findings = list(security_advisories(CATALOG, target(version, installed)))
    shown = [(each.subject, each.severity.value, len(each.evidence)) for each in findings]
    assert shown == [one for one in found if one[2]]


@pytest.mark.parametrize(("version", "newest"), [("2.4.43", "2.4.44"), ("3.1.8", "3.2.7")])
def test_security_advisories_name_the_nearest_release_with_all_fixes(version, newest):
    (finding,) = security_advisories(CATALOG, target(version, version))
    assert newest in finding.remediation
    assert finding.commands == (shell(f"nautobot-server upgrade_jobs preflight --target {newest}"),)


def test_security_advisories_of_a_release_after_the_catalog_are_unknown():
    with pytest.raises(NotApplicable):
        list(security_advisories(CATALOG, target("3.2.99")))
