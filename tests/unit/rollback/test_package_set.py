"""The packages of the previous state, and from where they can be installed."""

import pytest

from nautobot_upgrade_jobs.facts import Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.rollback.package_set import (
    list_unavailable_packages,
    pins_without_index,
    uses_requirements_file,
    without_installers,
)


def create_packages(*pins, local=()):
    return Packages(
        tuple(
            Package(name, version, (), "", local=name in local)
            for name, _, version in (pin.partition("==") for pin in pins)
        )
    )


def names(packages):
    return [package.name for package in packages.installed]


def test_without_installers_keeps_all_other_packages():
    packages = create_packages("nautobot==2.4.44", "Pip==25.0", "uv==0.8.1", "pipdeptree==2.0")
    assert names(without_installers(packages)) == ["nautobot", "pipdeptree"]


def test_pins_without_index_are_sorted_and_leave_local_packages_as_comments():
    previous = create_packages("ours==1.0", "nautobot==2.4.44", "Django==4.2.1", local=("ours",))
    pinned = pins_without_index(previous, create_packages(), "no network")
    assert pinned.requirements.splitlines() == [
        "Django==4.2.1",
        "nautobot==2.4.44",
        "# ours==1.0 was installed from a folder or a file",
    ]
    assert pinned.unavailable == ("ours==1.0",)
    assert pinned.unchecked_reason == "no network"


@pytest.mark.parametrize(
    ("current", "local", "not_on_index", "unavailable"),
    [
        ((), (), (), ()),
        ((), ("Our.App",), (), ("Our.App==1.0",)),
        ((), (), ("our-app",), ("Our.App==1.0",)),
        (("our_app==1.0",), ("Our.App",), (), ()),  # still installed under another spelling
        (("our_app==2.0",), ("Our.App",), (), ("Our.App==1.0",)),
        ((), (), ("another",), ()),
    ],
)
def test_list_unavailable_packages_by_origin(current, local, not_on_index, unavailable):
    previous = create_packages("Our.App==1.0", "nautobot==2.4.44", local=local)
    found = list_unavailable_packages(previous, create_packages(*current), not_on_index)
    assert found == unavailable


@pytest.mark.parametrize(
    ("layout", "whole", "used"),
    [
        ("virtualenv", True, True),
        ("virtualenv", False, True),
        ("git checkout", True, True),
        ("git checkout", True, True),
        ("release link", True, False),
        ("release link", False, True),
        ("compose", True, False),
        ("compose", False, False),
    ],
)
def test_uses_requirements_file_by_layout(layout, whole, used):
    assert uses_requirements_file(layout, whole=whole) is used
