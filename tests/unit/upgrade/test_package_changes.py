"""What the set for a target changes in the environment."""

import pytest

from nautobot_upgrade_jobs.facts import Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.facts.resolution import ResolvedPackage
from nautobot_upgrade_jobs.upgrade.package_changes import brought_along, package_changes
from tests.support.builders import resolution


@pytest.mark.parametrize(
    ("installed", "resolved", "stories"),
    [
        ([("lib", "1")], [("lib", "1")], []),
        ([("Lib_A", "1")], [("lib-a", "1")], []),
        ([("lib", "1")], [("lib", "2")], ["lib 1 to 2"]),
        ([], [("lib", "2")], ["lib new: 2"]),
        ([("lib", "1")], [("other", "1")], ["lib 1, not needed any more", "other new: 1"]),
        ([("pip", "26")], [("lib", "1")], ["lib new: 1"]),
        ([("lib", "1")], [], []),
    ],
)
def test_what_changes(installed, resolved, stories):
    packages = Packages(tuple(Package(name, version, (), "") for name, version in installed))
    found = resolution(packages=tuple(ResolvedPackage(name, one, ()) for name, one in resolved))
    assert [f"{one.name} {one.story}" for one in package_changes(packages, found)] == stories


def test_what_is_local_or_left_out_is_no_change():
    packages = Packages(
        (
            Package("ours", "1", (), "", local=True),
            Package("stuck", "1", (), ""),
            Package("private", "1", (), ""),
        )
    )
    assert (
        list(
            package_changes(
                packages, resolution(excluded=("stuck",), not_on_index=("private",), packages=())
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("package", "in_set", "told"),
    [
        (Package("Ours", "1", (), "", local=True), ["other"], ("Ours==1",)),
        (Package("private", "1", (), ""), ["other"], ("private==1",)),
        (Package("private", "1", (), ""), ["private"], ()),
        (Package("ours", "1", (), "", local=True), [], ()),
        (Package("gone", "1", (), ""), ["other"], ()),
        (Package("pip", "26", (), "", local=True), ["other"], ()),
    ],
)
def test_what_has_to_be_brought_along(package, in_set, told):
    found = resolution(
        packages=tuple(ResolvedPackage(name, "1", ()) for name in in_set), not_on_index=("private",)
    )
    assert brought_along(Packages((package,)), found) == told
