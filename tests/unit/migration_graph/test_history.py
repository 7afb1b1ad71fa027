"""The migration history, drawn before it is asserted."""

import pytest

from nautobot_upgrade_jobs.migration_graph.history import History
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


def test_a_complete_history_has_nothing_to_say():
    """dcim: [1] <- [2] <- [3]."""
    history = History(migrations(CHAIN, ("dcim.0001", "dcim.0002", "dcim.0003")))
    assert history.unapplied == ()
    assert history.unknown == ()
    assert history.inconsistencies == ()
    assert history.conflicts == ()
    assert history.abandoned == {}


def test_unapplied():
    """dcim: [1] <- 2 <- 3."""
    assert History(migrations(CHAIN, ("dcim.0001",))).unapplied == ("dcim.0002", "dcim.0003")


def test_inconsistent():
    """dcim: [1] <- 2 <- [3]."""
    history = History(migrations(CHAIN, ("dcim.0001", "dcim.0003")))
    assert history.inconsistencies == (("dcim.0003", "dcim.0002"),)


def test_inconsistent_across_apps():
    """example: [1] -> dcim: 1."""
    on_disk = (migration("dcim.0001"), migration("example.0001", "dcim.0001"))
    history = History(migrations(on_disk, ("example.0001",)))
    assert history.inconsistencies == (("example.0001", "dcim.0001"),)


def test_two_leaf_nodes_conflict():
    """dcim: 1 <- 2, 1 <- 2_local."""
    on_disk = (*CHAIN[:2], migration("dcim.0002_local", "dcim.0001"))
    assert History(migrations(on_disk)).conflicts == (("dcim", ("dcim.0002", "dcim.0002_local")),)


def test_a_child_in_another_app_does_not_hide_a_leaf_node():
    """dcim: 1 <- 2, 1 <- 2_local <- example: 1."""
    on_disk = (
        *CHAIN[:2],
        migration("dcim.0002_local", "dcim.0001"),
        migration("example.0001", "dcim.0002_local"),
    )
    assert [app for app, _ in History(migrations(on_disk)).conflicts] == ["dcim"]


def test_unknown_is_recorded_without_a_file():
    """dcim: [1] <- [2] <- [3] <- [4, no file]."""
    recorded = ("dcim.0001", "dcim.0002", "dcim.0003", "dcim.0004")
    assert History(migrations(CHAIN, recorded)).unknown == ("dcim.0004",)


def test_a_label_that_is_not_enabled_is_abandoned_and_not_unknown():
    history = History(migrations(CHAIN[:1], ("dcim.0001", "old_app.0001", "old_app.0002")))
    assert history.unknown == ()
    assert history.abandoned == {"old_app": 2}


def test_a_squash_is_applied_when_all_it_replaces_is():
    """dcim: [1] <- [2] <- 3, and 1_squashed_2 in place of both."""
    history = History(migrations(SQUASHED, ("dcim.0001", "dcim.0002")))
    assert history.unapplied == ("dcim.0003",)
    assert history.conflicts == ()


def test_a_recorded_squash_without_what_it_replaces_is_not_applied():
    """dcim: [1_squashed_2] <- 3: Django's loader forgets such a record."""
    history = History(migrations(SQUASHED, ("dcim.0001_squashed_0002",)))
    assert history.unapplied == ("dcim.0001_squashed_0002", "dcim.0003")


def test_labels_of_old_python_social_auth_are_not_left_behind():
    assert History(migrations(CHAIN[:1], ("default.0001", "social_auth.0001"))).abandoned == {}


def test_on_a_fresh_database_only_the_squash_is_to_run():
    assert History(migrations(SQUASHED)).unapplied == ("dcim.0001_squashed_0002", "dcim.0003")


def test_a_half_replaced_squash_steps_back():
    """dcim: [1] <- 2 <- 3: Django goes on with the originals."""
    history = History(migrations(SQUASHED, ("dcim.0001",)))
    assert history.unapplied == ("dcim.0002", "dcim.0003")


def test_replaced_migrations_whose_files_are_gone_are_not_unknown():
    on_disk = (migration("dcim.0001_squashed_0002", replaces=("dcim.0001", "dcim.0002")),)
    history = History(migrations(on_disk, ("dcim.0001", "dcim.0002")))
    assert history.unknown == ()
    assert history.unapplied == ()


def test_a_squash_may_replace_migrations_of_a_label_that_is_gone():
    """social_django: 1 replaces social_auth: [1]."""
    on_disk = (migration("social_django.0001", replaces=("social_auth.0001",)),)
    history = History(migrations(on_disk, ("social_auth.0001",), app_labels=("social_django",)))
    assert history.abandoned == {}
    assert history.unapplied == ()


def test_the_plan_is_in_the_order_of_migrate():
    first, second = migration("a.0001"), migration("a.0002", "a.0001", "b.0001")
    other, done = migration("b.0001", "c.0001"), migration("c.0001")
    history = History(migrations((second, first, other, done), ("c.0001",)))
    assert history.plan == ("b.0001", "a.0001", "a.0002")


def test_the_plan_has_the_squash_and_not_what_it_replaces():
    squash = migration("a.0001_squashed_0002", replaces=("a.0001", "a.0002"))
    after = migration("a.0003", "a.0002")
    old = (migration("a.0001"), migration("a.0002", "a.0001"))
    assert History(migrations((squash, after, *old))).plan == (squash.key, after.key)


@pytest.mark.parametrize(
    ("dependency", "dangling"),
    [
        ("a.0001", ()),
        ("a.0000_replaced", ()),
        ("gone.0001", (("a.0002", "gone.0001"),)),
    ],
)
def test_a_dependency_that_nothing_stands_for(dependency, dangling):
    squash = migration("a.0001", replaces=("a.0000_replaced",))
    history = History(migrations((squash, migration("a.0002", "a.0001", dependency))))
    assert history.dangling == dangling


def test_a_squash_that_steps_back_has_its_last_member_for_those_that_build_on_it():
    """As Django's graph has it; else both that member and the next one would be leaf nodes."""
    old = (migration("a.0001"), migration("a.0002", "a.0001"), migration("a.0003", "a.0002"))
    squash = migration("a.0001_squashed_0003", replaces=tuple(one.key for one in old))
    after = migration("a.0004", squash.key)
    history = History(migrations((*old, squash, after), ("a.0001", "a.0002")))
    assert history.conflicts == ()
    assert history.plan == ("a.0003", "a.0004")


def test_what_a_squash_that_steps_back_replaces_stands_for_nothing():
    squash = migration("a.0001_squashed_0002", replaces=("a.0001", "a.0002"))
    history = History(
        migrations((migration("a.0001"), squash, migration("b.0001", "a.0002")), ("a.0001",))
    )
    assert history.dangling == (("b.0001", "a.0002"),)
