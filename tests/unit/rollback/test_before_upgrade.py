"""Rollback options before the upgrade has started."""

import pytest

from nautobot_upgrade_jobs.catalog.records import KnownReversal
from nautobot_upgrade_jobs.facts import PlannedReversal, Preconditions, Tables, Unavailable
from nautobot_upgrade_jobs.facts.preconditions import Precondition, PreconditionResult
from nautobot_upgrade_jobs.facts.reversal import Effect
from nautobot_upgrade_jobs.rollback.before_upgrade import UpgradeForecast, evaluate_before_upgrade
from nautobot_upgrade_jobs.rollback.diagnosis import UpgradeState
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
    ahead = UpgradeForecast(
        migrations(DISK, applied),
        found,
        Preconditions(),
        known,
        Tables((), ()),
        database(size_bytes=1),
    )
    choice = evaluate_before_upgrade(ahead)
    (reverse,) = (one for one in choice.options if one.kind == "reverse_migrations")
    return choice, reverse


def test_evaluate_before_upgrade_lossless_reversal_is_recommended():
    choice, reverse = back(Effect("drops", "dcim.0003", "CreateModel", "dcim_new"))
    assert (choice.diagnosis.state, choice.recommended.kind) == (
        UpgradeState.PLANNED,
        "reverse_migrations",
    )
    assert (reverse.losses, reverse.point_of_no_return) == ((), "")


@pytest.mark.parametrize(
    ("effect", "kind", "number"),
    [
        (Effect("restores empty", "dcim.0002", "", "dcim_rack", "a", 3), "restored empty", 3),
        (
            Effect("restores empty", "dcim.0002", "", "dcim_rack", unknown_reason="locked"),
            "restored empty",
            None,
        ),
        (Effect("no-op", "dcim.0002", "RunPython", "dcim_rack", rows=3), "left behind", 3),
    ],
)
def test_evaluate_before_upgrade_corrupting_migration_is_no_return(effect, kind, number):
    choice, reverse = back(effect)
    assert [(one.kind, one.count) for one in reverse.losses] == [(kind, number)]
    assert (choice.recommended.kind, reverse.point_of_no_return) == ("restore_backup", "dcim.0002")


def test_evaluate_before_upgrade_empty_column_has_no_point_of_no_return():
    choice, reverse = back(Effect("restores empty", "dcim.0002", "", "dcim_rack", "a", 0))
    assert (choice.recommended.kind, reverse.point_of_no_return) == ("reverse_migrations", "")


def test_evaluate_before_upgrade_failing_migration_is_the_point_of_no_return():
    effect = Effect(
        "may fail", "dcim.0003", "RemoveField", "dcim_cable", violated_preconditions=(EMPTY,)
    )
    choice, reverse = back(effect)
    assert (choice.recommended.kind, reverse.point_of_no_return) == ("restore_backup", "dcim.0003")
    assert reverse.failure.migrations_reversed == 0


def test_evaluate_before_upgrade_known_reversal_of_core_counts():
    choice, reverse = back(known=[KnownReversal("dcim.0002", "it copies back", "SELECT 1")])
    assert [(one.kind, one.count) for one in reverse.losses] == [("altered", None)]
    assert choice.recommended.kind == "restore_backup"
    choice, _ = back(known=[KnownReversal("dcim.0002", "it does"), KnownReversal("ipam.1", "no")])
    assert choice.recommended.kind == "reverse_migrations"


def test_evaluate_before_upgrade_without_migrations_recommends_reinstall():
    choice, _ = back(applied=("dcim.0001", *PLAN), planned_reversal=PlannedReversal())
    assert choice.recommended.kind == "reinstall"


def test_evaluate_before_upgrade_untested_reversal_is_not_recommended():
    choice, reverse = back(planned_reversal=Unavailable("out of time"))
    assert choice.recommended.kind == "restore_backup"
    assert "out of time" in reverse.infeasible_reason
