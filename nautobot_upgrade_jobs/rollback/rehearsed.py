"""What a rehearsal has shown about the rollback options."""

from __future__ import annotations

from dataclasses import replace

from ..common.text import plural
from ..facts import Unavailable
from ..facts.rehearsal import Restore, Reverse
from ..upgrade.live_duration import HIGH_FACTOR
from ..upgrade.rehearsed import RehearsalEvidence
from .diagnosis import UpgradeState
from .losses import ReverseFailure
from .options import RollbackOption, RollbackSituation


def apply_rehearsal(
    option: RollbackOption, situation: RollbackSituation, restart_seconds: tuple[float, float]
) -> RollbackOption:
    """Return an option with what a valid rehearsal has shown.

    Before the upgrade, this replaces what is predicted. After it, users have changed rows, so what
    was found in the rows remains.

    Args:
        option: The option without the rehearsal.
        situation: The situation, with the rehearsal.
        restart_seconds: Lower and upper bound of the time to stop and to start the services.
    """
    evidence = situation.rehearsal
    if evidence is None or not evidence.is_valid or option.infeasible_reason:
        return option
    low, high = restart_seconds
    restore, reverse = evidence.rehearsal.restore, evidence.rehearsal.reverse
    if option.kind == "restore_backup" and not isinstance(restore, Unavailable):
        return replace(
            option,
            seconds=(restore.seconds + low, restore.seconds * HIGH_FACTOR + high),
            basis=f"the restore in {restore.seconds:.0f} s in {evidence.label}",
            unknowns=(*option.unknowns, *_describe_differences(restore, evidence)),
        )
    is_same = evidence.forward is not None and set(situation.reverse_plan.migrations) == {
        each.migration for each in evidence.forward.migrations
    }
    if option.kind == "reverse_migrations" and isinstance(reverse, Reverse) and is_same:
        seconds = reverse.run.seconds
        failure = _find_failure(reverse, evidence)
        is_planned = situation.diagnosis.state is UpgradeState.PLANNED
        return replace(
            option,
            failure=failure if is_planned else option.failure or failure,
            # Before the upgrade, the rehearsal has answered what could stop the migrations.
            unknowns=() if is_planned else option.unknowns,
            seconds=(seconds + low, seconds * HIGH_FACTOR + high),
            basis=f"{plural(len(reverse.run.migrations), 'migration')}, reversed in {seconds:.0f} s"
            f" in {evidence.label}",
        )
    return option


def _describe_differences(restore: Restore, evidence: RehearsalEvidence) -> tuple[str, ...]:
    if not restore.differences:
        return ()
    number = plural(len(restore.differences), "difference")
    return (f"the backup that was restored in {evidence.label} had {number} to the data",)


def _find_failure(reverse: Reverse, evidence: RehearsalEvidence) -> ReverseFailure | None:
    stop = reverse.run.stop
    if stop is None:
        return None
    return ReverseFailure(
        stop.place,
        f"as in {evidence.label}",
        len(reverse.run.migrations),
        error=stop.text,
    )
