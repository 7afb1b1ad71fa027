"""Changes of the environment by the package set of a target."""

import pytest

from nautobot_upgrade_jobs.facts import Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.facts.resolution import AppReleases, ResolvedPackage
from nautobot_upgrade_jobs.upgrade.package_changes import (
    changed_apps,
    package_changes,
    unresolvable_packages,
)
from tests.support.builders import resolution


def resolve(*pins, **changes):
    packages = tuple(ResolvedPackage(name, version, ()) for name, version in pins)
    return resolution(packages=packages, **changes)


@pytest.mark.parametrize(
    ("installed", "resolved", "expected"),
    [
        pytest.param([("lib", "1")], [("lib", "1")], [], id="same version"),
        pytest.param([("Lib_A", "1")], [("lib-a", "1")], [], id="other spelling"),
        pytest.param([("lib", "1")], [("lib", "2")], [("lib", "1", "2")], id="changed"),
        pytest.param([], [("lib", "2")], [("lib", "", "2")], id="added"),
        pytest.param(
            [("lib", "1")],
            [("other", "1")],
            [("lib", "1", ""), ("other", "", "1")],
            id="removed and added",
        ),
        pytest.param([("pip", "26")], [("lib", "1")], [("lib", "", "1")], id="installer package"),
        pytest.param([("lib", "1")], [], [], id="nothing resolved"),
    ],
)
def test_package_changes_by_name(installed, resolved, expected):
    packages = Packages(tuple(Package(name, version, (), "") for name, version in installed))
    changes = package_changes(packages, resolve(*resolved))
    assert [(change.name, change.before, change.after) for change in changes] == expected


@pytest.mark.parametrize(
    ("package", "changes"),
    [
        pytest.param(Package("ours", "1", (), "", local=True), {}, id="local"),
        pytest.param(Package("stuck", "1", (), ""), {"excluded": ("stuck",)}, id="excluded"),
        pytest.param(
            Package("private", "1", (), ""), {"not_on_index": ("private",)}, id="not on the index"
        ),
    ],
)
def test_package_changes_ignore_local_and_excluded_packages(package, changes):
    installed = Packages((package, Package("lib", "1", (), "")))
    assert list(package_changes(installed, resolve(("lib", "1"), **changes))) == []


@pytest.mark.parametrize(
    ("package", "resolved", "expected"),
    [
        pytest.param(Package("Ours", "1", (), "", local=True), ["other"], ("Ours==1",), id="local"),
        pytest.param(
            Package("private", "1", (), ""), ["other"], ("private==1",), id="not on the index"
        ),
        pytest.param(Package("private", "1", (), ""), ["private"], (), id="in the set"),
        pytest.param(Package("ours", "1", (), "", local=True), [], (), id="nothing resolved"),
        pytest.param(Package("gone", "1", (), ""), ["other"], (), id="no longer required"),
        pytest.param(
            Package("pip", "26", (), "", local=True), ["other"], (), id="installer package"
        ),
    ],
)
def test_unresolvable_packages_lists_local_and_unindexed_packages(package, resolved, expected):
    found = resolve(*((name, "1") for name in resolved), not_on_index=("private",))
    assert unresolvable_packages(Packages((package,)), found) == expected


@pytest.mark.parametrize(
    ("installed", "compatible", "changes"),
    [
        ("1.0", "2.0", True),
        ("2.0", "1.0", True),
        ("1.0", "1.0", False),
        ("1.0.0", "1.0", False),
        ("no version", "no version", False),
        ("1.0", "", False),  # no release fits, which is another finding
    ],
)
def test_changed_apps_have_another_release_in_the_set(installed, compatible, changes):
    app = AppReleases("nautobot-example", installed, compatible, "", "")
    assert changed_apps(resolve(("lib", "1"), apps=(app,))) == ([app] if changes else [])
