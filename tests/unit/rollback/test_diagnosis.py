"""How far an upgrade has come; [1] is applied."""

import pytest

from nautobot_upgrade_jobs.migration_graph.partial_migration import Progress
from nautobot_upgrade_jobs.migration_graph.reverse_plan import way_back
from nautobot_upgrade_jobs.rollback.diagnosis import Stage, diagnose
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
        (ALL, ALL, (), (), Stage.NOTHING),
        (ALL[:1], ALL[:1], (), (), Stage.NOTHING),  # the new code is there, nothing is applied yet
        (ALL[:1], ALL[:2], (), (), Stage.SOME),
        (ALL[:1], ALL, (), (), Stage.COMPLETE),
        (ALL[:1], ALL, (), ("post_upgrade.outdated_static_files",), Stage.UNFINISHED),
        (ALL[:1], ALL[:2], (), ("post_upgrade.outdated_static_files",), Stage.SOME),
        (ALL[:1], ALL[:2], (Progress(CHAIN[2], (0,), (1,)),), (), Stage.HALF),
        (ALL[:1], ALL[:1], (Progress(CHAIN[1], (0,), ()),), (), Stage.HALF),
        (ALL, (*ALL, "dcim.0004"), (), (), Stage.OLD_CODE),
    ],
)
def test_stages(then, now, half, left, stage):
    state = migrations(CHAIN, now)
    found = diagnose(state, way_back(state, then), half, left)
    assert found.stage is stage
    assert found.story


def test_what_is_told():
    state = migrations(CHAIN, ALL[:2])
    found = diagnose(state, way_back(state, ALL[:1]), (), ())
    assert (found.committed, found.pending) == (1, ("dcim.0003",))
    assert "1 migration is committed, 1 is not" in found.story
