"""Where an installation stands among the releases."""

from datetime import date

import pytest

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.ui.release_status import release_status

TODAY = date(2026, 11, 22)


def at(version):
    return release_status(load_catalog(), version, TODAY)


def test_an_old_patch_of_the_line_of_long_term_maintenance():
    found = at("2.4.22")
    assert found.in_catalog
    assert found.age_days == (TODAY - found.released).days > 0
    assert found.latest_patch == load_catalog().line("2.4").newest.version
    assert found.latest == load_catalog().newest().version
    assert "long-term maintenance" in found.maintenance


def test_the_newest_release_has_nothing_beyond_it():
    found = at(load_catalog().newest().version)
    assert (found.latest_patch, found.latest) == ("", "")
    assert found.maintenance == f"Line {load_catalog().lines[-1].name} gets patch releases."


def test_a_line_that_has_ended():
    assert "has ended" in at("2.3.0").maintenance


@pytest.mark.parametrize("version", ["9.9.9", "3.2.7.dev1", "3.2.99"])
def test_a_release_that_the_catalog_does_not_know_is_not_guessed_at(version):
    found = at(version)
    assert not found.in_catalog
    assert found.released is None


def test_without_a_catalog_that_is_said():
    assert release_status(Unavailable("damaged"), "2.4.44", TODAY).unavailable_reason == "damaged"
