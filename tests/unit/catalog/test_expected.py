"""What releases are known to change: entries that name what exists, and say why."""

from fnmatch import fnmatchcase

import pytest

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.snapshot.compare import sections

CHANGES = load_catalog().expected_changes


@pytest.mark.parametrize("one", CHANGES, ids=lambda one: f"{one.section} {one.subjects[0]}")
def test_an_entry_is_about_something_that_exists(one):
    assert any(fnmatchcase(section, one.section) for section in sections())
    assert set(one.change_kinds) <= {"added", "gone", "changed"}
    assert one.reason.endswith(".")
    assert one.reference.startswith("https://docs.")
    assert not (one.migration and one.since)
    if one.migration:
        assert one.migration in load_catalog().all_core_migrations
    if one.since:
        assert load_catalog().release(one.since)
    assert bool(one.moved_columns) is bool(one.replaced_by)


@pytest.mark.parametrize("one", CHANGES, ids=lambda one: f"{one.section} {one.subjects[0]}")
def test_what_is_lost_is_explained_by_a_migration_only(one):
    """Without one, a release that was installed and not migrated would explain losses."""
    if one.section == "fingerprints" and "gone" in one.change_kinds:
        assert one.migration


@pytest.mark.parametrize("one", load_catalog().volatile_data, ids=lambda one: one.subjects[0])
def test_what_is_left_out_has_a_reason(one):
    assert any(fnmatchcase(section, one.section) for section in sections())
    assert len(one.reason) > 10
    assert "*" not in one.subjects  # nothing is left out as a whole
