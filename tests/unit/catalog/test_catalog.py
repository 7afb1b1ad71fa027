"""Questions about releases and their migrations."""

from datetime import date
from itertools import pairwise

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from nautobot_upgrade_jobs.catalog import Catalog


def core(catalog: Catalog, version: str) -> frozenset[str]:
    found = catalog.migrations(version)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("1.0.0", "known"),
        ("2.4.44", "known"),
        ("3.2.7", "known"),
        ("v3.2.7", "known"),
        ("3.2.7.0", "known"),
        ("2.4.44+site.1", "known"),
        ("3.2.8", "newer"),
        ("2.4.45", "newer"),
        ("1.6.33", "newer"),
        ("3.3.0", "newer"),
        ("4.0", "newer"),
        ("3.3.0a1", "newer"),
        ("3.2.8rc1", "newer"),
        ("1.4.6", "nonexistent"),
        ("2.4.0.5", "nonexistent"),
        ("2.9.1", "nonexistent"),
        ("1.7.0", "nonexistent"),
        ("0.9.9", "nonexistent"),
        ("3.2.7.post1", "newer"),
        ("3.2.6.post1", "nonexistent"),
        ("3.2.0b1", "prerelease"),
        ("2.4.44.dev0", "prerelease"),
        ("1.0.0a1", "prerelease"),
    ],
)
def test_status_of_versions_is_as_documented(catalog: Catalog, version: str, status: str) -> None:
    assert catalog.status(version) == status
    assert (catalog.release(version) is not None) == (status == "known")
    assert (catalog.migrations(version) is not None) == (status == "known")


@pytest.mark.parametrize("text", ["", "latest", "3.2.x", "3..2", "three"])
def test_queries_invalid_version_raises(catalog: Catalog, text: str) -> None:
    for question in (catalog.status, catalog.release, catalog.line, catalog.migrations):
        with pytest.raises(InvalidVersion):
            question(text)


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("3.2.7", "3.2"),
        ("3.2.9", "3.2"),
        ("3.2.0b1", "3.2"),
        ("2.4.0.5", "2.4"),
        ("1.4.6", "1.4"),
        ("3.3.0", None),
        ("2.9.1", None),
        ("0.1", None),
    ],
)
def test_line_of_unreleased_version_is_found(
    catalog: Catalog, version: str, line: str | None
) -> None:
    found = catalog.line(version)
    assert (found.name if found else None) == line


def test_newest_returns_last_release_of_line(catalog: Catalog) -> None:
    assert catalog.newest().version == "3.2.7"
    assert catalog.newest("2.4").version == "2.4.44"
    assert catalog.newest("1.6").version == "1.6.32"
    with pytest.raises(KeyError):
        catalog.newest("2.9")


def test_coverage_names_newest_releases(catalog: Catalog) -> None:
    assert catalog.latest_known == ("2.4.44", "3.2.7")
    assert all(version in catalog.coverage for version in ("1.0.0", "2.4.44", "3.2.7", "220"))


