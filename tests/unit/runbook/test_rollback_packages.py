"""How the packages of an earlier state come back: all of them, some Apps, or one alone."""

import shlex
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Packages, Unavailable
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.rollback.package_set import (
    RollbackPlan,
    SingleAppRollback,
    required_files,
)
from nautobot_upgrade_jobs.runbook.layouts import choose_layout
from nautobot_upgrade_jobs.runbook.rollback_packages import package_steps as steps_in_layout
from tests.support.builders import database, known, runtime

NOW = Packages((Package("nautobot", "3.2.7", (), ""), Package("example", "2.0", (), "")))
UNKNOWN = Unavailable("there is no snapshot of that state")
NAMED = (("example", "1.0"),)
ALONE = SingleAppRollback("example", "example_app", "example", "2.0", "0004_x")


def back(then=UNKNOWN, **changes):
    return RollbackPlan(runtime(), known(), database(), NOW, then, (), **changes)


def package_steps(found):
    layout = choose_layout(found.deployment, found.runtime, found.database)
    return tuple(steps_in_layout(found, layout))


def commands(found):
    return [command for step in package_steps(found) for command in step.commands]


@pytest.mark.parametrize(
    ("found", "files"),
    [
        (back(), {"before-upgrade.nautobot_config.py", "before-upgrade.requirements.txt"}),
        (
            back(then=NOW, release="2.4.44", snapshot="s.json.gz"),
            {"before-upgrade.nautobot_config.py", "rollback-requirements.txt"},
        ),
        (
            back(release="2.4.44", named_versions=(("nautobot", "2.4.44"),)),
            {"before-upgrade.nautobot_config.py", "before-upgrade.requirements.txt"},
        ),
        (back(then=NOW, named_versions=NAMED), {"rollback-requirements.txt"}),
        (
            back(then=NOW, named_versions=NAMED, has_unhashed_packages=True),
            {"rollback-requirements.txt", "rollback-requirements-without-hashes.txt"},
        ),
        (back(single_app=ALONE), set()),
    ],
)
def test_required_files_by_plan(found, files):
    assert set(required_files(found)) == files
    assert all(any(name in one for one in commands(found)) for name in files)


def test_package_steps_named_releases_are_verified_by_name():
    (step,) = package_steps(back(then=NOW, named_versions=NAMED))
    assert "V(version('example')) == V('1.0')" in shlex.split(step.verify)[-1]


@pytest.mark.parametrize(
    ("layout", "file"),
    [("virtualenv", True), ("release link", True), ("compose", False)],
)
def test_package_steps_named_apps_are_installed_in_every_layout(layout, file):
    found = replace(back(then=NOW, named_versions=NAMED), deployment=known(layout))
    assert list(required_files(found)) == (["rollback-requirements.txt"] if file else [])
    used = [one for one in commands(found) if "rollback-requirements.txt" in one]
    assert bool(used) is file


def test_package_steps_wheel_directory_is_passed_to_pip():
    found = back(then=NOW, named_versions=NAMED, wheel_directory="/srv/my wheels")
    install = "python -m pip install --no-index --find-links='/srv/my wheels' --no-deps"
    assert commands(found)[0].startswith(install)
    assert commands(replace(found, single_app=ALONE))[0].startswith(install)


def test_package_steps_single_app_uses_the_operators_release():
    (step,) = package_steps(back(single_app=ALONE))
    assert step.commands == ('python -m pip install --no-deps "$OLD_APP"',)
    assert "version('example') != '2.0'" in shlex.split(step.verify)[-1]


def test_package_steps_removed_app_leaves_the_configuration_first():
    first, second = package_steps(back(single_app=replace(ALONE, target="zero")))
    assert "example_app" in first.commands[0] and "PLUGINS" in first.title
    assert second.commands == ("python -m pip uninstall --yes example",)


def test_package_steps_app_without_distribution_is_restored_by_hand():
    own = replace(ALONE, distribution="")
    (only,) = package_steps(back(single_app=replace(own, target="zero")))
    assert "PLUGINS" in only.title
    (step,) = package_steps(back(single_app=own))
    assert step.commands == ("nautobot-server migrate --check example",)


@pytest.mark.parametrize("name", ["x; reboot", "$(reboot)", "a'b", "`reboot`"])
def test_package_steps_hostile_name_is_quoted(name):
    """A shell that reads the command finds the name inside of one word, or not at all."""
    alone = SingleAppRollback(name, name, name, name, name)
    named = ((name, name),)
    for found in (
        back(single_app=alone),
        back(single_app=replace(alone, target="zero")),
        back(single_app=replace(alone, distribution="")),
        back(then=NOW, named_versions=named),
    ):
        for step in package_steps(found):
            for command in filter(None, (*step.commands, step.verify)):
                words = shlex.split(command)
                if name in command or repr(name) in command:
                    assert any(name in word for word in words), command
                assert not {"reboot", "reboot;", ";"} & set(words)
