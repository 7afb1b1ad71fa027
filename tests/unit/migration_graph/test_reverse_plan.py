"""The way back through the graph; [1] is applied, and a child is what builds on it."""

import pytest

from nautobot_upgrade_jobs.migration_graph.reverse_plan import Call, before, way_back
from tests.support.builders import migration, migrations

CHAIN = (
    migration("dcim.0001"),
    migration("dcim.0002", "dcim.0001"),
    migration("dcim.0003", "dcim.0002"),
    migration("dcim.0004", "dcim.0003"),
)
ALL = tuple(one.key for one in CHAIN)


def back(on_disk, then, now=None):
    recorded = tuple(one.key for one in on_disk) if now is None else now
    return way_back(migrations(on_disk, recorded), then)


def test_equal_sets_need_no_call():
    assert back(CHAIN, ALL).calls == ()


def test_one_app():
    """dcim: 1 <- 2 <- [3] <- [4]."""
    (call,) = back(CHAIN, ALL[:2]).calls
    assert call == Call("dcim", "0002", ("dcim.0004", "dcim.0003"))


def test_an_upgrade_that_stopped_in_the_middle():
    """dcim: 1 <- 2 <- [3], and 4 was never reached."""
    (call,) = back(CHAIN, ALL[:2], ALL[:3]).calls
    assert call.undoes == ("dcim.0003",)


def test_a_new_app_goes_to_zero():
    on_disk = (*CHAIN, migration("vpn.0001", "dcim.0002"), migration("vpn.0002", "vpn.0001"))
    assert back(on_disk, ALL).calls == (Call("vpn", "zero", ("vpn.0002", "vpn.0001")),)


def test_what_builds_on_it_goes_along_and_needs_no_call():
    """dcim: 1 <- 2 <- [3] <- [4], and extras: [2] builds on dcim: 3."""
    on_disk = (
        *CHAIN,
        migration("extras.0001"),
        migration("extras.0002", "extras.0001", "dcim.0003"),
    )
    (call,) = back(on_disk, (*ALL[:2], "extras.0001")).calls
    assert (call.app, call.target) == ("dcim", "0002")
    assert call.undoes == ("extras.0002", "dcim.0004", "dcim.0003")


def test_what_is_left_over_has_a_call_of_its_own():
    """extras: 2 builds on dcim: 3, and extras: 3 on nothing of dcim."""
    on_disk = (
        *CHAIN,
        migration("extras.0001"),
        migration("extras.0002", "extras.0001"),
        migration("extras.0003", "extras.0002", "dcim.0003"),
    )
    calls = back(on_disk, (*ALL[:2], "extras.0001")).calls
    assert [(one.app, one.target, one.undoes) for one in calls] == [
        ("dcim", "0002", ("extras.0003", "dcim.0004", "dcim.0003")),
        ("extras", "0001", ("extras.0002",)),
    ]


def test_a_branch_that_has_to_stay_is_not_undone_for_another():
    """dcim: 1 <- 2 stays, 1 <- [2_b] has to go: `migrate dcim 0001` would undo both."""
    on_disk = (*CHAIN[:2], migration("dcim.0002_b", "dcim.0001"))
    found = back(on_disk, ALL[:2])
    assert (found.calls, found.unreachable) == ((), ("dcim.0002_b",))


def test_two_branches_that_both_go_need_one_call():
    on_disk = (*CHAIN[:2], migration("dcim.0002_b", "dcim.0001"))
    (call,) = back(on_disk, ALL[:1]).calls
    assert call.undoes == ("dcim.0002", "dcim.0002_b")


def test_only_its_own_code_can_undo_it():
    found = back(CHAIN, ALL, (*ALL, "example.0001"))
    assert (found.calls, found.without_code) == ((), ("example.0001",))


def test_what_was_there_and_is_not_is_no_way_back():
    assert back(CHAIN, ALL, ALL[:3]).not_there == ("dcim.0004",)


SQUASHED = (
    migration("app.0001"),
    migration("app.0002", "app.0001"),
    migration("app.0001_squashed", replaces=("app.0001", "app.0002")),
    migration("app.0003", "app.0001_squashed"),
)


@pytest.mark.parametrize(
    ("then", "undoes", "unreachable"),
    [
        (("app.0001", "app.0002", "app.0001_squashed"), ("app.0003",), ()),
        (("app.0001", "app.0002"), ("app.0003",), ()),  # by its old names
        ((), ("app.0003", "app.0001_squashed"), ()),
        (("app.0001",), ("app.0003",), ("app.0001_squashed",)),  # half of it has to stay
    ],
)
def test_a_squashed_migration_is_undone_as_one(then, undoes, unreachable):
    found = back(SQUASHED, then)
    assert (found.undoes, found.unreachable) == (undoes, unreachable)


@pytest.mark.parametrize(
    ("app", "name", "stays"),
    [
        ("dcim", "0002", ("dcim.0001", "dcim.0002", "extras.0001")),
        ("dcim", "0004", (*ALL, "extras.0001", "extras.0002")),
        ("extras", "0001", (*ALL, "extras.0001")),
        ("extras", "zero", ALL),
    ],
)
def test_the_state_before_a_migration_of_one_app(app, name, stays):
    on_disk = (
        *CHAIN,
        migration("extras.0001"),
        migration("extras.0002", "extras.0001", "dcim.0003"),
    )
    now = migrations(on_disk, tuple(one.key for one in on_disk))
    assert before(now, app, name) == set(stays)


@pytest.mark.parametrize(("app", "name"), [("dcim", "0009"), ("nobody", "zero"), ("dcim", "")])
def test_a_migration_that_is_not_there_is_refused(app, name):
    with pytest.raises(KeyError):
        before(migrations(CHAIN, ALL), app, name)
