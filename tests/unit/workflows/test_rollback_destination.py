"""Where a way back is to lead, as somebody types it."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.app_settings import Configuration, UsageError
from nautobot_upgrade_jobs.catalog.target_release import choose_target
from nautobot_upgrade_jobs.facts import Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot
from nautobot_upgrade_jobs.target.app_release import AppRelease
from nautobot_upgrade_jobs.workflows.context import RunContext, read_catalog
from nautobot_upgrade_jobs.workflows.rollback_destination import (
    NO_SNAPSHOT,
    InstalledPackages,
    SnapshotArgument,
    parse_rollback_target,
)
from tests.support.builders import app, facts, migration, migrations, runtime

CATALOG = read_catalog()
ASKED = RunContext(
    Configuration("here"), CATALOG, choose_target(CATALOG, "3.2.7", ""), frozenset(), (), ()
)
RECORDED = ("example.0001", "example.0002", "other.0001", *sorted(CATALOG.migrations("3.2.7")))
HERE = migrations(tuple(migration(key) for key in RECORDED), RECORDED)
PACKAGES = Packages(
    (Package("nautobot", "3.2.7", (), ""), Package("Nautobot_Example", "2.0.0", (), ""))
)
RELEASES = {
    "nautobot-example==1.0.0": AppRelease(frozenset({"0001"}), ("nautobot>=3", "x; extra == 'y'")),
    "nautobot-example==0.5": AppRelease(frozenset({"0001", "0000_older"})),
    "nautobot-example==0.3": AppRelease(frozenset({"0001"}), ("absent",)),
    "nautobot-example==0.4": AppRelease(frozenset({"0001"}), ("nautobot<3", "absent>=1")),
}
EXAMPLE = app(module="nautobot_example", label="example", distribution="Nautobot_Example")


def to(text, **known):
    installed = InstalledPackages(
        (EXAMPLE,), PACKAGES, lambda requirement, module: RELEASES[requirement]
    )
    return parse_rollback_target(text, NO_SNAPSHOT, HERE, ASKED, known.get("installed", installed))


def test_a_release_of_an_app():
    found = to("nautobot-example==1.0.0")
    assert set(RECORDED) - found.recorded == {"example.0002"}
    assert {one.name: one.version for one in found.packages.installed} == {
        "nautobot": "3.2.7",
        "Nautobot_Example": "1.0.0",
    }
    assert (found.release, found.named) == ("", (("nautobot-example", "1.0.0"),))


def test_a_release_of_core_and_one_of_an_app():
    found = to("nautobot==3.1.8 nautobot-example==0.4")  # whatever is installed today
    core = CATALOG.migrations("3.1.8")
    assert found.recorded == core | {"example.0001", "other.0001"}
    assert found.release == "3.1.8"
    assert found.packages.reason  # a set that nobody has resolved


@pytest.mark.parametrize("text", ["v3.1.8", "nautobot==3.1.8", "nautobot==v3.1.8"])
def test_a_version_is_read_as_what_it_means(text):
    assert to(text).release == "3.1.8"


def test_an_app_from_a_folder_comes_back_from_the_index():
    own = replace(PACKAGES.installed[1], local=True)
    own = Packages((PACKAGES.installed[0], own))
    installed = InstalledPackages(
        (EXAMPLE,), own, lambda requirement, module: RELEASES[requirement]
    )
    _, found = to("nautobot-example==1.0.0", installed=installed).packages.installed
    assert (found.version, found.local) == ("1.0.0", False)


def test_a_migration_of_an_app_is_one_of_it_alone():
    found = to("example 0001").alone
    assert (found.module, found.target, found.version) == ("nautobot_example", "0001", "2.0.0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Name the state to go back to"),
        ("nautobot-example>=1", "Nautobot"),
        ("nautobot-example==1.*", "is no release"),
        ("nautobot-example==1.0.0,==1.1", "is no release"),
        ("nautobot-example[x]==;", "is no release"),
        ("nautobot-example==1.0.0;python_version>'3'", "is no release"),
        ("nautobot-other==1.0.0", "No enabled App comes with 'nautobot-other'"),
        ("nautobot-example==0.5", "its migration example.0000_older is not applied"),
        (
            "nautobot-example==0.4",
            "wants nautobot<3, and there is 3.2.7; it wants absent>=1, and there is none",
        ),
        ("nautobot-example==0.3", "it wants absent, and there is none"),
        ("nautobot-example==1.0.0 Nautobot_Example==0.4", "nautobot-example is named twice"),
        ("nautobot==3.1.8 nautobot==3.0.11", "nautobot is named twice"),
        ("nautobot==9.9.9", "knows no Nautobot 9.9.9"),
        ("nautobot==1.x", "is no release"),
        ("example 0009", "has no migration"),
    ],
)
def test_what_is_none(text, words):
    with pytest.raises(UsageError) as told:
        to(text)
    assert words in str(told.value)


PINS = [
    ("local\n--extra-index-url https://evil.example/", "1.0"),
    ("plain", "1.0\nhttps://evil.example/x.whl"),
    ("plain", "1.0 --index-url=https://evil.example/"),
    ("-r", "1.0"),
    ("plain @ https://evil.example/x.whl #", "1.0"),
    ("nautobot", ""),
]


@pytest.mark.parametrize(("name", "version"), PINS)
def test_a_snapshot_from_outside_puts_nothing_else_into_a_file_of_requirements(name, version):
    packages = Packages((Package(name, version, (), "", local=True),))
    with pytest.raises(UsageError, match="names a package that cannot be one"):
        back_to(facts(packages=packages))


def test_a_release_in_a_snapshot_is_one():
    with pytest.raises(UsageError, match="names a package that cannot be one"):
        back_to(facts(runtime=runtime(nautobot="2.4.44` <img src=x> `")))


@pytest.mark.parametrize(
    ("name", "version"),
    [("ruamel.yaml", "0.18.6"), ("pytz", "2004d"), ("x", "1!2.0.post1+local.1"), ("A_b-c", "0")],
)
def test_odd_names_that_exist_are_taken(name, version):
    packages = Packages((Package(name, version, (), ""),))
    assert back_to(facts(packages=packages)).packages == packages


def back_to(known):
    snapshot = Snapshot("here", "2026-11-20T12:00:00+00:00", "test", known)
    return parse_rollback_target("", SnapshotArgument(snapshot), HERE, ASKED, InstalledPackages())


def test_without_a_nautobot_nobody_looks_into_a_release():
    with pytest.raises(UsageError, match="nobody looks"):
        to("nautobot-example==1.0.0", installed=InstalledPackages((EXAMPLE,), PACKAGES))
