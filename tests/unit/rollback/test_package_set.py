"""How the packages of an earlier state come back: all of them, some Apps, or one alone."""

import shlex
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Packages, Unavailable
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.rollback.package_set import Alone, Return, files_of, packages
from tests.support.builders import database, runtime

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
    assert "V(version('example')) == V('1.0')" in shlex.split(step.verify)[-1]


@pytest.mark.parametrize(
    ("layout", "file"),
    [("virtualenv", True), ("release symlink", True), ("container image", False)],
)
def test_apps_that_were_named_come_back_in_every_layout(layout, file):
    found = replace(back(then=NOW, named=NAMED), runtime=runtime(layout=layout))
    assert list(files_of(found)) == (["rollback-requirements.txt"] if file else [])
    used = [one for one in commands(found) if "rollback-requirements.txt" in one]
    assert bool(used) is file


def test_a_folder_of_wheels_is_what_pip_is_told():
    found = back(then=NOW, named=NAMED, wheel_directory="/srv/my wheels")
    told = "python -m pip install --no-index --find-links='/srv/my wheels' --no-deps"
    assert commands(found)[0].startswith(told)
    assert commands(replace(found, alone=ALONE))[0].startswith(told)


def test_one_app_alone_is_told_by_the_operator():
    (step,) = packages(back(alone=ALONE))
    assert step.commands == ('python -m pip install --no-deps "$OLD_APP"',)
    assert "version('example') != '2.0'" in shlex.split(step.verify)[-1]


def test_an_app_that_goes_is_taken_out_of_the_configuration_first():
    first, second = packages(back(alone=replace(ALONE, target="zero")))
    assert "example_app" in first.commands[0] and "PLUGINS" in first.title
    assert second.commands == ("python -m pip uninstall --yes example",)


def test_an_app_that_no_distribution_brings_is_nobodys_to_install():
    own = replace(ALONE, distribution="")
    (only,) = packages(back(alone=replace(own, target="zero")))
    assert "PLUGINS" in only.title
    (step,) = packages(back(alone=own))
    assert step.commands == ("nautobot-server migrate --check example",)


@pytest.mark.parametrize("name", ["x; reboot", "$(reboot)", "a'b", "`reboot`"])
def test_a_hostile_name_stays_one_word(name):
    """A shell that reads the command finds the name inside of one word, or not at all."""
    alone = Alone(name, name, name, name, name)
    named = ((name, name),)
    for found in (
        back(alone=alone),
        back(alone=replace(alone, target="zero")),
        back(alone=replace(alone, distribution="")),
        back(then=NOW, named=named),
    ):
        for step in packages(found):
            for command in filter(None, (*step.commands, step.verify)):
                words = shlex.split(command)
                if name in command or repr(name) in command:
                    assert any(name in word for word in words), command
                assert not {"reboot", "reboot;", ";"} & set(words)
