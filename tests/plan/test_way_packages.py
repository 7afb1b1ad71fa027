"""How the packages of an earlier state come back: all of them, some Apps, or one alone."""

import pytest

from nautobot_upgrade_jobs.facts import Packages, Unavailable
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.plan.way_packages import Alone, Return, files_of, packages
from tests.builders import database, runtime

NOW = Packages((Package("nautobot", "3.2.7", (), ""), Package("example", "2.0", (), "")))
UNKNOWN = Unavailable("there is no snapshot of that state")
NAMED = (("example", "1.0"),)
ALONE = Alone("example", "example_app", "example", "2.0", "0004_x")


def back(then=UNKNOWN, **changes):
    return Return(runtime(), database(), NOW, then, (), **changes)


def commands(found):
    return [command for step in packages(found) for command in step.commands]


@pytest.mark.parametrize(
    ("found", "files"),
    [
        (back(), {"before-upgrade.nautobot_config.py", "before-upgrade.requirements.txt"}),
        (
            back(then=NOW, release="2.4.44", snapshot="s.json.gz"),
            {"before-upgrade.nautobot_config.py", "rollback-requirements.txt"},
        ),
        (
            back(release="2.4.44", named=(("nautobot", "2.4.44"),)),
            {"before-upgrade.nautobot_config.py", "before-upgrade.requirements.txt"},
        ),
        (back(then=NOW, named=NAMED), {"rollback-requirements.txt"}),
        (back(alone=ALONE), set()),
    ],
)
def test_the_files_that_are_needed(found, files):
    assert set(files_of(found)) == files
    assert any("nautobot_config.py" in one for one in commands(found)) == (len(files) > 1)


def test_releases_that_were_named_are_proven_by_name():
    (step,) = packages(back(then=NOW, named=NAMED))
    assert "version(example) == 1.0" in step.verify.replace('"', "").replace("'", "")


def test_one_app_alone_is_told_by_the_operator():
    (step,) = packages(back(alone=ALONE))
    assert step.commands == ('python -m pip install --no-deps "$OLD_APP"',)
    assert "!= " in step.verify and "2.0" in step.verify


def test_an_app_that_goes_is_taken_out_of_the_configuration_first():
    alone = Alone("example", "example_app", "example", "2.0", "zero")
    first, second = packages(back(alone=alone))
    assert "example_app" in first.commands[0] and "PLUGINS" in first.title
    assert second.commands == ("python -m pip uninstall --yes example",)
    (only,) = packages(back(alone=Alone("example", "example_app", "", "", "zero")))
    assert "PLUGINS" in only.title


@pytest.mark.parametrize("name", ["x; rm -rf /", "$(reboot)", "a'b"])
def test_a_hostile_name_stays_one_word(name):
    for target in ("zero", "0004_x"):
        alone = Alone(name, name, name, name, target)
        for step in packages(back(alone=alone)):
            for command in (*step.commands, step.verify):
                assert f" {name}" not in command
