"""The packages of the target: what is told of a set, and what is not."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.rules.releases import accidental_upgrade, other_targets
from nautobot_upgrade_jobs.checks.rules.resolution import INSTALL, app_releases, conflict
from nautobot_upgrade_jobs.facts import Apps
from nautobot_upgrade_jobs.facts.resolution import AppReleases, Weighed
from tests.builders import CATALOG, app, facts, resolution, target


def topic(check):
    return "releases" if check in ("accidental_upgrade", "other_targets") else "resolution"


MOVES = AppReleases("nautobot-example", "1.0", "2.0", "1.1", "2.0")
STUCK = AppReleases("nautobot-stuck", "1.0", "", "1.0", "1.0")


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("app_releases", {}, []),
        ("app_releases", {"apps": (MOVES,)}, [("info", "apps")]),
        ("app_releases", {"apps": (STUCK,)}, []),
        ("no_release_fits", {}, []),
        (
            "no_release_fits",
            {"apps": (STUCK,), "refused": {"nautobot-stuck": "…"}},
            [("blocker", "nautobot-stuck")],
        ),
        ("no_release_fits", {"refused": {"nautobot": "…"}}, [("blocker", "nautobot")]),
        ("conflict", {}, []),
        (
            "conflict",
            {"conflict": ("one", "other"), "left_out": ("other",)},
            [("blocker", "one + other")],
        ),
        ("yanked", {}, []),
        ("yanked", {"yanked": {"lib==1.0": "broken"}}, [("warning", "lib==1.0")]),
        ("unknown_to_the_index", {}, []),
        ("unknown_to_the_index", {"not_on_index": ("private",)}, [("warning", "index")]),
        ("requirements_file", {}, []),
        (
            "requirements_file",
            {"skipped": ("-r more.txt",)},
            [("info", "local_requirements.txt")],
        ),
        ("source_only", {}, []),
        ("source_only", {"source_only": ("promise==2.3",)}, [("info", "source")]),
        ("requirements_known", {}, []),
        ("requirements_known", {"assumed": ("raw",)}, [("warning", "raw")]),
        ("accidental_upgrade", {}, []),
        ("accidental_upgrade", {"apps": (MOVES,)}, [("info", "nautobot")]),
        ("accidental_upgrade", {"apps": (STUCK,)}, []),
    ],
)
def test_what_is_told(found, check, state, expected):
    assert found(f"{topic(check)}.{check}", resolution=resolution(**state)) == expected


def test_without_an_answer_of_the_index_nothing_is_told(found):
    assert found("resolution.conflict") == "skipped"


def test_all_are_installed_in_one_step():
    (finding,) = app_releases(resolution(apps=(MOVES, replace(MOVES, newest="3.0"))))
    assert finding.commands == (INSTALL,)
    assert finding.evidence == (
        "nautobot-example: 1.0 to 2.0; the newest of all",
        "nautobot-example: 1.0 to 2.0; the newest is 3.0",
    )


def test_the_smallest_change_is_named():
    state = {"conflict": ("one", "other"), "left_out": ("gone", "other"), "refused": {"gone": ""}}
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
    assert found("apps.refuses_target", facts(apps=Apps((REFUSES,), ())), **given) == expected


REACHABLE = Weighed("3.1.8", (), conflict=False, changes=40, apps=2)
REFUSED = Weighed("3.2.7", ("nautobot-stuck",), conflict=False, changes=0, apps=0)
CONFLICT = Weighed("3.2.7", (), conflict=True, changes=0, apps=0)


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
    (finding,) = other_targets(resolution(weighed=weighed), target(""), CATALOG)
    assert finding.message.startswith(begins)
    assert finding.evidence == evidence


def test_other_targets_are_no_matter_when_one_was_named(found):
    given = resolution(weighed=(REACHABLE,))
    assert found("releases.other_targets", resolution=given) == "not_applicable"
