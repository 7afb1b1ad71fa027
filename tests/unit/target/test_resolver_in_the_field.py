"""What installations hold that no standard foresees: none of it may hide the rest, or run code."""

import pytest

from nautobot_upgrade_jobs.facts import Apps, Packages, Unavailable
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.target.requirement_lines import (
    is_plain_requirement,
    parse_python_specifier,
    parse_requirement,
)
from nautobot_upgrade_jobs.target.resolver import resolve
from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
from tests.support.installations import CORE, LIB, NEW, OLD, asked, versions
from tests.support.wheels import source, wheel


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("lib>=1.0.*", "lib>=1.0"),
        ("lib (>=1.0)", "lib>=1.0"),
        ("lib==1.0 --hash=sha256:aa", "lib==1.0"),
        ("lib[x]>=1; python_version < '4'", 'lib[x]>=1; python_version < "4"'),
        ("lib @ https://example.com/lib.whl", "lib"),
        ("-r other.txt", None),
        ("git+https://example.com/lib.git", None),
        ("lib; sys_platform == win32", None),
    ],
)
def test_requirements(text, understood):
    line = parse_requirement(text)
    assert (str(line) if line else None) == understood


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("lib==1.0 --hash=sha256:aa", True),
        ("lib>=1", True),
        ("lib @ https://example.com/lib.whl", False),
        ("-r other.txt", False),
    ],
)
def test_what_counts_in_part_only(text, whole):
    assert is_plain_requirement(text) is whole


@pytest.mark.parametrize(("text", "read"), [(">=3.6.*", ">=3.6"), ("3", ""), (">=3.8", ">=3.8")])
def test_limits_on_python(text, read):
    assert parse_python_specifier(text) == read


@pytest.mark.parametrize(
    "odd",
    [
        Package("odd", "1.0", ("lib>=1.0.*", "lib; sys_platform == win32", "lib>1-x"), "3"),
        Package("odd", "1.0", ("lib @ git+https://user:planted@example.com/lib.git",), ""),
        Package("odd", "2004d", (), ""),
        Package("odd", "", (), ""),
    ],
)
def test_one_odd_distribution_does_not_hide_the_rest(index, odd):
    wheel(index, "odd", "1.0")
    found = asked(index, odd)
    assert versions(found)["nautobot"] == "3.2.7"
    assert "planted" not in found.constraints


def test_an_address_with_a_password_goes_nowhere(index):
    wheel(index, "helper", "1.0")
    address = "helper @ http://user:planted@127.0.0.1:1/helper-1.0-py3-none-any.whl"
    ours = Package("ours", "0.1", (address,), "", local=True)
    found = asked(index, ours, requirements_file=(address, "-r more.txt"))
    assert versions(found)["helper"] == "1.0"
    assert "planted" not in repr((found.packages, found.constraints, found.incompatible))
    assert found.unparsed_requirement_lines == (address, "-r more.txt")


