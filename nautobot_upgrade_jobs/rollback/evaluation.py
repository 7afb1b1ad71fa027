"""Evaluate the rollback options: feasibility, losses, prerequisites and time of each."""

from __future__ import annotations

from collections.abc import Iterator

from ..common.text import plural
from ..facts import Preconditions, Unavailable
from ..facts.preconditions import PreconditionKind
from ..facts.reversal import Reversal
from ..migration_graph.cost_estimate import estimate_cost
from .diagnosis import UpgradeState
from .losses import (
    DataLoss,
    LossKind,
    ReverseFailure,
    first_failure,
    losses_of_restore,
    losses_of_reversal,
    rows_deleted_since,
)
from .options import RollbackOption, RollbackSituation
from .rehearsed import apply_rehearsal

UNACCEPTABLE: tuple[LossKind, ...] = ("restored empty", "altered", "left behind")
"""Losses that rule out reversing: the older release would run on wrong or missing data."""
RESTORE_BYTES_PER_SECOND = (10e6, 80e6)
"""Lower and upper bound: bytes of the database that are restored in a second. ``pg_restore`` of a
database of 1 GB with six indexes was measured at 60 to 77 million. Slow disks reach half or less.
"""
RESTART_SECONDS = (120.0, 900.0)
"""Lower and upper bound: time to stop and start services and to install packages."""
PREVIOUS_PACKAGES = "the previous packages, pinned"


def evaluate_options(situation: RollbackSituation) -> tuple[RollbackOption, ...]:
    """Return all options, the cheapest first, including options that are not possible here."""
    evaluations = (_reinstall, _roll_forward, _reverse_migrations, _restore_backup)
    return tuple(
        apply_rehearsal(evaluate(situation), situation, RESTART_SECONDS) for evaluate in evaluations
    )


def _reinstall(situation: RollbackSituation) -> RollbackOption:
    state, summary = situation.diagnosis.state, situation.diagnosis.summary
    reason = {
        UpgradeState.NOT_STARTED: "",
        UpgradeState.PLANNED: "possible only until migrate starts",
    }.get(state, (summary[0].lower() + summary[1:]).rstrip("."))
    return RollbackOption(
        "reinstall",
        reason,
        losses=() if reason else tuple(_deleted_since(situation)),
        prerequisites=(PREVIOUS_PACKAGES,),
        seconds=RESTART_SECONDS,
        basis="stop, install, start",
    )


def _roll_forward(situation: RollbackSituation) -> RollbackOption:
    state, preconditions = situation.diagnosis.state, situation.preconditions
    if state not in (
        UpgradeState.PARTIAL,
        UpgradeState.HALF_MIGRATED,
        UpgradeState.POST_UPGRADE_PENDING,
    ):
        return RollbackOption("roll_forward", infeasible_reason="nothing is left to finish")
    if situation.apps_only and not situation.diagnosis.pending:
        return RollbackOption(
            "roll_forward", infeasible_reason="the pending steps do not concern these Apps"
        )
    prerequisites = ["the cause of the failure is fixed"]
    if state is UpgradeState.HALF_MIGRATED:
        prerequisites.append(
            "the partially applied migration is finished or reversed by hand, as Verify Migrations "
            "describes"
        )
    unknowns: tuple[str, ...]
    seconds = None
    if isinstance(preconditions, Unavailable):
        unknowns = (f"whether rows violate pending migrations: {preconditions.reason}",)
    else:
        unknowns = tuple(
            f"{result.precondition.migration} will fail at {result.precondition.table}"
            for result in preconditions.violated
            if result.is_blocking
        )
        if not isinstance(situation.tables, Unavailable):
            cost = estimate_cost(preconditions, situation.tables)
            seconds = (cost.low + 10, cost.high + 600)
    return RollbackOption(
        "roll_forward",
        unknowns=unknowns,
        prerequisites=() if state is UpgradeState.POST_UPGRADE_PENDING else tuple(prerequisites),
        seconds=seconds,
        basis="the pending migrations and the steps after them",
    )


