"""The way back: is there one, and what does it cost?"""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Unavailable, require
from ...facts.trial_boot import TrialBoot
from ...rollback.losses import UNITS, WORDS, Kind, Loss
from ...rollback.options import Choice, Way
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check
from ..text import plural, truncate_list
from ..violation_text import describe_violation

BACKUP = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/"
    "database-backup/"
)
PINNED = "https://pip.pypa.io/en/stable/topics/repeatable-installs/"
REVERSING = "https://docs.djangoproject.com/en/5.2/topics/migrations/#reversing-migrations"


@check(stage="rollback")
def infeasible(choice: Choice) -> Iterator[Finding]:
    """The chosen way leads to the state before.

    Why: a way that stops in the middle leaves a schema that belongs to neither release.
    Fix: take the way that is advised.
    """
    way, advised = choice.chosen, choice.advised.title
    if way.why_not:
        yield _build_finding(
            way, Severity.BLOCKER, f"{way.title}: {way.why_not}.", f"Take: {advised}."
        )
    if stop := way.stop:
        why = (
            describe_violation(stop.answer)
            if stop.answer
            else "nobody has written a way back, and Django refuses"
        )
        yield _build_finding(
            way,
            Severity.BLOCKER,
            f"{way.title}: it will stop at {stop.migration} ({stop.operation}), with "
            f"{plural(stop.undone, 'migration')} already undone: {why}.",
            f"Do not begin. Take: {advised}.",
            evidence=(
                (f"{stop.answer.precondition.table} {key}" for key in stop.answer.sample)
                if stop.answer
                else ()
            ),
        )


@check(stage="rollback")
def unproven_backup(choice: Choice) -> Iterator[Finding]:
    """Where the backup is the way back, there is one.

    Why: a restore that fails half-way leaves nothing at all.
    Fix: name the backup's file, so that it can be looked at; restore it once elsewhere.
    """
    if choice.chosen.kind != "restore":
        raise NotApplicable("the way is another one")
    proof = choice.backup
    if proof.objections:
        yield _build_finding(
            choice.chosen,
            Severity.BLOCKER,
            "The file that was named is not the backup that leads back.",
            "Find the dump that was made right before the upgrade.",
            evidence=proof.objections,
            references=(BACKUP,),
        )
    elif not proof.evidence:
        yield _build_finding(
            choice.chosen,
            Severity.BLOCKER,
            "The way back is the backup, and nothing here proves that there is one.",
            "Plan in a shell on the host that has it, and name its file, too: --backup FILE. The "
            "form has no such field.",
            references=(BACKUP,),
        )
    elif proof.open:
        yield _build_finding(
            choice.chosen,
            Severity.WARNING,
            f"Not all of the backup is proven; it is known: {'; '.join(proof.evidence)}.",
            "Restore it once into an empty database elsewhere, before the present one is touched.",
            evidence=proof.open,
            references=(BACKUP,),
        )


@check(stage="rollback")
def unavailable_packages(choice: Choice) -> Iterator[Finding]:
    """All packages of the state to go back to can still be had.

    Why: releases are withdrawn, and an old Nautobot that is resolved afresh gets libraries that it
        cannot import: nothing but the very same set leads back.
    Fix: keep a folder of wheels of every set that runs, and name it in `wheel_directory`.
    """
    frozen = choice.frozen
    if choice.chosen.kind == "forward" or frozen is None:
        raise NotApplicable("no list of packages is installed on this way")
    if frozen.unavailable:
        yield _build_finding(
            choice.chosen,
            Severity.BLOCKER,
            f"{plural(len(frozen.unavailable), 'package')} of the state to go back to cannot be had"
            " any more.",
            "Find the files, in a cache or a backup, and put them into a folder of wheels.",
            subject="packages",
            evidence=frozen.unavailable,
            references=(PINNED,),
        )
    if frozen.unchecked_reason:
        yield _build_finding(
            choice.chosen,
            Severity.WARNING,
            f"Nobody knows whether the old packages can still be had: {frozen.unchecked_reason}.",
            "Fetch them before the window: python -m pip download --no-deps --requirement FILE",
            subject="packages",
            references=(PINNED,),
        )


@check(stage="rollback")
def data_loss(choice: Choice) -> Iterator[Finding]:
    """The chosen way loses nothing.

    Why: what users have entered since the upgrade, or what the older release knew, would be gone
        without a word.
    Fix: save what is named first, or take another way.
    """
    for kind in dict.fromkeys(one.kind for one in choice.chosen.losses):
        lost = [one for one in choice.chosen.losses if one.kind == kind]
        yield _build_finding(
            choice.chosen,
            Severity.WARNING,
            f"{choice.chosen.title}: {_describe_losses(kind, lost)}",
            "Decide whether that may be lost; if not, save it first.",
            subject=kind,
            impact=Impact.DATA_LOSS,
            evidence=(_describe_loss(one) for one in sorted(lost, key=_loss_sort_key)),
        )