@pytest.mark.parametrize("name", ["UV_NO_CONFIG", "UV_CONFIG_FILE"])
def test_no_setting_of_the_users_lets_a_source_be_built(index, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    wheel(index, "nautobot", "3.2.8", "raw>=1")
    source(index, "raw", "1.0")
    asked(index, Package("raw", "1.0", ("lib",), ""), target="3.2.8")
    assert not (index / "built").exists()


def test_a_local_version_of_a_source_is_another_one(index):
    source(index, "raw", "1.0")
    source(index, "raw", "1.0+corp")
    asked(index, Package("raw", "1.0", (), ""))
    assert not (index / "built").exists()


def test_a_folder_without_nautobot_is_no_answer(tmp_path):
    wheel(tmp_path, "lib", "1.0")
    found = asked(tmp_path)
    assert isinstance(found, Unavailable)
    assert "no nautobot" in found.reason


def test_an_app_that_no_index_has_says_nothing_of_the_others(index):
    private = Package("private", "1.0", (OLD, "helper"), "")
    wheel(index, "helper", "1.0")
    found = asked(index, private, apps=("example", "private"))
    assert [one.distribution for one in found.apps] == ["example"]
    assert found.apps[0].latest == "2.0"
    assert versions(found)["helper"] == "1.0"


def test_two_conflicts_at_once(index):
    wheel(index, "dep", "1.0")
    wheel(index, "dep", "2.0")
    apps = []
    for name, line in (("a", "lib<2"), ("b", "lib>=2"), ("c", "dep<2"), ("d", "dep>=2")):
        wheel(index, name, "1.0", NEW, line)
        apps.append(Package(name, "1.0", (NEW, line), ""))
    found = asked(index, *apps, apps=("example", "a", "b", "c", "d"))
    assert set(found.conflict) == {"a", "b", "c", "d"}
    assert len(found.excluded) == 2
    assert versions(found)["example"] == "2.0"


def test_the_reason_of_a_conflict_is_its_own(index):
    wheel(index, "stuck", "1.0", OLD)
    wheel(index, "a", "1.0", NEW, "lib<2")
    wheel(index, "b", "1.0", NEW, "lib>=2")
    more = [Package("stuck", "1.0", (OLD,), "")]
    more += [Package("a", "1.0", (NEW, "lib<2"), ""), Package("b", "1.0", (NEW, "lib>=2"), "")]
    found = asked(index, *more, apps=("stuck", "a", "b"))
    assert list(found.incompatible) == ["stuck"]
    assert "stuck" not in found.conflict_reason
    assert "lib" in found.conflict_reason


@pytest.mark.parametrize(
    ("requires", "installed", "extras"),
    [
        (("ldap; extra == 'all' or extra == 'ldap'",), ("ldap",), "[ldap]"),
        (("ldap; extra == 'all' or extra == 'ldap'",), (), ""),
        (("auth[saml]; extra == 'sso'",), ("auth",), ""),
        (("auth[saml]; extra == 'sso'",), ("auth", "saml"), "[sso]"),
    ],
)
def test_extras_of_nautobot_are_those_of_which_all_is_installed(requires, installed, extras):
    """Of 2.4.44 every extra is in `all`; of 3.2.7 `sso` is an extra of what is always there."""
    packages = [Package("nautobot", "2.4.44", requires, "")]
    for name in installed:
        needs = ("saml; extra == 'saml'",) if name == "auth" else ()
        packages.append(Package(name, "1.0", needs, ""))
    wishes = RootRequirements(Packages(tuple(packages)), Apps((), ()), "3.11.7")
    assert wishes.core_requirement("3.2.7") == f"nautobot{extras}==3.2.7"


def test_extras_of_an_app_stay(index):
    found = asked(index, requirements_file=("example[aci]==1.0",))
    assert versions(found)["example"] == "2.0"
    packages = Packages((CORE, Package("example", "1.0", (), "")), ("example[aci]==1.0",))
    wishes = RootRequirements(packages, Apps((), ()), "3.11.7")
    assert wishes.app_distributions == ()


def test_an_app_of_which_one_half_fits_costs_few_questions(index, monkeypatch):
    from nautobot_upgrade_jobs.target.uv import Uv

    asked_ = []
    compile_ = Uv.compile
    monkeypatch.setattr(
        Uv, "compile", lambda self, *words: asked_.append(words) or compile_(self, *words)
    )
    apps = [Package(f"app{at}", "1.0", (), "") for at in range(64)]
    for one in apps:
        wheel(index, one.name, "1.0")
    wheel(index, "stuck", "1.0", OLD)
    names = (*(one.name for one in apps), "stuck")
    found = asked(index, *apps, Package("stuck", "1.0", (OLD,), ""), apps=names)
    assert list(found.incompatible) == ["stuck"]
    assert len(asked_) < 40


def test_a_full_disk_or_no_folder_for_it_is_a_reason(index, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    wishes = RootRequirements(Packages((CORE, LIB)), Apps((), ()), "3.11.7")
    found = resolve(wishes, "3.2.7", seconds=30, wheel_directory=str(index))
    assert isinstance(found, Unavailable)
