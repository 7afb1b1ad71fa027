"""Rules about the package set of the target."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.remediation import When, shell
from nautobot_upgrade_jobs.checks.rules.packages import (
    INSTALL_COMMAND,
    app_version_changes,
    conflict,
)
from nautobot_upgrade_jobs.facts.resolution import AppReleases
from tests.support.builders import resolution

CHANGED = AppReleases("nautobot-example", "1.0", "2.0", "1.1", "2.0")
INCOMPATIBLE = AppReleases("nautobot-stuck", "1.0", "", "1.0", "1.0")


@pytest.mark.parametrize(
    "check",
    [
        "app_version_changes",
        "no_compatible_release",
        "conflict",
        "yanked",
        "not_on_index",
        "unparsed_requirement_line",
        "sdist_only",
        "unverified_metadata",
    ],
)
def test_package_rules_on_a_clean_resolution_pass(findings_of, check):
    assert findings_of(f"packages.{check}", resolution=resolution()) == []


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        pytest.param(
            "app_version_changes", {"apps": (CHANGED,)}, [("info", "apps")], id="changed App"
        ),
        pytest.param(
            "no_compatible_release",
            {"apps": (INCOMPATIBLE,), "incompatible": {"nautobot-stuck": "…"}},
            [("blocker", "nautobot-stuck")],
            id="incompatible App",
        ),
        pytest.param(
            "no_compatible_release",
            {"incompatible": {"nautobot": "…"}},
            [("blocker", "nautobot")],
            id="incompatible core",
        ),
        pytest.param(
            "conflict",
            {"conflict": ("one", "other"), "excluded": ("other",)},
            [("blocker", "one + other")],
            id="conflict",
        ),
        pytest.param(
            "yanked", {"yanked": {"lib==1.0": "broken"}}, [("warning", "lib==1.0")], id="yanked"
        ),
        pytest.param(
            "not_on_index",
            {"not_on_index": ("private",)},
            [("warning", "index")],
            id="not on the index",
        ),
        pytest.param(
            "unparsed_requirement_line",
            {"unparsed_requirement_lines": ("-r more.txt",)},
            [("info", "local_requirements.txt")],
            id="unparsed requirement line",
        ),
        pytest.param(
            "sdist_only", {"sdist_only": ("promise==2.3",)}, [("info", "source")], id="sdist only"
        ),
        pytest.param(
            "unverified_metadata",
            {"unverified": ("raw",)},
            [("warning", "raw")],
            id="unverified metadata",
        ),
    ],
)
def test_package_rules_with_a_problem_report_it(findings_of, check, state, expected):
    assert findings_of(f"packages.{check}", resolution=resolution(**state)) == expected


def test_app_version_changes_without_a_compatible_release_passes(findings_of):
    state = resolution(apps=(INCOMPATIBLE,))
    assert findings_of("packages.app_version_changes", resolution=state) == []


def test_conflict_without_a_resolution_is_skipped(findings_of):
    assert findings_of("packages.conflict") == "skipped"


def test_app_version_changes_install_the_whole_set_in_one_command():
    state = resolution(apps=(CHANGED, replace(CHANGED, latest="3.0")))
    (finding,) = app_version_changes(state)
    assert finding.commands == (shell(INSTALL_COMMAND),)
    assert finding.when is When.WINDOW
    assert finding.evidence == (
        "nautobot-example: 1.0 to 2.0 (latest)",
        "nautobot-example: 1.0 to 2.0 (latest: 3.0)",
    )


def test_conflict_remediation_names_the_smallest_change():
    state = {
        "conflict": ("one", "other"),
        "excluded": ("gone", "other"),
        "incompatible": {"gone": ""},
    }
    (finding,) = conflict(resolution(**state))
    assert finding.remediation.startswith("Remove other,")
    assert "gone" not in finding.remediation


def test_conflict_lists_the_hint_after_a_long_explanation():
    reason = "\n".join([*(f"line {number}" for number in range(40)), "", "hint: Build a wheel."])
    resolved = resolution(conflict=("one", "other"), conflict_reason=reason)
    (found,) = conflict(resolved)
    assert found.evidence[0] == "line 0"
    assert found.evidence[-1] == "hint: Build a wheel."
    assert len(found.evidence) == 13
