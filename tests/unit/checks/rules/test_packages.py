"""The packages of the target: what is told of a set, and what is not."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.rules.packages import (
    INSTALL_COMMAND,
    app_version_changes,
    conflict,
)
from nautobot_upgrade_jobs.checks.rules.releases import accidental_upgrade, alternative_targets
from nautobot_upgrade_jobs.facts import Apps
from nautobot_upgrade_jobs.facts.resolution import AlternativeTarget, AppReleases
from tests.support.builders import CATALOG, app, facts, resolution, target


def topic(check):
    return "releases" if check in ("accidental_upgrade", "alternative_targets") else "packages"


MOVES = AppReleases("nautobot-example", "1.0", "2.0", "1.1", "2.0")
STUCK = AppReleases("nautobot-stuck", "1.0", "", "1.0", "1.0")


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("app_version_changes", {}, []),
        ("app_version_changes", {"apps": (MOVES,)}, [("info", "apps")]),
        ("app_version_changes", {"apps": (STUCK,)}, []),
        ("no_compatible_release", {}, []),
        (
            "no_compatible_release",
            {"apps": (STUCK,), "incompatible": {"nautobot-stuck": "…"}},
            [("blocker", "nautobot-stuck")],
        ),
        ("no_compatible_release", {"incompatible": {"nautobot": "…"}}, [("blocker", "nautobot")]),
        ("conflict", {}, []),
        (
            "conflict",
            {"conflict": ("one", "other"), "excluded": ("other",)},
            [("blocker", "one + other")],
        ),
        ("yanked", {}, []),
        ("yanked", {"yanked": {"lib==1.0": "broken"}}, [("warning", "lib==1.0")]),
        ("not_on_index", {}, []),
        ("not_on_index", {"not_on_index": ("private",)}, [("warning", "index")]),
        ("unparsed_requirement_line", {}, []),
        (
            "unparsed_requirement_line",
            {"unparsed_requirement_lines": ("-r more.txt",)},
            [("info", "local_requirements.txt")],
        ),
        ("sdist_only", {}, []),
        ("sdist_only", {"sdist_only": ("promise==2.3",)}, [("info", "source")]),
        ("unverified_metadata", {}, []),
        ("unverified_metadata", {"unverified": ("raw",)}, [("warning", "raw")]),
        ("accidental_upgrade", {}, []),
        ("accidental_upgrade", {"apps": (MOVES,)}, [("info", "nautobot")]),
        ("accidental_upgrade", {"apps": (STUCK,)}, []),
    ],
)
def test_what_is_told(found, check, state, expected):
    assert found(f"{topic(check)}.{check}", resolution=resolution(**state)) == expected


def test_without_an_answer_of_the_index_nothing_is_told(found):
    assert found("packages.conflict") == "skipped"


def test_all_are_installed_in_one_step():
    (finding,) = app_version_changes(resolution(apps=(MOVES, replace(MOVES, latest="3.0"))))
    assert finding.commands == (INSTALL_COMMAND,)
    assert finding.evidence == (
        "nautobot-example: 1.0 to 2.0; the newest of all",
        "nautobot-example: 1.0 to 2.0; the newest is 3.0",
    )


def test_the_smallest_change_is_named():
    state = {
        "conflict": ("one", "other"),
        "excluded": ("gone", "other"),
        "incompatible": {"gone": ""},
    }
    (finding,) = conflict(resolution(**state))
    assert finding.remediation.startswith("Without other there is a set")


def test_nautobot_is_held_where_it_is():
    (finding,) = accidental_upgrade(resolution(apps=(MOVES,)), target(installed="2.4.44"))
    assert finding.commands == ("pip install nautobot==2.4.44 nautobot-example==1.1",)


REFUSES = app(nautobot_requirements=(">=2.4,<3",))


@pytest.mark.parametrize(
    ("state", "blocks"),
    [
        (None, True),
        ({"apps": (replace(MOVES, installed="2.0.0"),)}, False),
        ({"apps": (), "packages": ()}, True),
    ],
)
def test_an_installed_app_that_refuses_is_nothing_when_the_index_has_one_that_fits(
    found, state, blocks
):
    given = {"resolution": resolution(**state)} if state is not None else {}
    expected = [("blocker", "nautobot_example")] if blocks else []
    assert (
        found("apps.incompatible_with_target", facts(apps=Apps((REFUSES,), ())), **given)
        == expected
    )


REACHABLE = AlternativeTarget("3.1.8", (), conflict=False, packages_changed=40, apps_changed=2)
REFUSED = AlternativeTarget(
    "3.2.7", ("nautobot-stuck",), conflict=False, packages_changed=0, apps_changed=0
)
CONFLICT = AlternativeTarget("3.2.7", (), conflict=True, packages_changed=0, apps_changed=0)


@pytest.mark.parametrize(
    ("weighed", "begins", "evidence"),
    [
        (
            (REACHABLE, REFUSED),
            "Of the other releases, 3.1.8",
            (
                "3.1.8: 40 packages change, 2 Apps among them, 40 core migrations",
                "3.2.7: no release fits of nautobot-stuck",
            ),
        ),
        ((CONFLICT,), "For no other release", ("3.2.7: requirements do not go together",)),
    ],
)
def test_other_targets(weighed, begins, evidence):
    (finding,) = alternative_targets(resolution(alternatives=weighed), target(""), CATALOG)
    assert finding.message.startswith(begins)
    assert finding.evidence == evidence


def test_other_targets_are_no_matter_when_one_was_named(found):
    given = resolution(alternatives=(REACHABLE,))
    assert found("releases.alternative_targets", resolution=given) == "not_applicable"
