"""Root requirements: extras, local packages and requests of the operator."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Apps, Packages
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.target.deadline import Deadline
from nautobot_upgrade_jobs.target.resolver import resolve
from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
from tests.support.installations import CORE, LIB, NEW, asked, versions
from tests.support.wheels import wheel


@pytest.mark.parametrize(("installed", "wanted"), [("1.0", True), ("2.0", False)])
def test_installed_extras_require_matching_versions(installed, wanted):
    core = replace(CORE, requires=("lib>=1", 'raw<2; extra == "more"'))
    packages = Packages((core, LIB, Package("raw", installed, (), "")))
    wishes = RootRequirements(packages, Apps((), ()), "3.11.7")
    assert (wishes.core_requirement("3.2.7") == "nautobot[more]==3.2.7") == wanted


def test_resolve_roots_local_distribution_is_kept_with_its_requirements(index):
    wheel(index, "helper", "1.0")
    ours = Package("ours", "0.1", ("helper", "nautobot>=2.4", "example==1.0"), "", local=True)
    found = asked(index, ours)
    assert found.local == ("ours",)
    assert versions(found)["helper"] == "1.0"
    assert versions(found)["example"] == "2.0"


def test_resolve_roots_requirements_file_counts_without_old_bounds(index):
    wheel(index, "extra", "1.0")
    found = asked(index, requirements_file=("example==1.0", "extra>=1", "--no-binary :all:"))
    assert versions(found)["extra"] == "1.0"
    assert versions(found)["example"] == "2.0"


def test_core_requirement_keeps_installed_extras(index):
    wheel(index, "ldap", "1.0")
    wheel(index, "nautobot", "3.2.8", "ldap; extra == 'ldap'", "lib; extra == 'sso'")
    core = replace(CORE, requires=("lib>=1", "ldap; extra == 'ldap'", "sso; extra == 'sso'"))
    packages = Packages((core, LIB, Package("ldap", "1.0", (), "")))
    wishes = RootRequirements(packages, Apps((), ()), "3.11.7")
    assert wishes.core_requirement("3.2.8") == "nautobot[ldap]==3.2.8"
    found = resolve(wishes, "3.2.8", deadline=Deadline(30), wheel_directory=str(index))
    assert versions(found)["ldap"] == "1.0"


def test_resolve_roots_extra_requirements_take_precedence(index):
    wheel(index, "example", "2.1", NEW)
    wheel(index, "extra", "1.0")
    found = asked(index, wanted=("example==2.0", "extra", "lib>=2"))
    expected = {"nautobot": "3.2.7", "example": "2.0", "lib": "2.0", "extra": "1.0"}
    assert versions(found) == expected
    refused = asked(index, wanted=("example==1.0",))
    assert list(refused.incompatible) == ["example"]


def test_core_requirement_adds_requested_extra():
    wishes = RootRequirements(Packages((CORE,)), Apps((), ()), "3.11.7", ("nautobot[ldap,sso]",))
    assert wishes.resolve_roots("3.2.7") == ("nautobot[ldap,sso]==3.2.7",)


@pytest.mark.parametrize(
    ("requires", "installed", "extras"),
    [
        (("ldap; extra == 'all' or extra == 'ldap'",), ("ldap",), "[ldap]"),
        (("ldap; extra == 'all' or extra == 'ldap'",), (), ""),
        (("auth[saml]; extra == 'sso'",), ("auth",), ""),
        (("auth[saml]; extra == 'sso'",), ("auth", "saml"), "[sso]"),
    ],
)
def test_installed_extras_are_those_with_all_requirements(requires, installed, extras):
    """Of 2.4.44 every extra is in `all`; of 3.2.7 `sso` is an extra of what is always there."""
    packages = [Package("nautobot", "2.4.44", requires, "")]
    for name in installed:
        needs = ("saml; extra == 'saml'",) if name == "auth" else ()
        packages.append(Package(name, "1.0", needs, ""))
    wishes = RootRequirements(Packages(tuple(packages)), Apps((), ()), "3.11.7")
    assert wishes.core_requirement("3.2.7") == f"nautobot{extras}==3.2.7"


def test_resolve_roots_app_keeps_its_extras(index):
    found = asked(index, requirements_file=("example[aci]==1.0",))
    assert versions(found)["example"] == "2.0"
    packages = Packages((CORE, Package("example", "1.0", (), "")), ("example[aci]==1.0",))
    wishes = RootRequirements(packages, Apps((), ()), "3.11.7")
    assert wishes.app_distributions == ()
