"""Package sets with sdists, wheels and odd metadata."""

import pytest

from nautobot_upgrade_jobs.facts.packages import Package
from tests.support.installations import NEW, asked, versions
from tests.support.wheels import source, wheel


@pytest.fixture
def installed_from_source(index):
    """Version 1.0 of a library is installed from source; 0.9 and 1.1 have wheels."""
    wheel(index, "conn", "0.9")
    source(index, "conn", "1.0")
    wheel(index, "conn", "1.1")
    wheel(index, "driver", "1.0", "conn<1.1")
    wheel(index, "driver", "2.0", "conn>=1.0,<1.1")
    return Package("conn", "1.0", (), ""), Package("driver", "2.0", ("conn>=1.0,<1.1",), "")


def test_solve_installed_sdist_is_kept_and_not_built(index):
    wheel(index, "nautobot", "3.2.8", "lib>=1", "raw>=1")
    source(index, "raw", "1.0", "lib")
    found = asked(index, Package("raw", "1.0", ("lib",), ""), target="3.2.8")
    assert found.sdist_only == ("raw==1.0",)
    assert not (index / "built").exists()


def test_solve_kept_sdist_downgrades_nothing_else(index, installed_from_source):
    """As napalm 5.2.0, which asks for an ncclient that has no wheel."""
    found = versions(asked(index, *installed_from_source))
    assert (found["driver"], found["conn"]) == ("2.0", "1.0")


def test_solve_newer_app_releases_pinned_sdist(index, installed_from_source):
    conn, _ = installed_from_source
    wheel(index, "example", "2.1", NEW, "conn>=1.1")
    found = versions(asked(index, conn))
    assert (found["example"], found["conn"]) == ("2.1", "1.1")


def test_solve_sdist_rejected_by_target_is_replaced(index, installed_from_source):
    conn, _ = installed_from_source
    wheel(index, "nautobot", "3.2.8", "lib>=1", "conn>=1.1")
    found = versions(asked(index, conn, target="3.2.8"))
    assert found["conn"] == "1.1"


def test_solve_new_sdist_is_unverified_and_not_built(index):
    wheel(index, "nautobot", "3.2.8", "raw>=1")
    source(index, "raw", "1.0")
    found = asked(index, target="3.2.8")
    assert found.unverified == ("raw",)
    assert versions(found)["raw"] == "1.0"
    assert not found.incompatible
    assert not (index / "built").exists()


def test_solve_sdist_that_must_change_is_unverified_and_not_built(index):
    """As mysqlclient, which has no wheels, and of which Nautobot raises the minimum."""
    wheel(index, "nautobot", "3.2.8", "raw>=2")
    source(index, "raw", "1.0")
    source(index, "raw", "2.0")
    found = asked(index, Package("raw", "1.0", (), ""), target="3.2.8")
    assert versions(found)["raw"] == "2.0"
    assert (found.unverified, found.sdist_only) == (("raw",), ())
    assert not (index / "built").exists()


@pytest.mark.parametrize("installed", ["", "0.9"])
def test_solve_version_without_a_wheel_of_a_distribution_with_other_wheels(index, installed):
    """As graphene-django-optimizer, of which 2.4 requires a version that has no wheel."""
    wheel(index, "nautobot", "3.2.8", "raw>=1,<2")
    wheel(index, "raw", "0.9")
    source(index, "raw", "1.0")
    wheel(index, "raw", "2.0")
    more = [Package("raw", installed, (), "")] if installed else []
    found = asked(index, *more, target="3.2.8")
    assert versions(found).get("raw") == "1.0"
    assert found.unverified == ("raw",)
    assert not (index / "built").exists()


def test_solve_new_environment_keeps_no_installed_version(index):
    assert versions(asked(index))["lib"] == "1.0"
    assert versions(asked(index, new=True))["lib"] == "2.0"


@pytest.mark.parametrize(
    "odd",
    [
        Package("odd", "1.0", ("lib>=1.0.*", "lib; sys_platform == win32", "lib>1-x"), "3"),
        Package("odd", "1.0", ("lib @ git+https://user:planted@example.com/lib.git",), ""),
        Package("odd", "2004d", (), ""),
        Package("odd", "", (), ""),
    ],
)
def test_solve_odd_metadata_of_one_distribution_affects_no_other(index, odd):
    wheel(index, "odd", "1.0")
    found = asked(index, odd)
    assert versions(found)["nautobot"] == "3.2.7"
    assert "planted" not in found.constraints


@pytest.mark.parametrize("name", ["UV_NO_CONFIG", "UV_CONFIG_FILE"])
def test_solve_user_settings_never_build_an_sdist(index, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    wheel(index, "nautobot", "3.2.8", "raw>=1")
    source(index, "raw", "1.0")
    asked(index, Package("raw", "1.0", ("lib",), ""), target="3.2.8")
    assert not (index / "built").exists()


def test_solve_local_version_of_an_sdist_is_distinct(index):
    source(index, "raw", "1.0")
    source(index, "raw", "1.0+corp")
    asked(index, Package("raw", "1.0", (), ""))
    assert not (index / "built").exists()
