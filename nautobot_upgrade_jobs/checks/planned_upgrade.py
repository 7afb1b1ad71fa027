"""Conditions under which a check can judge a planned upgrade."""

from __future__ import annotations

from ..facts import require
from ..facts.preconditions import Preconditions
from ..facts.trial_boot import TrialBoot
from .registry import NotApplicable


def require_upgrade(trial_boot: TrialBoot) -> None:
    """Require that an upgrade is planned.

    Raises:
        NotApplicable: The target is installed and has no pending migrations.
    """
    if not trial_boot.is_upgrade:
        raise NotApplicable("the target is already installed")


def require_preconditions(trial_boot: TrialBoot) -> Preconditions:
    """Return the facts about the migrations of a planned upgrade.

    Raises:
        NotApplicable: The target is installed and has no pending migrations.
        FactUnavailable: The facts could not be collected.
    """
    require_upgrade(trial_boot)
    return require(trial_boot.facts.preconditions)
