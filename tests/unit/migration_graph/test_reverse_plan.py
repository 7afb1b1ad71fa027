"""The minimal ``migrate`` calls that reverse migrations; ``[1]`` is to be reversed."""

import pytest

from nautobot_upgrade_jobs.migration_graph.reverse_plan import (
    MigrateCall,
    plan_reverse,
    recorded_after_reverse,
)
from tests.support.builders import migration, migrations

CHAIN = (
    migration("dcim.0001"),
    migration("dcim.0002", "dcim.0001"),
    migration("dcim.0003", "dcim.0002"),
    migration("dcim.0004", "dcim.0003"),
)
ALL = tuple(each.key for each in CHAIN)


def plan(on_disk, previous, current=None):
    recorded = tuple(each.key for each in on_disk) if current is None else current
    return plan_reverse(migrations(on_disk, recorded), previous)


def test_plan_reverse_equal_states_need_no_call():
    assert plan(CHAIN, ALL).calls == ()


def test_plan_reverse_one_app_needs_one_call():
    """dcim: 1 <- 2 <- [3] <- [4]."""
    (call,) = plan(CHAIN, ALL[:2]).calls
    assert call == MigrateCall("dcim", "0002", ("dcim.0004", "dcim.0003"))


def test_plan_reverse_interrupted_upgrade_reverses_applied_migrations_only():
    """dcim: 1 <- 2 <- [3], and 4 is not applied."""
    (call,) = plan(CHAIN, ALL[:2], ALL[:3]).calls
    assert call.migrations == ("dcim.0003",)


def test_plan_reverse_new_app_targets_zero():
    on_disk = (*CHAIN, migration("vpn.0001", "dcim.0002"), migration("vpn.0002", "vpn.0001"))
    assert plan(on_disk, ALL).calls == (MigrateCall("vpn", "zero", ("vpn.0002", "vpn.0001")),)


def test_plan_reverse_dependent_app_needs_no_call_of_its_own():
    """dcim: 1 <- 2 <- [3] <- [4], and extras: [2] depends on dcim: 3."""
    on_disk = (
        *CHAIN,
        migration("extras.0001"),
        migration("extras.0002", "extras.0001", "dcim.0003"),
    )
    (call,) = plan(on_disk, (*ALL[:2], "extras.0001")).calls
    assert (call.app, call.target) == ("dcim", "0002")
    assert call.migrations == ("extras.0002", "dcim.0004", "dcim.0003")


def test_plan_reverse_independent_remainder_needs_another_call():
    """extras: [2] and [3], of which only [3] depends on dcim: 3."""
    on_disk = (
        *CHAIN,
        migration("extras.0001"),
        migration("extras.0002", "extras.0001"),
        migration("extras.0003", "extras.0002", "dcim.0003"),
    )
    calls = plan(on_disk, (*ALL[:2], "extras.0001")).calls
    assert [(call.app, call.target, call.migrations) for call in calls] == [
        ("dcim", "0002", ("extras.0003", "dcim.0004", "dcim.0003")),
        ("extras", "0001", ("extras.0002",)),
    ]


def test_plan_reverse_kept_branch_makes_the_other_unreachable():
    """dcim: 1 <- 2 stays applied, and `migrate dcim 0001` would reverse both 2 and [2_b]."""
    on_disk = (*CHAIN[:2], migration("dcim.0002_b", "dcim.0001"))
    found = plan(on_disk, ALL[:2])
    assert (found.calls, found.unreachable) == ((), ("dcim.0002_b",))


def test_plan_reverse_two_surplus_branches_need_one_call():
    on_disk = (*CHAIN[:2], migration("dcim.0002_b", "dcim.0001"))
    (call,) = plan(on_disk, ALL[:1]).calls
    assert call.migrations == ("dcim.0002", "dcim.0002_b")


def test_plan_reverse_migration_without_file_is_listed():
    found = plan(CHAIN, ALL, (*ALL, "example.0001"))
    assert (found.calls, found.without_code) == ((), ("example.0001",))


def test_plan_reverse_unapplied_previous_migration_is_listed():
    assert plan(CHAIN, ALL, ALL[:3]).not_applied == ("dcim.0004",)


SQUASHED = (
    migration("app.0001"),
    migration("app.0002", "app.0001"),
    migration("app.0001_squashed", replaces=("app.0001", "app.0002")),
    migration("app.0003", "app.0001_squashed"),
)


@pytest.mark.parametrize(
    ("previous", "reversed_keys", "unreachable"),
    [
        (("app.0001", "app.0002", "app.0001_squashed"), ("app.0003",), ()),
        (("app.0001", "app.0002"), ("app.0003",), ()),  # by its old names
        ((), ("app.0003", "app.0001_squashed"), ()),
        (
            ("app.0001",),
            ("app.0003",),
            ("app.0001_squashed",),
        ),  # one of the replaced ones has to stay applied
    ],
)
def test_plan_reverse_squashed_migration_is_reversed_as_a_whole(
    previous, reversed_keys, unreachable
):
    found = plan(SQUASHED, previous)
    assert (found.migrations, found.unreachable) == (reversed_keys, unreachable)


@pytest.mark.parametrize(
    ("app", "name", "kept"),
    [
        ("dcim", "0002", ("dcim.0001", "dcim.0002", "extras.0001")),
        ("dcim", "0004", (*ALL, "extras.0001", "extras.0002")),
        ("extras", "0001", (*ALL, "extras.0001")),
        ("extras", "zero", ALL),
    ],
)
def test_recorded_after_reverse_keeps_independent_migrations(app, name, kept):
    on_disk = (
        *CHAIN,
        migration("extras.0001"),
        migration("extras.0002", "extras.0001", "dcim.0003"),
    )
    current = migrations(on_disk, tuple(each.key for each in on_disk))
    assert recorded_after_reverse(current, app, name) == set(kept)


@pytest.mark.parametrize(("app", "name"), [("dcim", "0009"), ("unknown", "zero"), ("dcim", "")])
def test_recorded_after_reverse_unknown_migration_raises(app, name):
    with pytest.raises(KeyError):
        recorded_after_reverse(migrations(CHAIN, ALL), app, name)
