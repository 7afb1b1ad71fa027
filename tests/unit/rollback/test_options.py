"""The recommended rollback option."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.migration_graph.reverse_plan import ReversePlan
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, UpgradeState
from nautobot_upgrade_jobs.rollback.evaluation import evaluate_options
from nautobot_upgrade_jobs.rollback.options import recommend
from tests.support.rollback_situations import (
    EMPTY,
    FIRST,
    FIXED_EARLIER,
    NO_SNAPSHOT,
    SECOND,
    UNTRIED,
    create_effect,
    create_fingerprints,
    create_situation,
    create_unfinished_situation,
)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (create_situation(UpgradeState.NOT_STARTED, reverse_plan=ReversePlan()), "reinstall"),
        (create_unfinished_situation("post_upgrade.untraced_cable_paths"), "roll_forward"),
        (
            create_unfinished_situation(
                "post_upgrade.untraced_cable_paths", "post_upgrade.outdated_static_files"
            ),
            "roll_forward",
        ),
        (create_unfinished_situation("post_upgrade.outdated_static_files"), "reverse_migrations"),
        (create_situation(), "reverse_migrations"),
        (create_situation(UpgradeState.PARTIAL), "reverse_migrations"),
        (create_situation(effects=[create_effect("drops", rows=2)]), "reverse_migrations"),
        (create_situation(effects=[create_effect("runs code", rows=2)]), "reverse_migrations"),
        (
            create_situation(
                effects=[create_effect("restores empty", column="a")],
                baseline=create_fingerprints(a=0),
            ),
            "reverse_migrations",
        ),
        (create_situation(effects=[create_effect("no-op", rows=2)]), "restore_backup"),
        # Apps alone: what they have written into tables of others is theirs to know.
        (
            create_situation(
                effects=[create_effect("no-op", name="extras_tag", rows=2)], apps_only=True
            ),
            "reverse_migrations",
        ),
        (
            create_situation(effects=[create_effect("no-op", rows=2)], apps_only=True),
            "restore_backup",
        ),
        (
            create_situation(effects=[create_effect("no-op", name="", rows=2)], apps_only=True),
            "restore_backup",
        ),
        (
            create_unfinished_situation("post_upgrade.untraced_cable_paths", apps_only=True),
            "reverse_migrations",
        ),
        (
            create_situation(effects=[create_effect("restores empty", column="a")], apps_only=True),
            "restore_backup",
        ),
        # Never over real rows that would not be what they were, nor into the unknown.
        (create_situation(effects=[create_effect("restores empty", column="a")]), "restore_backup"),
        (
            create_situation(
                effects=[create_effect("restores empty", column="a")], baseline=NO_SNAPSHOT
            ),
            "restore_backup",
        ),
        (create_situation(effects=[create_effect("no-op", rows=2)]), "restore_backup"),
        (create_situation(effects=[create_effect("irreversible")]), "restore_backup"),
        (
            create_situation(effects=[create_effect("may fail", violated_preconditions=(EMPTY,))]),
            "restore_backup",
        ),
        (
            create_situation(
                effects=[create_effect("may fail", violated_preconditions=(FIXED_EARLIER,))]
            ),
            "restore_backup",
        ),
        (
            create_situation(
                effects=[create_effect("may fail", violated_preconditions=(UNTRIED,))]
            ),
            "restore_backup",
        ),
        (create_situation(reversal=Unavailable("no session")), "restore_backup"),
        (create_situation(reverse_plan=ReversePlan(unreachable=(FIRST,))), "restore_backup"),
        (
            create_situation(
                UpgradeState.DATABASE_AHEAD, reverse_plan=ReversePlan(without_code=(FIRST,))
            ),
            "restore_backup",
        ),
        (
            create_situation(
                diagnosis=Diagnosis(UpgradeState.HALF_MIGRATED, 2, (), partially_applied=(SECOND,))
            ),
            "restore_backup",
        ),
    ],
)
def test_recommend_by_situation(state, kind):
    assert recommend(evaluate_options(state), state.diagnosis).kind == kind
