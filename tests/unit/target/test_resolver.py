"""The whole set at once, from a folder of tiny wheels: what fits, and what does not."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Apps, Packages, Unavailable
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.facts.resolution import AlternativeTarget
from nautobot_upgrade_jobs.target.resolver import resolve
from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
from tests.support.installations import CORE, EXAMPLE, LIB, NEW, OLD, asked, versions
from tests.support.wheels import source, wheel


def test_nautobot_and_apps_are_the_newest_that_fit_and_the_rest_stays(index):
    found = asked(index)
    assert versions(found) == {"nautobot": "3.2.7", "example": "2.0", "lib": "1.0"}
    (example,) = found.apps
    assert (
        example.installed,
        example.within_current_release,
        example.compatible,
        example.latest,
    ) == (*("1.0", "1.1", "2.0", "2.0"),)
    assert not (found.incompatible or found.conflict or found.excluded or found.sdist_only)
    assert "--hash=sha256:" in found.constraints


def test_within_the_line_an_app_does_not_take_nautobot_along(index):
    found = asked(index, target="2.4.44")
    assert versions(found) == {"nautobot": "2.4.44", "example": "1.1", "lib": "1.0"}


def test_other_targets_are_weighed(index):
    wheel(index, "nautobot", "2.4.45", "lib>=1")
    wheel(index, "nautobot", "3.1.8", "lib>=2")
    wheel(index, "nautobot", "4.0.0", "lib>=1")
    found = asked(index, target="2.4.44", lines=("2.4", "3.1", "3.2", "4.0", "9.9"))
    assert found.alternatives == (
        AlternativeTarget("2.4.45", (), conflict=False, packages_changed=2, apps_changed=1),
        AlternativeTarget("3.1.8", (), conflict=False, packages_changed=3, apps_changed=1),
        AlternativeTarget("3.2.7", (), conflict=False, packages_changed=2, apps_changed=1),
        AlternativeTarget(
            "4.0.0", ("example",), conflict=False, packages_changed=0, apps_changed=0
        ),
    )


def test_who_wants_what_is_told(index):
    wanted = {one.name: one.required_by for one in asked(index).packages}
    assert wanted == {"nautobot": ("example",), "example": (), "lib": ("nautobot",)}


def test_an_app_of_which_no_release_fits_is_named_and_the_rest_is_resolved(index):
    wheel(index, "stuck", "1.0", OLD)
    found = asked(index, Package("stuck", "1.0", (OLD,), ""), apps=("example", "stuck"))
    assert list(found.incompatible) == list(found.excluded) == ["stuck"]
    assert "depend on nautobot<3" in found.incompatible["stuck"]
    assert versions(found) == {"nautobot": "3.2.7", "example": "2.0", "lib": "1.0"}
    assert not found.conflict


def test_an_old_release_without_a_limit_is_no_release_that_fits(index):
    """As nautobot-data-validation-engine 3.0.1, which states no upper bound, for Nautobot 3.2."""
    wheel(index, "stuck", "1.0", "nautobot>=2.0")
    wheel(index, "stuck", "2.0", OLD)
    found = asked(index, Package("stuck", "2.0", (OLD,), ""), apps=("example", "stuck"))
    assert list(found.incompatible) == ["stuck"]


def test_two_apps_that_need_different_versions_of_a_library(index):
    wheel(index, "other", "1.0", OLD)
    wheel(index, "other", "2.0", NEW, "lib<2")
    wheel(index, "third", "2.0", NEW, "lib>=2")
    found = asked(
        index,
        Package("other", "1.0", (OLD,), ""),
        Package("third", "2.0", (NEW, "lib>=2"), ""),
        apps=("example", "other", "third"),
    )
    assert set(found.conflict) == {"other", "third"}
    assert found.excluded == ("third",)
    assert "lib" in found.conflict_reason
    assert versions(found)["other"] == "2.0"
    assert not found.incompatible


def test_a_source_that_is_installed_is_taken_as_it_is_and_never_built(index):
    wheel(index, "nautobot", "3.2.8", "lib>=1", "raw>=1")
    source(index, "raw", "1.0", "lib")
    found = asked(index, Package("raw", "1.0", ("lib",), ""), target="3.2.8")
    assert found.sdist_only == ("raw==1.0",)
    assert not (index / "built").exists()


@pytest.fixture
def installed_from_source(index):
    """Version 1.0 of a library is installed from source; 0.9 and 1.1 have wheels."""
    wheel(index, "conn", "0.9")
    source(index, "conn", "1.0")
    wheel(index, "conn", "1.1")
    wheel(index, "driver", "1.0", "conn<1.1")
    wheel(index, "driver", "2.0", "conn>=1.0,<1.1")
    return Package("conn", "1.0", (), ""), Package("driver", "2.0", ("conn>=1.0,<1.1",), "")


def test_for_a_source_that_may_stay_nothing_else_goes_back(index, installed_from_source):
    """As napalm 5.2.0, which asks for an ncclient that has no wheel."""
    found = versions(asked(index, *installed_from_source))
    assert (found["driver"], found["conn"]) == ("2.0", "1.0")


def test_for_a_newer_app_a_source_gives_way(index, installed_from_source):
    conn, _ = installed_from_source
    wheel(index, "example", "2.1", NEW, "conn>=1.1")
    found = versions(asked(index, conn))
    assert (found["example"], found["conn"]) == ("2.1", "1.1")


def test_a_source_that_the_target_does_not_accept_gives_way(index, installed_from_source):
    conn, _ = installed_from_source
    wheel(index, "nautobot", "3.2.8", "lib>=1", "conn>=1.1")
    found = versions(asked(index, conn, target="3.2.8"))
    assert found["conn"] == "1.1"


def test_a_source_that_is_not_installed_is_named_and_never_built(index):
    wheel(index, "nautobot", "3.2.8", "raw>=1")
    source(index, "raw", "1.0")
    found = asked(index, target="3.2.8")
    assert found.unverified == ("raw",)
    assert versions(found)["raw"] == "1.0"
    assert not found.incompatible
    assert not (index / "built").exists()


def test_a_source_that_has_to_move_for_the_target_is_named_and_never_built(index):
    """As mysqlclient, which has no wheels, and of which Nautobot raises the minimum."""
    wheel(index, "nautobot", "3.2.8", "raw>=2")
    source(index, "raw", "1.0")
    source(index, "raw", "2.0")
    found = asked(index, Package("raw", "1.0", (), ""), target="3.2.8")
    assert versions(found)["raw"] == "2.0"
    assert (found.unverified, found.sdist_only) == (("raw",), ())
    assert not (index / "built").exists()


@pytest.mark.parametrize(("installed", "wanted"), [("1.0", True), ("2.0", False)])
def test_an_extra_counts_as_installed_in_the_versions_that_it_asks_for(installed, wanted):
    core = replace(CORE, requires=("lib>=1", 'raw<2; extra == "more"'))
    packages = Packages((core, LIB, Package("raw", installed, (), "")))
    wishes = RootRequirements(packages, Apps((), ()), "3.11.7")
    assert (wishes.core_requirement("3.2.7") == "nautobot[more]==3.2.7") == wanted


def test_what_no_index_has_is_named(index):
    found = asked(index, Package("private", "1.0", (), ""))
    assert found.not_on_index == ("private",)
    assert "private" not in versions(found)


def test_a_release_that_the_index_lost_is_named(index):
    found = asked(index, Package("tool", "0.9", (), ""))
    assert found.not_on_index == ("tool",)
    wheel(index, "tool", "1.0")
    found = asked(index, Package("tool", "0.9", (), ""))
    assert found.not_on_index == ("tool",)
    assert versions(found)["tool"] == "1.0"


def test_a_local_distribution_stays_and_what_it_asks_for_is_in_the_set(index):
    wheel(index, "helper", "1.0")
    ours = Package("ours", "0.1", ("helper", "nautobot>=2.4", "example==1.0"), "", local=True)
    found = asked(index, ours)
    assert found.local == ("ours",)
    assert versions(found)["helper"] == "1.0"
    assert versions(found)["example"] == "2.0"


def test_requirements_of_the_operator_are_in_the_set_but_not_their_old_limits(index):
    wheel(index, "extra", "1.0")
    found = asked(index, requirements_file=("example==1.0", "extra>=1", "--no-binary :all:"))
    assert versions(found)["extra"] == "1.0"
    assert versions(found)["example"] == "2.0"


def test_extras_that_are_installed_stay(index):
    wheel(index, "ldap", "1.0")
    wheel(index, "nautobot", "3.2.8", "ldap; extra == 'ldap'", "lib; extra == 'sso'")
    core = replace(CORE, requires=("lib>=1", "ldap; extra == 'ldap'", "sso; extra == 'sso'"))
    packages = Packages((core, LIB, Package("ldap", "1.0", (), "")))
    wishes = RootRequirements(packages, Apps((), ()), "3.11.7")
    assert wishes.core_requirement("3.2.8") == "nautobot[ldap]==3.2.8"
    found = resolve(wishes, "3.2.8", seconds=30, wheel_directory=str(index))
    assert versions(found)["ldap"] == "1.0"


def test_what_the_operator_asks_for_counts(index):
    wheel(index, "example", "2.1", NEW)
    wheel(index, "extra", "1.0")
    found = asked(index, wanted=("example==2.0", "extra", "lib>=2"))
    expected = {"nautobot": "3.2.7", "example": "2.0", "lib": "2.0", "extra": "1.0"}
    assert versions(found) == expected
    refused = asked(index, wanted=("example==1.0",))
    assert list(refused.incompatible) == ["example"]


def test_an_extra_that_the_operator_asks_for():
    wishes = RootRequirements(Packages((CORE,)), Apps((), ()), "3.11.7", ("nautobot[ldap,sso]",))
    assert wishes.resolve_roots("3.2.7") == ("nautobot[ldap,sso]==3.2.7",)


@pytest.mark.parametrize("target", ["9.9.9", "3.2.99"])
def test_a_target_that_the_index_does_not_have(index, target):
    found = asked(index, target=target)
    assert found.packages == ()
    assert list(found.incompatible) == ["nautobot"]


def test_a_folder_that_is_not_there_is_a_reason(tmp_path):
    found = asked(tmp_path / "nowhere")
    assert isinstance(found, Unavailable) or not found.packages


def test_an_index_that_does_not_answer_is_a_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:secret@127.0.0.1:1/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    wishes = RootRequirements(Packages((CORE,)), Apps((), ()), "3.11.7")
    found = resolve(wishes, "3.2.7", seconds=20)
    assert isinstance(found, Unavailable)
    assert "127.0.0.1:1" in found.reason
    assert "secret" not in found.reason


def test_the_time_limit_holds(index):
    packages = Packages((CORE, LIB, EXAMPLE))
    wishes = RootRequirements(packages, Apps((), ()), "3.11.7")
    found = resolve(wishes, "3.2.7", seconds=0, wheel_directory=str(index))
    assert isinstance(found, Unavailable)
    assert "in time" in found.reason


def test_a_folder_of_wheels_without_nautobot_is_named_and_no_index_is_blamed(tmp_path):
    found = asked(tmp_path)
    assert isinstance(found, Unavailable)
    assert found.reason == f"wheel_directory: {tmp_path} has no nautobot"
