"""The releases to choose from."""

import pytest

from nautobot_upgrade_jobs.upgrade.target_options import list_target_options
from tests.support.builders import CATALOG


def options(installed, python="3.11.9"):
    return {one.version: one for one in list_target_options(CATALOG, installed, python)}


def recommended(found):
    return "".join(one.version for one in found.values() if one.is_recommended)


@pytest.mark.parametrize(
    ("installed", "versions", "version"),
    [
        ("2.4.40", ["2.4.44", "3.2.7"], "2.4.44"),
        ("2.4.44", ["3.2.7"], "3.2.7"),
        ("3.0.5", ["3.0.11", "3.2.7"], "3.2.7"),  # the line is not maintained
        ("3.1.8", ["3.2.7"], "3.2.7"),
        ("3.2.7", [], ""),
        ("3.2.8", [], ""),  # newer than the catalog
        ("9.0.0", [], ""),
    ],
)
def test_options_are_the_newest_releases_of_lines_that_count(installed, versions, version):
    found = options(installed)
    assert list(found) == versions
    assert recommended(found) == version


def test_option_names_its_roles():
    found = options("2.4.40")
    assert found["2.4.44"].roles == ("newest patch of the installed line", "long-term maintenance")
    assert found["3.2.7"].roles == ("newest release",)


def test_option_counts_migrations_and_fixed_advisories():
    found = options("2.4.40")
    assert (found["2.4.44"].migrations, len(found["2.4.44"].fixes)) == (0, 6)
    assert found["3.2.7"].migrations == 58
    assert options("2.4.44+custom")["3.2.7"].migrations == 58


@pytest.mark.parametrize(
    ("installed", "python", "version", "obstacle"),
    [
        ("2.4.44", "3.11.9", "3.2.7", ""),
        ("2.4.44", "3.9.18", "3.2.7", "needs Python"),
        ("2.4.44", "3.99.0", "3.2.7", "needs Python"),
        ("2.4.40", "3.10.1", "2.4.44", ""),
    ],
)
def test_option_with_another_python_is_not_possible(installed, python, version, obstacle):
    found = options(installed, python)
    assert found[version].obstacle.startswith(obstacle)
    assert bool(found[version].obstacle) is bool(obstacle)


def test_recommended_target_is_possible():
    found = options("2.4.44", "3.9.18")
    assert recommended(found) == ""


def test_required_stop_comes_first():
    found = options("1.0.3", "3.8.10")
    stops = [one.version for one in found.values() if "required stop" in one.roles]
    assert stops
    assert found["3.2.7"].obstacle == f"upgrade to {stops[0]} first"