@pytest.mark.parametrize(
    ("version", "python", "postgresql", "mysql", "django"),
    [
        ("1.0.3", ">=3.6,<4.0", "9.6", None, "3.1"),
        ("1.1.0", ">=3.6,<4.0", "9.6", "8.0", "3.1"),
        ("1.1.4", ">=3.6,<4.0", "9.6", "8.0", "3.1"),
        ("1.1.5", ">=3.6.2,<4.0.0", "9.6", "8.0", "3.1"),
        ("1.2.0", ">=3.6,<4.0", "9.6", "8.0", "3.1"),
        ("1.3.0", ">=3.7,<4.0", "9.6", "8.0", "3.2"),
        ("1.6.32", ">=3.8,<3.12", "9.6", "8.0", "3.2"),
        ("2.0.6", ">=3.8,<3.12", "9.6", "8.0", "3.2"),
        ("2.1.0", ">=3.8,<3.12", "12", "8.0", "3.2"),
        ("2.2.9", ">=3.8,<3.12", "12", "8.0", "3.2"),
        ("2.3.0", ">=3.8,<3.13", "12", "8.0", "4.2"),
        ("2.4.5", ">=3.9,<3.13", "12", "8.0", "4.2"),
        ("2.4.6", ">=3.9.2,<3.13", "12", "8.0", "4.2"),
        ("2.4.19", ">=3.9.2,<3.13", "12", "8.0", "4.2"),
        ("2.4.20", ">=3.10,<3.13", "12", "8.0", "4.2"),
        ("3.0.11", ">=3.10,<3.14", "12", "8.0", "4.2"),
        ("3.1.0", ">=3.10,<3.15", "14", "8.0.11", "5.2"),
        ("3.2.7", ">=3.10,<3.15", "14", "8.0.11", "5.2"),
    ],
)
def test_release_requirements_change_within_a_line(
    catalog: Catalog, version: str, python: str, postgresql: str, mysql: str | None, django: str
) -> None:
    release = catalog.nearest_release(version)
    assert release is not None
    assert release == catalog.release(version)
    assert (release.python, release.postgresql) == (python, postgresql)
    assert (release.mysql, release.django) == (mysql, django)


@pytest.mark.parametrize(
    ("version", "like"),
    [("3.2.9", "3.2.7"), ("2.4.99", "2.4.44"), ("3.3.0", None), ("1.4.6", None), ("3.2.0b1", None)],
)
def test_nearest_release_of_unknown_version(
    catalog: Catalog, version: str, like: str | None
) -> None:
    release = catalog.nearest_release(version)
    assert (release.version if release else None) == like


def test_lines_with_long_term_maintenance_are_marked(catalog: Catalog) -> None:
    assert {line.name for line in catalog.lines if line.ltm} == {"1.6", "2.4"}
    assert {line.name for line in catalog.lines if line.maintained} == {"2.4", "3.2"}


def test_release_date_and_reference_match_release_notes(catalog: Catalog) -> None:
    same_day = catalog.release("2.4.44")
    announced_a_day_earlier = catalog.release("3.2.5")
    assert same_day is not None and announced_a_day_earlier is not None
    assert same_day.date == date(2026, 10, 13)
    assert same_day.reference.endswith("/version-2.4/#v2444-2026-10-13")
    assert announced_a_day_earlier.date == date(2026, 9, 15)
    assert announced_a_day_earlier.reference.endswith("/version-3.2/#v325-2026-09-14")


def test_release_tested_pythons_satisfy_python_specifier(catalog: Catalog) -> None:
    for release in catalog.releases:
        allowed = SpecifierSet(release.python)
        assert all(f"{python}.99" in allowed for python in release.python_tested), release.version
        assert release.python_tested, release.version


@pytest.mark.parametrize(
    ("version", "count"),
    [
        ("1.0.0", 15),
        ("1.6.32", 112),
        ("2.0.0", 244),
        ("2.4.0", 311),
        ("2.4.44", 326),
        ("3.0.11", 348),
        ("3.1.8", 366),
        ("3.2.0", 384),
        ("3.2.7", 384),
    ],
)
def test_migrations_set_has_known_size(catalog: Catalog, version: str, count: int) -> None:
    assert len(core(catalog, version)) == count


@pytest.mark.parametrize(
    ("member", "releases"),
    [
        ("1.0.1", ("1.0.0", "1.0.1")),
        ("2.0.0", ("2.0.0", "2.0.1", "2.0.2", "2.0.3")),
        ("2.4.30", tuple(f"2.4.{patch}" for patch in range(22, 45))),
        ("3.0.11", ("3.0.11",)),
        ("3.1.7", ("3.1.5", "3.1.6", "3.1.7", "3.1.8")),
        ("3.2.7", tuple(f"3.2.{patch}" for patch in range(8))),
    ],
)
def test_match_releases_shared_set_returns_all_releases(
    catalog: Catalog, member: str, releases: tuple[str, ...]
) -> None:
    assert catalog.match_releases(core(catalog, member)) == releases


