"""How far an upgrade has come; [1] is applied."""

import pytest

from nautobot_upgrade_jobs.migration_graph.partial_migration import PartialMigration
from nautobot_upgrade_jobs.migration_graph.reverse_plan import plan_reverse
from nautobot_upgrade_jobs.rollback.diagnosis import UpgradeState, diagnose
from tests.support.builders import migration, migrations

CHAIN = (
    migration("dcim.0001"),
    migration("dcim.0002", "dcim.0001"),
    migration("dcim.0003", "dcim.0002"),
)
ALL = tuple(one.key for one in CHAIN)


@pytest.mark.parametrize(
    ("then", "now", "half", "left", "stage"),
    [
        (ALL, ALL, (), (), UpgradeState.NOT_STARTED),
        (
            ALL[:1],
            ALL[:1],
            (),
            (),
            UpgradeState.NOT_STARTED,
        ),  # the new code is there, nothing is applied yet
        (ALL, ALL[:1], (), (), UpgradeState.DATABASE_BEHIND),
        (ALL[:2], ALL[:1], (), (), UpgradeState.DATABASE_BEHIND),
        (ALL[:1], ALL[:2], (), (), UpgradeState.PARTIAL),
        (ALL[:1], ALL, (), (), UpgradeState.COMPLETE),
        (
            ALL[:1],
            ALL,
            (),
            ("post_upgrade.outdated_static_files",),
            UpgradeState.POST_UPGRADE_PENDING,
        ),
        (ALL[:1], ALL[:2], (), ("post_upgrade.outdated_static_files",), UpgradeState.PARTIAL),
        (
            ALL[:1],
            ALL[:2],
            (PartialMigration(CHAIN[2], (0,), (1,)),),
            (),
            UpgradeState.HALF_MIGRATED,
        ),
        (ALL[:1], ALL[:1], (PartialMigration(CHAIN[1], (0,), ()),), (), UpgradeState.HALF_MIGRATED),
        (ALL, (*ALL, "dcim.0004"), (), (), UpgradeState.DATABASE_AHEAD),
    ],
)
def test_diagnose_returns_the_state(then, now, half, left, stage):
    state = migrations(CHAIN, now)
    found = diagnose(state, plan_reverse(state, then), half, left)
    assert found.state is stage
    assert found.summary


def test_diagnosis_summary_names_counts():
    state = migrations(CHAIN, ALL[:2])
    found = diagnose(state, plan_reverse(state, ALL[:1]), (), ())
    assert (found.committed, found.pending) == (1, ("dcim.0003",))
    assert "1 migration is committed, 1 is not" in found.summary