def _reverse_migrations(situation: RollbackSituation) -> RollbackOption:
    reversal = situation.reversal
    blocker = next(_blockers(situation), "")
    if isinstance(reversal, Unavailable):
        return RollbackOption("reverse_migrations", blocker or f"unknown: {reversal.reason}")
    if blocker:
        return RollbackOption("reverse_migrations", blocker)
    losses = (*losses_of_reversal(reversal, situation.baseline), *_deleted_since(situation))
    failure = first_failure(reversal)
    return RollbackOption(
        "reverse_migrations",
        losses=losses,
        failure=failure,
        point_of_no_return=_point_of_no_return(reversal, losses, failure),
        unreversed_schema=tuple(
            f"{effect.table}: the index {effect.unrenamed_index} keeps its newer name"
            for effect in reversal.effects
            if effect.unrenamed_index
        ),
        corrupts_data=any(_corrupts(loss, situation) for loss in losses),
        unknowns=tuple(_unknowns(reversal)),
        prerequisites=(
            "the code that applied the migrations, which alone can reverse them",
            "a backup of the upgraded state, because reversing may fail half-way",
            PREVIOUS_PACKAGES,
        ),
        seconds=_reverse_seconds(situation, reversal),
        basis=f"{plural(len(reversal.migrations), 'migration')} and the rows that they process",
    )


def _reverse_seconds(
    situation: RollbackSituation, reversal: Reversal
) -> tuple[float, float] | None:
    if isinstance(situation.tables, Unavailable):
        return None
    work = Preconditions(
        migrations_planned=len(reversal.migrations), operation_costs=reversal.operation_costs
    )
    cost = estimate_cost(work, situation.tables)
    return (cost.low + RESTART_SECONDS[0], cost.high + RESTART_SECONDS[1])


def _corrupts(loss: DataLoss, situation: RollbackSituation) -> bool:
    """Return whether the older release would run on wrong or missing data because of a loss.

    If only Apps are rolled back, data that their code wrote into tables of other Apps stays, as the
    authors of the Apps intend. A restore would remove this data, but also everything else.
    """
    if loss.kind != "left behind" or not situation.apps_only or loss.subject == loss.cause:
        return loss.kind in UNACCEPTABLE
    own_apps = {key.partition(".")[0] for key in situation.reverse_plan.migrations}
    return any(loss.subject.startswith(f"{label}_") for label in own_apps)


def _point_of_no_return(
    reversal: Reversal, losses: tuple[DataLoss, ...], failure: ReverseFailure | None
) -> str:
    irreversible = {loss.cause for loss in losses if loss.kind in UNACCEPTABLE}
    if failure:
        irreversible.add(failure.migration)
    return next((key for key in reversed(reversal.migrations) if key in irreversible), "")


def _deleted_since(situation: RollbackSituation) -> Iterator[DataLoss]:
    return rows_deleted_since(situation.baseline, situation.tables, situation.volatile)


def _blockers(situation: RollbackSituation) -> Iterator[str]:
    """Yield the reasons why migrations cannot be reversed."""
    plan = situation.reverse_plan
    if situation.diagnosis.partially_applied:
        yield (
            f"{situation.diagnosis.partially_applied[0]} is partially applied; Django can neither "
            "continue nor reverse it"
        )
    if plan.without_code:
        yield (
            f"{plan.without_code[0]} and {len(plan.without_code) - 1} more are not on disk; only "
            "the code that applied a migration can reverse it"
        )
    if plan.unreachable:
        yield f"migrate cannot reverse {plan.unreachable[0]} without a migration that must stay"
    if plan.not_applied:
        yield f"{plan.not_applied[0]} was applied before the upgrade and is not applied now"
    if not plan.calls:
        yield "there is nothing to reverse"


def _unknowns(reversal: Reversal) -> Iterator[str]:
    """Yield what is unknown about the preconditions and the effects of reversing."""
    for effect in reversal.effects:
        for result in effect.violated_preconditions:
            precondition = result.precondition
            if result.unknown_reason:
                yield f"{effect.migration}: not tested: {result.unknown_reason}"
            elif precondition.possibly_fixed_by and precondition.kind != PreconditionKind.TRUNCATES:
                yield (
                    f"{effect.migration} may fail at {precondition.table}, unless earlier code "
                    "changes these rows"
                )
        if effect.unknown_reason:
            yield f"{effect.migration}: not counted: {effect.unknown_reason}"


def _restore_backup(situation: RollbackSituation) -> RollbackOption:
    database = situation.database
    seconds = None
    if not isinstance(database, Unavailable) and not isinstance(database.size_bytes, Unavailable):
        slow, fast = RESTORE_BYTES_PER_SECOND
        size = database.size_bytes
        seconds = (size / fast + RESTART_SECONDS[0], size / slow + RESTART_SECONDS[1])
    return RollbackOption(
        "restore_backup",
        losses=losses_of_restore(situation.changes_since, situation.volatile),
        prerequisites=(
            "a complete dump that is older than the first migration of the upgrade",
            PREVIOUS_PACKAGES,
        ),
        seconds=seconds,
        basis="the current size of the database",
    )
