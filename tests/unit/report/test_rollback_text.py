"""The rollback options in words: what is lost, and what only stays unchanged."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.report.rollback_text import describe_options
from nautobot_upgrade_jobs.rollback.losses import DataLoss
from nautobot_upgrade_jobs.rollback.options import RollbackOption
from tests.support.builders import choice

DROPPED = DataLoss("dropped", "dcim_rack.color", 3, "dcim.0002")
LEFT = DataLoss("left behind", "dcim_rack", 4, "dcim.0003")
NOT_CONVERTED = "4 rows in 1 table are not converted back, because the reverse code is empty."
KEPT = "The index of dcim_rack stays."


@pytest.mark.parametrize(
    ("losses", "unreversed", "lost", "leftovers"),
    [
        ((), (), ["Nothing."], []),
        ((DROPPED,), (), ["The rollback removes 3 values in 1 column."], []),
        ((), (KEPT,), ["Nothing."], [KEPT]),
        ((LEFT,), (KEPT,), [NOT_CONVERTED], [KEPT]),
    ],
)
def test_losses_contain_only_what_is_lost(losses, unreversed, lost, leftovers):
    option = RollbackOption("reverse_migrations", losses=losses, unreversed_schema=unreversed)
    (text,) = describe_options(replace(choice(option), options=(option,)))
    assert (list(text.losses), list(text.leftovers)) == (lost, leftovers)


def test_infeasible_option_states_no_losses():
    option = RollbackOption(
        "reverse_migrations", "not known", losses=(LEFT,), unreversed_schema=(KEPT,)
    )
    (text,) = describe_options(replace(choice(option), options=(option,)))
    assert (text.losses, text.leftovers) == ((), ())
