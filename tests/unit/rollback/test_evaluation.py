"""The evaluation of each rollback option."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Preconditions, Unavailable
from nautobot_upgrade_jobs.migration_graph.reverse_plan import ReversePlan
from nautobot_upgrade_jobs.rollback.diagnosis import UpgradeState
from nautobot_upgrade_jobs.rollback.evaluation import evaluate_options
from nautobot_upgrade_jobs.rollback.options import recommend
from tests.support.rollback_situations import (
    EMPTY,
    FIRST,
    SECOND,
    create_effect,
    create_situation,
    find_option,
)


def test_evaluate_options_unrenamed_index_stays_without_loss():
    state = create_situation(effects=[create_effect("lossless", unrenamed_index="thing_idx")])
    assert find_option("reverse_migrations", state).unreversed_schema == (
        "app_thing: the index thing_idx keeps its newer name",
    )
    assert recommend(evaluate_options(state), state.diagnosis).kind == "reverse_migrations"


@pytest.mark.parametrize(
    ("kind", "state", "why"),
    [
        ("reinstall", create_situation(), "the upgrade is complete"),
        ("roll_forward", create_situation(), "nothing is left to finish"),
        ("reverse_migrations", create_situation(reverse_plan=ReversePlan()), "nothing to reverse"),
        (
            "reverse_migrations",
            create_situation(reverse_plan=ReversePlan(not_applied=(FIRST,))),
            "is not applied now",
        ),
        ("reverse_migrations", create_situation(reversal=Unavailable("no session")), "no session"),
    ],
)
def test_evaluate_options_infeasible_option_has_a_reason(kind, state, why):
    assert why in find_option(kind, state).infeasible_reason


def test_evaluate_options_violated_pending_migration_is_an_unknown():
    ahead = Preconditions((EMPTY, replace(EMPTY, affected_rows=0, unknown_reason="locked")), 2, 1)
    found = find_option("roll_forward", create_situation(UpgradeState.PARTIAL, preconditions=ahead))
    assert found.unknowns == (f"{SECOND} will fail at app_thing",)


def test_evaluate_options_feasible_option_has_time_and_basis():
    for one in evaluate_options(create_situation(UpgradeState.PARTIAL)):
        if not one.infeasible_reason:
            low, high = one.seconds
            assert 0 < low < high
            assert one.basis
