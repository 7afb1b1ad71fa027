"""The chosen rollback option: its feasibility, its losses and its packages."""

from __future__ import annotations

from collections.abc import Iterator

from ...common.files import ROLLBACK_REQUIREMENTS
from ...facts import Unavailable, require
from ...facts.trial_boot import TrialBoot
from ...rollback.loss_text import describe_containers, describe_loss, describe_unit
from ...rollback.losses import DataLoss, LossKind, ReverseFailure
from ...rollback.options import RollbackDecision, RollbackOption
from ..build import blocker, info, warning
from ..findings import Finding, Impact, Phase
from ..planned_upgrade import require_upgrade
from ..references import DATABASE_BACKUP, REPEATABLE_INSTALLS, REVERSING_MIGRATIONS
from ..registry import NotApplicable, check
from ..remediation import shell
from ..text import plural, truncate_list
from ..violation_text import describe_violation

LOSS_REMEDIATIONS: dict[LossKind, str] = {
    "deleted since": "If you need these rows, choose an option that restores the backup. The "
    "database no longer contains them.",
    "restored empty": "If you need these values, copy them from the backup from before the "
    "upgrade.",
    "left behind": "After the rollback, compare these rows with a backup, and correct them.",
}
"""What to do about a kind of loss that an export before the rollback does not prevent."""


@check(stage="rollback", phase=Phase.ROLLBACK, impact=Impact.OUTAGE, see=(REVERSING_MIGRATIONS,))
def infeasible(choice: RollbackDecision) -> Iterator[Finding]:
    """The chosen rollback option restores the state before the upgrade.

    Why: a rollback that stops half-way leaves a schema that belongs to neither release.
    Fix: take the recommended option.
    """
    option, recommended = choice.chosen, choice.recommended.title
    if option.infeasible_reason:
        yield blocker(
            option.kind,
            f"The option '{option.title}' is not possible: {option.infeasible_reason}.",
            fix=f"Take the recommended option: {recommended}.",
        )
    if failure := option.failure:
        violation = failure.violation
        yield blocker(
            option.kind,
            f"The option '{option.title}' will stop at {failure.migration}"
            f" ({failure.operation}), after {plural(failure.migrations_reversed, 'migration')}"
            f" {'is' if failure.migrations_reversed == 1 else 'are'} reversed."
            f" {_describe_failure(failure)}.",
            fix=f"Do not start this rollback. Take the recommended option: {recommended}.",
            evidence=truncate_list(
                tuple(f"{violation.precondition.table} {key}" for key in violation.sample)
                if violation
                else ()
            ),
        )


def _describe_failure(failure: ReverseFailure) -> str:
    if failure.violation:
        return describe_violation(failure.violation)
    if failure.error:
        return failure.error
    return "The operation has no reverse code, and Django refuses to reverse it"


@check(stage="rollback", phase=Phase.ROLLBACK, impact=Impact.OUTAGE, see=(DATABASE_BACKUP,))
def unproven_backup(choice: RollbackDecision) -> Iterator[Finding]:
    """The backup to restore is verified.

    Why: a restore that fails half-way leaves no usable database.
    Fix: name the backup file so that it can be checked, and restore it once elsewhere.
    """
    option, backup = choice.chosen, choice.backup
    if option.kind != "restore_backup":
        raise NotApplicable("the chosen option restores no backup")
    if backup.contradictions:
        yield blocker(
            option.kind,
            "The given file is not a usable backup of the state before the upgrade.",
            fix="Find the dump that was made right before the upgrade.",
            evidence=truncate_list(backup.contradictions),
        )
    elif not backup.evidence:
        yield blocker(
            option.kind,
            "Rolling back requires a backup, and no backup has been verified.",
            fix="On the host that has the backup, run `nautobot-server upgrade_jobs rollback` with "
            "--backup FILE. The command plans the rollback, and changes nothing. In the form of "
            "the Job, name a file in the folder of the setting `backup_directory`.",
        )
    elif backup.unverified:
        yield warning(
            option.kind,
            f"The backup is only partly verified. Verified: {'; '.join(backup.evidence)}.",
            fix="Restore it once into an empty database elsewhere, before you change the current "
            "one.",
            evidence=truncate_list(backup.unverified),
        )


