"""The state before the upgrade, as an operator types it."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.app_settings import Configuration
from nautobot_upgrade_jobs.catalog.target_release import choose_target
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.facts import Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot
from nautobot_upgrade_jobs.target.app_release import AppRelease
from nautobot_upgrade_jobs.workflows.context import RunContext, RunRequest, read_catalog
from nautobot_upgrade_jobs.workflows.rollback_destination import parse_rollback_target
from nautobot_upgrade_jobs.workflows.rollback_target import (
    NO_SNAPSHOT,
    InstalledPackages,
    SnapshotArgument,
)
from tests.support.builders import app, facts, migration, migrations, runtime

CATALOG = read_catalog()
CONTEXT = RunContext(
    RunRequest(),
    Configuration("here"),
    CATALOG,
    choose_target(CATALOG, "3.2.7", ""),
    exclude=frozenset(),
    acceptances=(),
    requirements=(),
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


def parse(text, **known):
    installed = InstalledPackages(
        (EXAMPLE,), PACKAGES, lambda requirement, module: RELEASES[requirement]
    )
    return parse_rollback_target(
        text, NO_SNAPSHOT, HERE, CONTEXT, known.get("installed", installed)
    )


def test_parse_rollback_target_release_of_an_app():
    target = parse("nautobot-example==1.0.0")
    assert set(RECORDED) - target.recorded == {"example.0002"}
    assert {package.name: package.version for package in target.packages.installed} == {
        "nautobot": "3.2.7",
        "Nautobot_Example": "1.0.0",
    }
    assert (target.release, target.named_versions) == ("", (("nautobot-example", "1.0.0"),))


def test_parse_rollback_target_releases_of_core_and_app():
    target = parse("nautobot==3.1.8 nautobot-example==0.4")  # whatever is installed today
    core = CATALOG.migrations("3.1.8")
    assert target.recorded == core | {"example.0001", "other.0001"}
    assert target.release == "3.1.8"
    assert target.packages.reason  # an unresolved set


@pytest.mark.parametrize("text", ["v3.1.8", "nautobot==3.1.8", "nautobot==v3.1.8"])
def test_parse_rollback_target_version_is_normalized(text):
    assert parse(text).release == "3.1.8"


def test_parse_rollback_target_local_app_is_installed_from_the_index():
    local = replace(PACKAGES.installed[1], local=True)
    packages = Packages((PACKAGES.installed[0], local))
    installed = InstalledPackages(
        (EXAMPLE,), packages, lambda requirement, module: RELEASES[requirement]
    )
    _, package = parse("nautobot-example==1.0.0", installed=installed).packages.installed
    assert (package.version, package.local) == ("1.0.0", False)


def test_parse_rollback_target_migration_concerns_one_app():
    app_rollback = parse("example 0001").single_app
    assert (app_rollback.module, app_rollback.target, app_rollback.version) == (
        "nautobot_example",
        "0001",
        "2.0.0",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Name the state to roll back to"),
        ("nautobot-example>=1", "is not a Nautobot release"),
        ("nautobot-example==1.*", "is not a release such as"),
        ("nautobot-example==1.0.0,==1.1", "is not a release such as"),
        ("nautobot-example[x]==;", "is not a release such as"),
        ("nautobot-example==1.0.0;python_version>'3'", "is not a release such as"),
        ("nautobot-other==1.0.0", "No enabled App is part of 'nautobot-other'"),
        ("nautobot-example==0.5", "its migration example.0000_older is not applied"),
        (
            "nautobot-example==0.4",
            "it requires nautobot<3, but 3.2.7 is installed; "
            "it requires absent>=1, but no version is installed",
        ),
        ("nautobot-example==0.3", "it requires absent, but no version is installed"),
        ("nautobot-example==1.0.0 Nautobot_Example==0.4", "nautobot-example is named twice"),
        ("nautobot==3.1.8 nautobot==3.0.11", "nautobot is named twice"),
        ("nautobot==9.9.9", "does not contain Nautobot 9.9.9"),
        ("nautobot==1.x", "is not a release such as"),
        ("example 0009", "has no migration"),
    ],
)
def test_parse_rollback_target_invalid_text_is_refused(text, message):
    with pytest.raises(UsageError) as refused:
        parse(text)
    assert message in str(refused.value)


PINS = [
    ("local\n--extra-index-url https://evil.example/", "1.0"),
    ("plain", "1.0\nhttps://evil.example/x.whl"),
    ("plain", "1.0 --index-url=https://evil.example/"),
    ("-r", "1.0"),
    ("plain @ https://evil.example/x.whl #", "1.0"),
    ("nautobot", ""),
]


@pytest.mark.parametrize(("name", "version"), PINS)
def test_parse_rollback_target_hostile_snapshot_is_refused(name, version):
    packages = Packages((Package(name, version, (), "", local=True),))
    with pytest.raises(UsageError, match="has an invalid package"):
        parse_snapshot(facts(packages=packages))


def test_parse_rollback_target_invalid_release_in_snapshot_is_refused():
    with pytest.raises(UsageError, match="has an invalid package"):
        parse_snapshot(facts(runtime=runtime(nautobot="2.4.44` <img src=x> `")))


@pytest.mark.parametrize(
    ("name", "version"),
    [("ruamel.yaml", "0.18.6"), ("pytz", "2004d"), ("x", "1!2.0.post1+local.1"), ("A_b-c", "0")],
)
def test_parse_rollback_target_unusual_names_are_accepted(name, version):
    packages = Packages((Package(name, version, (), ""),))
    assert parse_snapshot(facts(packages=packages)).packages == packages


def parse_snapshot(known):
    snapshot = Snapshot("here", "2026-11-20T12:00:00+00:00", "test", known)
    return parse_rollback_target("", SnapshotArgument(snapshot), HERE, CONTEXT, InstalledPackages())


def test_parse_rollback_target_without_nautobot_cannot_inspect_releases():
    with pytest.raises(UsageError, match="cannot be inspected"):
        parse("nautobot-example==1.0.0", installed=InstalledPackages((EXAMPLE,), PACKAGES))
