"""The way back from an upgrade that is still to come."""

import pytest

from nautobot_upgrade_jobs.catalog.records import KnownReversal
from nautobot_upgrade_jobs.facts import PlannedReversal, Preconditions, Tables, Unavailable
from nautobot_upgrade_jobs.facts.preconditions import Precondition, PreconditionResult
from nautobot_upgrade_jobs.facts.reversal import Effect
from nautobot_upgrade_jobs.rollback.before_upgrade import Ahead, look_back
from nautobot_upgrade_jobs.rollback.diagnosis import Stage
from tests.support.builders import database, migration, migrations

DISK = (
    migration("dcim.0001"),
    migration("dcim.0002", "dcim.0001"),
    migration("dcim.0003", "dcim.0002"),
)
PLAN = ("dcim.0002", "dcim.0003")
EMPTY = PreconditionResult(Precondition("not null", "dcim.0003", "RemoveField", "dcim_cable"), 4)


def back(*effects, applied=("dcim.0001",), known=(), planned_reversal=None):
    found = PlannedReversal(PLAN[::-1], effects) if planned_reversal is None else planned_reversal
    ahead = Ahead(
        migrations(DISK, applied),
        found,
        Preconditions(),
        known,
        Tables((), ()),
        database(size_bytes=1),
    )
    choice = look_back(ahead)
    (reverse,) = (one for one in choice.ways if one.kind == "reverse")
    return choice, reverse


def test_what_takes_nothing_is_reversed():
    choice, reverse = back(Effect("drops", "dcim.0003", "CreateModel", "dcim_new"))
    assert (choice.diagnosis.stage, choice.advised.kind) == (Stage.AHEAD, "reverse")
    assert (reverse.losses, reverse.no_return) == ((), "")


@pytest.mark.parametrize(
    ("effect", "kind", "number"),
    [
        (Effect("returns empty", "dcim.0002", "", "dcim_rack", "a", 3), "comes back empty", 3),
        (
            Effect("returns empty", "dcim.0002", "", "dcim_rack", unknown_reason="locked"),
            "comes back empty",
            None,
        ),
        (Effect("does nothing", "dcim.0002", "RunPython", "dcim_rack", rows=3), "stays", 3),
    ],
)
def test_the_first_that_spoils_is_the_point_of_no_return(effect, kind, number):
    choice, reverse = back(effect)
    assert [(one.kind, one.number) for one in reverse.losses] == [(kind, number)]
    assert (choice.advised.kind, reverse.no_return) == ("restore", "dcim.0002")


def test_an_empty_column_that_goes_is_none():
    choice, reverse = back(Effect("returns empty", "dcim.0002", "", "dcim_rack", "a", 0))
    assert (choice.advised.kind, reverse.no_return) == ("reverse", "")


def test_one_at_which_reversing_stops_is_one_too():
    effect = Effect(
        "may fail", "dcim.0003", "RemoveField", "dcim_cable", violated_preconditions=(EMPTY,)
    )
    choice, reverse = back(effect)
    assert (choice.advised.kind, reverse.no_return) == ("restore", "dcim.0003")
    assert reverse.stop.undone == 0


def test_what_code_does_is_known_of_core():
    choice, reverse = back(known=[KnownReversal("dcim.0002", "it copies back", "SELECT 1")])
    assert [(one.kind, one.number) for one in reverse.losses] == [("is spoilt", None)]
    assert choice.advised.kind == "restore"
    choice, _ = back(known=[KnownReversal("dcim.0002", "it does"), KnownReversal("ipam.1", "no")])
    assert choice.advised.kind == "reverse"


def test_without_migrations_the_packages_alone_lead_back():
    choice, _ = back(applied=("dcim.0001", *PLAN), planned_reversal=PlannedReversal())
    assert choice.advised.kind == "nothing"


def test_what_nobody_has_tried_is_not_advised():
    choice, reverse = back(planned_reversal=Unavailable("out of time"))
    assert choice.advised.kind == "restore"
    assert "out of time" in reverse.why_not
