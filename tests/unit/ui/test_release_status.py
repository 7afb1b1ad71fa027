"""The status of the installed release."""

from datetime import date

import pytest

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.ui.release_status import release_status

TODAY = date(2026, 11, 22)


def status_of(version):
    return release_status(load_catalog(), version, TODAY)


def test_release_status_old_ltm_patch_names_newer_releases():
    status = status_of("2.4.22")
    assert status.in_catalog
    assert status.age_days == (TODAY - status.released).days > 0
    assert status.latest_patch == load_catalog().line("2.4").newest.version
    assert status.latest == load_catalog().newest().version
    assert "long-term maintenance" in status.maintenance


def test_release_status_newest_release_has_no_newer_one():
    status = status_of(load_catalog().newest().version)
    assert (status.latest_patch, status.latest) == ("", "")
    assert status.maintenance == f"Line {load_catalog().lines[-1].name} gets patch releases."


def test_release_status_ended_line_is_end_of_life():
    assert "end-of-life" in status_of("2.3.0").maintenance


@pytest.mark.parametrize("version", ["9.9.9", "3.2.7.dev1", "3.2.99"])
def test_release_status_unknown_release_has_no_date(version):
    status = status_of(version)
    assert not status.in_catalog
    assert status.released is None


def test_release_status_without_catalog_gives_the_reason():
    assert release_status(Unavailable("damaged"), "2.4.44", TODAY).unavailable_reason == "damaged"
