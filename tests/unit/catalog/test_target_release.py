"""Choosing the target release from a request, and the upgrades that it crosses."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.catalog.target_release import TargetError, choose_target
from tests.support.builders import CATALOG, target


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ("three", "'three' is not a version"),
        ("1.4.6", "1.4.6 was never released. The newest release of line 1.4 is 1.4.10"),
        ("2.9.1", "2.9.1 was never released. The newest release is 3.2.7"),
        ("9" * 5000, "5000 characters long"),
        ("3.2.7; rm -rf /", "is not a version"),
    ],
)
def test_choose_target_with_an_unreleased_or_invalid_version_raises(requested, message):
    with pytest.raises(TargetError, match=message):
        choose_target(CATALOG, "2.4.44", requested)


@pytest.mark.parametrize(
    ("requested", "version"),
    [("3.2", "3.2.7"), ("2.4", "2.4.44"), ("v3.2.7", "3.2.7"), (" 3.2.7\n", "3.2.7")],
)
def test_choose_target_with_a_line_or_a_decorated_version_gives_the_release(requested, version):
    assert target(requested).version == version


def test_target_crosses_from_the_release_of_the_schema():
    """Release 3.2.7 is installed, but the database still has the schema of 2.4.44."""
    unmigrated = replace(target("3.2.7", "3.2.7"), schema_release="2.4.44")
    assert unmigrated.crosses("3.0")
    assert not target("3.2.7", "3.2.7").crosses("3.0")
