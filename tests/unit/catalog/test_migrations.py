from itertools import pairwise

import pytest

from nautobot_upgrade_jobs.catalog import Catalog


def core(catalog: Catalog, version: str) -> frozenset[str]:
    found = catalog.migrations(version)
    assert found is not None
    return found


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
def test_size_of_a_set(catalog: Catalog, version: str, count: int) -> None:
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
def test_releases_that_share_a_set(
    catalog: Catalog, member: str, releases: tuple[str, ...]
) -> None:
    assert catalog.match_releases(core(catalog, member)) == releases


def test_migrations_of_other_apps_do_not_matter(catalog: Catalog) -> None:
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
def test_a_set_that_no_release_has(catalog: Catalog, gone_or_come: set[str]) -> None:
    assert catalog.match_releases(core(catalog, "3.2.7") ^ gone_or_come) == ()


@pytest.mark.parametrize("recorded", [(), {"auth.0001_initial"}, ["dcim.0001_initial_part_1"]])
def test_a_database_that_is_no_release(catalog: Catalog, recorded: list[str]) -> None:
    assert catalog.match_releases(recorded) == ()


def test_every_release_has_a_set_and_every_set_a_release(catalog: Catalog) -> None:
    published = {release.version for release in catalog.releases}
    assert set(catalog.migration_sets.by_release) == published
    assert len(set(catalog.migration_sets.by_release.values())) == 52


def test_no_release_lost_a_migration(catalog: Catalog) -> None:
    ordered = [core(catalog, release.version) for release in catalog.releases]
    assert all(before <= after for before, after in pairwise(ordered))


def test_core_apps(catalog: Catalog) -> None:
    assert {"dcim", "extras", "ipam", "data_validation", "vpn", "wireless"} <= catalog.core_apps
    assert not {"auth", "contenttypes", "social_django", "core", ""} & catalog.core_apps
    assert len(catalog.core_apps) == 12
    assert len(catalog.all_core_migrations) == 384


def test_names_of_pre_releases_are_in_no_release(catalog: Catalog) -> None:
    names = catalog.pre_release_names
    assert not set(names) & catalog.all_core_migrations
    assert names["dcim.0077_remove_device_cluster"] == "3.0.0a1 to 3.0.0a3"
    assert names["extras.0146_computedfield_output_type"] == "3.2.0b1"
    assert "dcim.0078_remove_device_cluster" not in names


def test_seeing_through_the_names_of_a_pre_release(catalog: Catalog) -> None:
    recorded = core(catalog, "3.2.7") | {"extras.0146_computedfield_output_type"}
    assert catalog.match_releases(recorded - set(catalog.pre_release_names))[-1] == "3.2.7"
