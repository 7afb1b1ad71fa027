"""The releases to choose from, on a terminal."""

import pytest

from nautobot_upgrade_jobs.cli.target_list import describe_targets
from tests.support.builders import CATALOG


def lines(installed, python="3.11.9"):
    return list(describe_targets(CATALOG, installed, python))


def test_recommended_release_comes_first_with_its_command():
    assert lines("2.4.40") == [
        "Nautobot 2.4.40 with Python 3.11.9",
        "  2.4.44     recommended; newest patch of the installed line, long-term maintenance, "
        "2026-10-13; 0 migrations; fixes 6 security advisories",
        "  3.2.7      newest release, 2026-10-13; 58 migrations; fixes 6 security advisories",
        "Next: nautobot-server upgrade_jobs preflight --target 2.4.44",
    ]


@pytest.mark.parametrize("installed", ["3.2.7", "9.0.0"])
def test_nothing_to_upgrade_is_an_answer(installed):
    assert lines(installed)[1:] == [
        f"Nothing to upgrade: the catalog of {CATALOG.date} contains no newer release."
    ]


def test_release_that_is_not_possible_says_why():
    found = lines("2.4.44", python="3.9.18")
    assert "not possible: needs Python >=3.10,<3.15, but 3.9.18 is running" in found[1]
    assert not any(line.startswith("Next") for line in found)