@check(stage="rollback")
def unknowns(choice: Choice) -> Iterator[Finding]:
    """Nothing about the chosen way is left open.

    Why: what nobody could try or count is found out in the window.
    Fix: try the way on a copy of the database first.
    """
    way = choice.chosen
    if way.doubts:
        yield _build_finding(
            way,
            Severity.WARNING,
            f"{way.title}: {plural(len(way.doubts), 'question')} could not be answered.",
            "Go this way on a copy of the database first.",
            evidence=way.doubts,
        )


@check(stage="rollback")
def not_recommended(choice: Choice) -> Iterator[Finding]:
    """The way that was asked for is the one that is advised.

    Why: the other ways lose more, or do not lead there.
    Fix: ask for no way in particular, and take the one that is advised.
    """
    if choice.chosen.kind != choice.advised.kind:
        yield _build_finding(
            choice.chosen,
            Severity.WARNING,
            f"{choice.chosen.title} was asked for; advised is: {choice.advised.title}.",
            "Take the way that is advised, unless you know better.",
        )


@check(stage="rollback")
def no_snapshot(choice: Choice) -> Iterator[Finding]:
    """A snapshot says what the state to go back to was.

    Why: the migrations of a release are known, what was in its tables is not: what comes back
        empty cannot be counted, and nothing can be compared afterwards.
    Fix: name a snapshot that was captured before the upgrade.
    """
    if not choice.snapshot:
        yield _build_finding(
            choice.chosen,
            Severity.INFO,
            "There is no snapshot of the state to go back to.",
            "Capture one before each upgrade: nautobot-server upgrade_jobs snapshot",
        )


@check(stage="preflight")
def point_of_no_return(trial_boot: TrialBoot, choice: Choice | Unavailable) -> Iterator[Finding]:
    """Every migration to come can be reversed without a loss.

    Why: once the others have run, the way back is the backup, with all that is written after it.
    Fix: decide before the window until when you would go back, and how.
    """
    if not trial_boot.is_separate_environment:
        raise NotApplicable("what is installed is the target")
    found = require(choice)
    reverse = next(one for one in found.ways if one.kind == "reverse")
    if found.advised.kind != "restore":
        return
    advised, key, number = found.advised, reverse.no_return, found.diagnosis.committed
    yield _build_finding(
        advised,
        Severity.INFO,
        (
            f"The point of no return is {key}: what it does is not taken back by reversing it."
            if key
            else f"Nobody knows whether {plural(number, 'migration')} to come can be reversed."
        ),
        f"Once migrate has begun, the way back is: {advised.title}. "
        "Decide before the window until when you would take it.",
        subject=key or "migrations",
        evidence=_irreversible_reasons(reverse),
    )


def _irreversible_reasons(reverse: Way) -> Iterator[str]:
    """Yield why reversing is no way back."""
    if reverse.why_not:
        yield reverse.why_not
    if reverse.stop:
        yield f"it stops at {reverse.stop.migration}"
    yield from (_describe_loss(one) for one in reverse.losses if one.cause == reverse.no_return)
    yield from reverse.doubts


def _build_finding(  # noqa: PLR0913 - the parts of one finding
    way: Way,
    severity: Severity,
    message: str,
    remediation: str,
    *,
    subject: str = "",
    impact: Impact = Impact.OUTAGE,
    evidence: Iterator[str] | tuple[str, ...] = (),
    references: tuple[str, ...] = (REVERSING,),
) -> Finding:
    return Finding(
        severity=severity,
        subject=subject or way.kind,
        message=message,
        remediation=remediation,
        phase=Phase.ROLLBACK,
        impact=impact,
        evidence=truncate_list(tuple(evidence)),
        references=references,
    )


def _describe_losses(kind: Kind, lost: list[Loss]) -> str:
    """Say how much is lost, and how."""
    open_ = sum(1 for one in lost if one.number is None)
    places = plural(len({one.subject for one in lost}), "place")
    if open_ == len(lost):
        return f"what is in {places}, and nobody could count: {WORDS[kind]}."
    known = plural(sum(one.number or 0 for one in lost), UNITS.get(kind, "value"))
    also = f" {plural(open_, 'place')} could not be counted." if open_ else ""
    return f"{known} in {places}: {WORDS[kind]}.{also}"


def _describe_loss(one: Loss) -> str:
    number = "not counted" if one.number is None else f"{one.number}"
    who = f" ({one.cause})" if one.cause else ""
    some_of_it = f", such as {', '.join(one.sample)}" if one.sample else ""
    see = f"; see {one.link}" if one.link else ""
    return f"{one.subject}: {number}{who}{f': {one.says}' if one.says else ''}{some_of_it}{see}"


def _loss_sort_key(one: Loss) -> tuple[float, str]:
    return (-(float("inf") if one.number is None else one.number), one.subject)
