"""Migration files compared with recorded migrations; ``[1]`` is applied."""

import pytest

from nautobot_upgrade_jobs.migration_graph.history import MigrationHistory
from tests.support.builders import migration, migrations

CHAIN = (
    migration("dcim.0001"),
    migration("dcim.0002", "dcim.0001"),
    migration("dcim.0003", "dcim.0002"),
)
SQUASHED = (
    migration("dcim.0001"),
    migration("dcim.0002", "dcim.0001"),
    migration("dcim.0001_squashed_0002", replaces=("dcim.0001", "dcim.0002")),
    migration("dcim.0003", "dcim.0002"),
)


def test_history_complete_has_no_problems():
    """dcim: [1] <- [2] <- [3]."""
    history = MigrationHistory(migrations(CHAIN, ("dcim.0001", "dcim.0002", "dcim.0003")))
    assert history.unapplied == ()
    assert history.recorded_without_file == ()
    assert history.inconsistencies == ()
    assert history.conflicts == ()
    assert history.recorded_for_disabled_apps == {}


def test_unapplied_lists_unrecorded_migrations():
    """dcim: [1] <- 2 <- 3."""
    assert MigrationHistory(migrations(CHAIN, ("dcim.0001",))).unapplied == (
        "dcim.0002",
        "dcim.0003",
    )


def test_inconsistencies_lists_applied_child_of_unapplied_parent():
    """dcim: [1] <- 2 <- [3]."""
    history = MigrationHistory(migrations(CHAIN, ("dcim.0001", "dcim.0003")))
    assert history.inconsistencies == (("dcim.0003", "dcim.0002"),)


def test_inconsistencies_across_apps():
    """example: [1] -> dcim: 1."""
    on_disk = (migration("dcim.0001"), migration("example.0001", "dcim.0001"))
    history = MigrationHistory(migrations(on_disk, ("example.0001",)))
    assert history.inconsistencies == (("example.0001", "dcim.0001"),)


def test_conflicts_lists_two_leaf_nodes():
    """dcim: 1 <- 2, 1 <- 2_local."""
    on_disk = (*CHAIN[:2], migration("dcim.0002_local", "dcim.0001"))
    assert MigrationHistory(migrations(on_disk)).conflicts == (
        ("dcim", ("dcim.0002", "dcim.0002_local")),
    )


def test_conflicts_child_in_another_app_does_not_hide_a_leaf_node():
    """dcim: 1 <- 2, 1 <- 2_local <- example: 1."""
    on_disk = (
        *CHAIN[:2],
        migration("dcim.0002_local", "dcim.0001"),
        migration("example.0001", "dcim.0002_local"),
    )
    assert [app for app, _ in MigrationHistory(migrations(on_disk)).conflicts] == ["dcim"]


def test_recorded_without_file_lists_record_of_enabled_app():
    """dcim: [1] <- [2] <- [3] <- [4, no file]."""
    recorded = ("dcim.0001", "dcim.0002", "dcim.0003", "dcim.0004")
    assert MigrationHistory(migrations(CHAIN, recorded)).recorded_without_file == ("dcim.0004",)


def test_recorded_for_disabled_apps_counts_records_by_label():
    history = MigrationHistory(migrations(CHAIN[:1], ("dcim.0001", "old_app.0001", "old_app.0002")))
    assert history.recorded_without_file == ()
    assert history.recorded_for_disabled_apps == {"old_app": 2}


def test_unapplied_squash_is_applied_if_all_replaced_are():
    """dcim: [1] <- [2] <- 3, and 1_squashed_2 replaces both."""
    history = MigrationHistory(migrations(SQUASHED, ("dcim.0001", "dcim.0002")))
    assert history.unapplied == ("dcim.0003",)
    assert history.conflicts == ()


def test_unapplied_recorded_squash_without_replaced_ones_is_pending():
    """dcim: [1_squashed_2] <- 3: Django's loader forgets such a record."""
    history = MigrationHistory(migrations(SQUASHED, ("dcim.0001_squashed_0002",)))
    assert history.unapplied == ("dcim.0001_squashed_0002", "dcim.0003")