@check(stage="rollback", phase=Phase.ROLLBACK, impact=Impact.OUTAGE, see=(REPEATABLE_INSTALLS,))
def unavailable_packages(choice: RollbackDecision) -> Iterator[Finding]:
    """All packages of the state before the upgrade are still available.

    Why: releases are withdrawn. If an old Nautobot is resolved again, it gets libraries that it
        cannot import. A rollback needs exactly the previous package set.
    Fix: keep a folder of wheels of every installed set, and name it in `wheel_directory`.
    """
    pinned = choice.pinned_packages
    if choice.chosen.kind == "roll_forward" or pinned is None:
        raise NotApplicable("the chosen option installs no pinned package set")
    if pinned.unavailable:
        count = len(pinned.unavailable)
        yield blocker(
            "packages",
            f"{plural(count, 'package')} of the previous release"
            f" {'is' if count == 1 else 'are'} neither on the package index nor in this"
            " environment.",
            fix="Find the package files in a cache of pip or a backup. Put them into a folder. "
            "Set `wheel_directory` in the settings of nautobot-upgrade-jobs to this folder.",
            evidence=truncate_list(pinned.unavailable),
        )
    if pinned.unchecked_reason:
        yield warning(
            "packages",
            "The planner did not check whether the packages of the previous release are still "
            f"available: {pinned.unchecked_reason}.",
            fix="Before the maintenance window, download the packages with this command. Then set "
            "`wheel_directory` to the folder.",
            commands=(
                shell(
                    "python -m pip download --no-deps --dest FOLDER --requirement "
                    f"{ROLLBACK_REQUIREMENTS}"
                ),
            ),
        )


@check(stage="rollback", phase=Phase.ROLLBACK, impact=Impact.DATA_LOSS, see=(REVERSING_MIGRATIONS,))
def data_loss(choice: RollbackDecision) -> Iterator[Finding]:
    """The chosen rollback option loses no data.

    Why: what users entered since the upgrade, or what the older release stored, would be lost
        silently.
    Fix: save the listed data first, or take another option.
    """
    option = choice.chosen
    for kind in dict.fromkeys(loss.kind for loss in option.losses):
        losses = [loss for loss in option.losses if loss.kind == kind]
        yield warning(
            kind,
            f"With the option '{option.title}', {_describe_losses(kind, losses)}",
            fix=LOSS_REMEDIATIONS.get(
                kind, "If you need the listed data, export it before the rollback."
            ),
            evidence=truncate_list(
                tuple(_describe_loss(loss) for loss in sorted(losses, key=_loss_sort_key))
            ),
        )


@check(stage="rollback", phase=Phase.ROLLBACK, impact=Impact.OUTAGE, see=(REVERSING_MIGRATIONS,))
def unknowns(choice: RollbackDecision) -> Iterator[Finding]:
    """No question about the chosen rollback option is open.

    Why: what was not tested or counted shows up only in the maintenance window.
    Fix: try the option on a copy of the database first.
    """
    option = choice.chosen
    if option.unknowns:
        yield warning(
            option.kind,
            f"{plural(len(option.unknowns), 'question')} about the option"
            f" '{option.title}' could not be answered.",
            fix="Try the option on a copy of the database first.",
            evidence=truncate_list(option.unknowns),
        )


@check(stage="rollback", phase=Phase.ROLLBACK, impact=Impact.OUTAGE, see=(REVERSING_MIGRATIONS,))
def not_recommended(choice: RollbackDecision) -> Iterator[Finding]:
    """The requested rollback option is the recommended one.

    Why: the other options lose more data, or do not restore the state before the upgrade.
    Fix: request no option, and take the recommended one.
    """
    chosen, recommended = choice.chosen, choice.recommended
    if chosen.kind != recommended.kind:
        yield warning(
            chosen.kind,
            f"'{chosen.title}' was requested, but '{recommended.title}' is recommended.",
            fix="Take the recommended option, unless you have a reason not to.",
        )


