"""Pending migrations, with and without a started target."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.catalog.target_release import BEFORE_FIRST_RELEASE
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.upgrade.pending import (
    effective_source_release,
    has_pending_migrations,
    pending_migrations,
)
from tests.support.builders import CATALOG, facts, migration, migrations, target, trial_boot

NOT_STARTED = Unavailable("the target was not built")
NOT_READ = Unavailable("timeout")
LTM, NEWEST = CATALOG.migrations("2.4.44"), CATALOG.migrations("3.2.7")


def create_facts(recorded, on_disk=None):
    """An installation with the migrations of one release in the database, of another on disk."""
    keys = sorted(recorded if on_disk is None else on_disk)
    return facts(migrations=migrations(tuple(map(migration, keys)), tuple(sorted(recorded))))


def test_pending_migrations_without_the_target_are_those_of_core():
    pending = pending_migrations(create_facts(LTM), target("3.2.7"), CATALOG, NOT_STARTED)
    assert pending == tuple(sorted(NEWEST - LTM))


def test_pending_migrations_of_the_started_target_are_in_its_order():
    ordered = (
        migration("dcim.0001_initial"),
        migration("example.0009_first"),
        migration("dcim.0002_next", "example.0009_first"),
    )
    started = trial_boot(facts={"migrations": migrations(ordered, ("dcim.0001_initial",))})
    pending = pending_migrations(create_facts(LTM), target(), CATALOG, started)
    assert pending == ("example.0009_first", "dcim.0002_next")


@pytest.mark.parametrize(
    ("here", "catalog", "version"),
    [
        (facts(migrations=NOT_READ), CATALOG, "3.2.7"),
        (create_facts(LTM), Unavailable("no catalog"), "3.2.7"),
    ],
)
def test_pending_migrations_without_their_inputs_are_unknown(here, catalog, version):
    assert pending_migrations(here, target(version), catalog, NOT_STARTED) is None


def test_pending_migrations_of_a_release_that_the_catalog_lacks_are_unknown():
    unknown = replace(target(), version="9.9.9")
    assert pending_migrations(create_facts(LTM), unknown, CATALOG, NOT_STARTED) is None


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        (create_facts(LTM), False),
        (create_facts(LTM, NEWEST), True),
        (create_facts(LTM, LTM | {"example.0001_initial"}), True),
        (create_facts(LTM | {"example.0001_initial"}, LTM), False),
        (facts(migrations=NOT_READ), False),
    ],
)
def test_has_pending_migrations_counts_those_of_apps(here, expected):
    assert has_pending_migrations(here) is expected


@pytest.mark.parametrize(
    ("recorded", "on_disk", "release"),
    [
        (LTM, LTM, ""),  # the installed code is migrated
        (LTM, NEWEST, CATALOG.match_releases(set(LTM))[-1]),  # newer code, not migrated yet
        ({"dcim.0001_initial"}, LTM, BEFORE_FIRST_RELEASE),
    ],
)
def test_effective_source_release_is_the_release_of_the_schema(recorded, on_disk, release):
    found = effective_source_release(create_facts(recorded, on_disk), target(), CATALOG)
    assert found.schema_release == release


@pytest.mark.parametrize(
    ("here", "catalog"),
    [(facts(migrations=NOT_READ), CATALOG), (create_facts(LTM, NEWEST), Unavailable("gone"))],
)
def test_effective_source_release_without_its_inputs_is_the_installed_one(here, catalog):
    assert effective_source_release(here, target(), catalog) == target()