def test_recorded_for_disabled_apps_ignores_former_labels_of_social_django():
    assert (
        MigrationHistory(
            migrations(CHAIN[:1], ("default.0001", "database.0001", "django_rq.0001"))
        ).recorded_for_disabled_apps
        == {}
    )


def test_unapplied_fresh_database_runs_squash_only():
    assert MigrationHistory(migrations(SQUASHED)).unapplied == (
        "dcim.0001_squashed_0002",
        "dcim.0003",
    )


def test_unapplied_partially_replaced_squash_is_ignored():
    """dcim: [1] <- 2 <- 3: Django continues with the replaced ones."""
    history = MigrationHistory(migrations(SQUASHED, ("dcim.0001",)))
    assert history.unapplied == ("dcim.0002", "dcim.0003")


def test_recorded_without_file_ignores_replaced_migrations():
    on_disk = (migration("dcim.0001_squashed_0002", replaces=("dcim.0001", "dcim.0002")),)
    history = MigrationHistory(migrations(on_disk, ("dcim.0001", "dcim.0002")))
    assert history.recorded_without_file == ()
    assert history.unapplied == ()


def test_recorded_for_disabled_apps_ignores_replaced_migrations_of_another_label():
    """social_django: 1 replaces social_auth: [1]."""
    on_disk = (migration("social_django.0001", replaces=("social_auth.0001",)),)
    history = MigrationHistory(
        migrations(on_disk, ("social_auth.0001",), app_labels=("social_django",))
    )
    assert history.recorded_for_disabled_apps == {}
    assert history.unapplied == ()


def test_plan_is_in_order_of_migrate():
    first, second = migration("a.0001"), migration("a.0002", "a.0001", "b.0001")
    other, done = migration("b.0001", "c.0001"), migration("c.0001")
    history = MigrationHistory(migrations((second, first, other, done), ("c.0001",)))
    assert history.plan == ("b.0001", "a.0001", "a.0002")


def test_plan_contains_squash_without_replaced_ones():
    squash = migration("a.0001_squashed_0002", replaces=("a.0001", "a.0002"))
    after = migration("a.0003", "a.0002")
    old = (migration("a.0001"), migration("a.0002", "a.0001"))
    assert MigrationHistory(migrations((squash, after, *old))).plan == (squash.key, after.key)


@pytest.mark.parametrize(
    ("dependency", "missing"),
    [
        ("a.0001", ()),
        ("a.0000_replaced", ()),
        ("gone.0001", (("a.0002", "gone.0001"),)),
    ],
    ids=["file", "replaced", "missing"],
)
def test_missing_dependencies_lists_dependency_without_file(dependency, missing):
    squash = migration("a.0001", replaces=("a.0000_replaced",))
    history = MigrationHistory(migrations((squash, migration("a.0002", "a.0001", dependency))))
    assert history.missing_dependencies == missing


def test_plan_last_replaced_migration_takes_the_place_of_an_ignored_squash():
    """As in Django's graph. Otherwise this member and the next one would both be leaf nodes."""
    old = (migration("a.0001"), migration("a.0002", "a.0001"), migration("a.0003", "a.0002"))
    squash = migration("a.0001_squashed_0003", replaces=tuple(member.key for member in old))
    after = migration("a.0004", squash.key)
    history = MigrationHistory(migrations((*old, squash, after), ("a.0001", "a.0002")))
    assert history.conflicts == ()
    assert history.plan == ("a.0003", "a.0004")


def test_missing_dependencies_ignored_squash_provides_nothing():
    squash = migration("a.0001_squashed_0002", replaces=("a.0001", "a.0002"))
    history = MigrationHistory(
        migrations((migration("a.0001"), squash, migration("b.0001", "a.0002")), ("a.0001",))
    )
    assert history.missing_dependencies == (("b.0001", "a.0002"),)