@check(stage="rollback", phase=Phase.ROLLBACK, impact=Impact.OUTAGE, see=(REVERSING_MIGRATIONS,))
def no_snapshot(choice: RollbackDecision) -> Iterator[Finding]:
    """A snapshot of the state before the upgrade is available.

    Why: the migrations of a release are known, but the data in its tables is not. Without a
        snapshot, the planner cannot count the values of removed columns, and you cannot compare the
        data after the rollback.
    Fix: name a snapshot from before the upgrade.
    """
    if not choice.has_snapshot:
        yield info(
            choice.chosen.kind,
            "You named no snapshot of the state before the upgrade.",
            fix="If you have one, plan the rollback again and name it. Before the next upgrade, "
            "capture one: nautobot-server upgrade_jobs snapshot",
        )


@check(stage="preflight", phase=Phase.ROLLBACK, impact=Impact.OUTAGE, see=(REVERSING_MIGRATIONS,))
def point_of_no_return(
    trial_boot: TrialBoot, choice: RollbackDecision | Unavailable
) -> Iterator[Finding]:
    """Every pending migration can be reversed without a loss.

    Why: after a migration that cannot be reversed without a loss, a rollback requires the backup.
        Everything that was written since the backup is then lost.
    Fix: decide before the maintenance window how, and until when, you would roll back.
    """
    require_upgrade(trial_boot)
    decision = require(choice)
    recommended = decision.recommended
    reverse = next(option for option in decision.options if option.kind == "reverse_migrations")
    if recommended.kind != "restore_backup":
        return
    migration, pending = reverse.point_of_no_return, decision.diagnosis.committed
    yield info(
        migration or "migrations",
        f"The point of no return is {migration}, because reversing it does not undo all of its"
        " changes."
        if migration
        else f"It is unknown whether {plural(pending, 'pending migration')} can be reversed.",
        fix=f"After {f'{migration} has run' if migration else '`migrate` has started'}, rely only "
        f"on '{recommended.title}'. "
        "Decide the latest time at which you would start the restore.",
        evidence=truncate_list(tuple(_irreversible_reasons(reverse))),
    )


def _irreversible_reasons(reverse: RollbackOption) -> Iterator[str]:
    """Yield the reasons why the migrations cannot be reversed."""
    if reverse.infeasible_reason:
        yield reverse.infeasible_reason
    if reverse.failure:
        yield f"reversing stops at {reverse.failure.migration}"
    yield from (
        _describe_loss(loss) for loss in reverse.losses if loss.cause == reverse.point_of_no_return
    )
    yield from reverse.unknowns


def _describe_losses(kind: LossKind, losses: list[DataLoss]) -> str:
    """Return the amount of the losses of one kind, and what happens to the data."""
    counted = {loss.subject for loss in losses if loss.count is not None}
    uncounted = {loss.subject for loss in losses} - counted
    if not counted:
        containers = describe_containers(kind, uncounted)
        amount = f"an unknown number of {describe_unit(kind, uncounted, 2)} in {containers}"
        return f"{describe_loss(kind, amount)}."
    number = sum(loss.count or 0 for loss in losses)
    containers = describe_containers(kind, counted)
    amount = f"{number} {describe_unit(kind, counted, number)} in {containers}"
    others = ""
    if uncounted:
        verb = "was" if len(uncounted) == 1 else "were"
        others = f" {describe_containers(kind, uncounted)} {verb} not counted."
    return f"{describe_loss(kind, amount)}.{others}"


def _describe_loss(loss: DataLoss) -> str:
    count = "not counted" if loss.count is None else f"{loss.count}"
    cause = f" ({loss.cause})" if loss.cause else ""
    description = f": {loss.description}" if loss.description else ""
    sample = f", such as {', '.join(loss.sample)}" if loss.sample else ""
    link = f"; see {loss.link}" if loss.link else ""
    return f"{loss.subject}: {count}{cause}{description}{sample}{link}"


def _loss_sort_key(loss: DataLoss) -> tuple[float, str]:
    return (-(float("inf") if loss.count is None else loss.count), loss.subject)
