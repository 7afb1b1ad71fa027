"""Where an installation stands among the releases."""

from datetime import date

import pytest

from nautobot_upgrade_jobs.catalog import load
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.ui.release_status import standing

TODAY = date(2026, 11, 22)


def at(version):
    return standing(load(), version, TODAY)


def test_an_old_patch_of_the_line_of_long_term_maintenance():
    found = at("2.4.22")
    assert found.known
    assert found.days == (TODAY - found.released).days > 0
    assert found.patch == load().line("2.4").newest.version
    assert found.newest == load().newest().version
    assert "long-term maintenance" in found.maintenance


def test_the_newest_release_has_nothing_beyond_it():
    found = at(load().newest().version)
    assert (found.patch, found.newest) == ("", "")
    assert found.maintenance == f"Line {load().lines[-1].name} gets patch releases."


def test_a_line_that_has_ended():
    assert "has ended" in at("2.3.0").maintenance


@pytest.mark.parametrize("version", ["9.9.9", "3.2.7.dev1", "3.2.99"])
def test_a_release_that_the_catalog_does_not_know_is_not_guessed_at(version):
    found = at(version)
    assert not found.known
    assert found.released is None


def test_without_a_catalog_that_is_said():
    assert standing(Unavailable("damaged"), "2.4.44", TODAY).why_not == "damaged"