def test_match_releases_ignores_other_apps(catalog: Catalog) -> None:
    recorded = core(catalog, "3.1.8") | {"auth.0001_initial", "nautobot_ssot.0001_initial"}
    assert catalog.match_releases(recorded)[-1] == "3.1.8"


@pytest.mark.parametrize(
    "gone_or_come",
    [
        {"dcim.0097_virtualdevicecontext_controller_managed_device_group"},
        {"dcim.0098_not_released_yet"},
        {"extras.0146_computedfield_output_type"},
    ],
)
def test_migrations_of_unknown_release_are_none(catalog: Catalog, gone_or_come: set[str]) -> None:
    assert catalog.match_releases(core(catalog, "3.2.7") ^ gone_or_come) == ()


@pytest.mark.parametrize("recorded", [(), {"auth.0001_initial"}, ["dcim.0001_initial_part_1"]])
def test_match_releases_between_releases_returns_none(
    catalog: Catalog, recorded: list[str]
) -> None:
    assert catalog.match_releases(recorded) == ()


def test_migration_sets_cover_exactly_the_releases(catalog: Catalog) -> None:
    published = {release.version for release in catalog.releases}
    assert set(catalog.migration_sets.by_release) == published
    assert len(set(catalog.migration_sets.by_release.values())) == 52


def test_migrations_are_never_removed_by_a_release(catalog: Catalog) -> None:
    ordered = [core(catalog, release.version) for release in catalog.releases]
    assert all(before <= after for before, after in pairwise(ordered))


def test_core_apps_are_those_with_migrations(catalog: Catalog) -> None:
    assert {"dcim", "extras", "ipam", "data_validation", "vpn", "wireless"} <= catalog.core_apps
    assert not {"auth", "contenttypes", "social_django", "core", ""} & catalog.core_apps
    assert len(catalog.core_apps) == 12
    assert len(catalog.all_core_migrations) == 384


def test_pre_release_names_are_in_no_release(catalog: Catalog) -> None:
    names = catalog.pre_release_names
    assert not set(names) & catalog.all_core_migrations
    assert names["dcim.0077_remove_device_cluster"] == "3.0.0a1 to 3.0.0a3"
    assert names["extras.0146_computedfield_output_type"] == "3.2.0b1"
    assert "dcim.0078_remove_device_cluster" not in names


def test_match_releases_without_pre_release_names_matches(catalog: Catalog) -> None:
    recorded = core(catalog, "3.2.7") | {"extras.0146_computedfield_output_type"}
    assert catalog.match_releases(recorded - set(catalog.pre_release_names))[-1] == "3.2.7"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.4.44", set()),
        ("3.2.7", set()),
        ("2.4.43", {"9fgc", "gffr", "5q66"}),  # fixed in 2.4.44 and 3.2.7
        ("3.2.6", {"9fgc", "gffr", "5q66", "8894", "w9cw"}),  # two concern 3.2 only
    ],
)
def test_open_advisories_of_maintained_lines(catalog, version, expected):
    assert {each.id.split("-")[1] for each in catalog.open_advisories(version)} == expected


@pytest.mark.parametrize(
    ("version", "advisory", "concerned"),
    [
        ("3.0.11", "GHSA-c35q-vxrp-ph26", True),  # a line between two lines with the fix
        ("2.3.16", "GHSA-c35q-vxrp-ph26", True),  # not maintained at that time
        ("2.4.32", "GHSA-q4c5-2j6f-r476", False),  # maintained at that time, without a fix
        ("1.6.2", "GHSA-r2hw-74xv-4gqp", False),
        ("2.0.2", "GHSA-r2hw-74xv-4gqp", True),
        ("2.1.0", "GHSA-r2hw-74xv-4gqp", False),
        ("2.3.16", "GHSA-q4c5-2j6f-r476", False),  # without the feature
        ("9.0.0", "GHSA-8894-x54w-hhpm", False),
        ("2.4.44+custom", "GHSA-9fgc-m542-2g84", False),
    ],
)
def test_open_advisories_of_a_line_without_its_own_fix(catalog, version, advisory, concerned):
    assert (advisory in {each.id for each in catalog.open_advisories(version)}) is concerned
