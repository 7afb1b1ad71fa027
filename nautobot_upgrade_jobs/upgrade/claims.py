"""What was predicted of an upgrade, and what a rehearsal has shown about each prediction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..common.text import plural
from ..facts import Unavailable
from ..facts.base import TextEnum
from ..facts.rehearsal import MigrateRun, Rehearsal, Reverse


class Outcome(TextEnum):
    """What a rehearsal has shown about a prediction."""

    PROVEN = "proven"
    DISPROVEN = "disproven"
    NOT_REHEARSED = "not rehearsed"


@dataclass(frozen=True)
class Claim:
    """A prediction, and what a rehearsal has shown about it."""

    text: str
    outcome: Outcome
    evidence: str


def list_claims(rehearsal: Rehearsal) -> tuple[Claim, ...]:
    """Return the predictions of an upgrade and of its rollback, in the order of the stages."""
    return (
        *_claim_stops(rehearsal),
        _claim_migrations(rehearsal),
        _claim_duration(rehearsal),
        _claim_losses(rehearsal),
        _claim_restore(rehearsal),
        *_claim_reverse(rehearsal),
    )


def _get_forward(rehearsal: Rehearsal) -> MigrateRun | str:
    """Return the upgrade of the copy, or why nothing is known about it."""
    forward = rehearsal.forward
    if isinstance(forward, Unavailable):
        return forward.reason
    return forward.interruption or forward


def _claim_stops(rehearsal: Rehearsal) -> Iterator[Claim]:
    """Yield the migrations that were predicted to stop. The first of them hides the others."""
    forward, is_hidden = _get_forward(rehearsal), False
    for key in rehearsal.predicted_stops:
        text = f"{key} stops at rows that it does not accept"
        if isinstance(forward, str):
            yield Claim(text, Outcome.NOT_REHEARSED, forward)
        elif forward.stop and forward.stop.migration == key:
            yield Claim(text, Outcome.PROVEN, forward.stop.failure.error)
            is_hidden = True
        elif is_hidden or (forward.stop and key not in _applied(forward)):
            where = forward.stop.migration if forward.stop else ""
            yield Claim(text, Outcome.NOT_REHEARSED, f"{where} has stopped before it")
        else:
            yield Claim(text, Outcome.DISPROVEN, "it was applied")


def _claim_migrations(rehearsal: Rehearsal) -> Claim:
    planned, forward = rehearsal.planned, _get_forward(rehearsal)
    if isinstance(planned, Unavailable):
        text = "the upgrade applies the migrations that Preflight lists"
        return Claim(text, Outcome.NOT_REHEARSED, planned.reason)
    text = f"the upgrade applies {plural(len(planned), 'migration')}"
    if isinstance(forward, str):
        return Claim(text, Outcome.NOT_REHEARSED, forward)
    done = f"{len(forward.migrations)} of {len(planned)} applied"
    if forward.stop:
        where = forward.stop.place
        outcome = Outcome.NOT_REHEARSED if where in rehearsal.predicted_stops else Outcome.DISPROVEN
        return Claim(text, outcome, f"{done}, then {where} stops")
    is_same = set(planned) == _applied(forward)
    return Claim(text, Outcome.PROVEN if is_same else Outcome.DISPROVEN, done)


def _applied(forward: MigrateRun) -> set[str]:
    return {each.migration for each in forward.migrations}


def _claim_duration(rehearsal: Rehearsal) -> Claim:
    predicted, forward = rehearsal.predicted_seconds, _get_forward(rehearsal)
    if predicted is None:
        text = "the migrations take the estimated time"
        return Claim(text, Outcome.NOT_REHEARSED, "nothing was estimated")
    low, high = predicted
    text = f"the migrations take {low:.0f} to {high:.0f} s"
    if isinstance(forward, str):
        return Claim(text, Outcome.NOT_REHEARSED, forward)
    if forward.stop:
        return Claim(text, Outcome.NOT_REHEARSED, "they were not completed")
    seconds = sum(each.seconds for each in forward.migrations)
    outcome = Outcome.PROVEN if low <= seconds <= high else Outcome.DISPROVEN
    return Claim(text, outcome, f"{seconds:.0f} s on the copy")


def _claim_losses(rehearsal: Rehearsal) -> Claim:
    text, found = "no data is lost without a known reason", rehearsal.comparison
    if isinstance(found, Unavailable):
        return Claim(text, Outcome.NOT_REHEARSED, found.reason)
    if found.losses:
        return Claim(text, Outcome.DISPROVEN, f"{found.losses} without a known reason")
    if found.overwritten:
        evidence = f"{plural(found.overwritten, 'change')} of values without a known reason"
        return Claim(text, Outcome.NOT_REHEARSED, evidence)
    if found.not_comparable:
        parts = plural(found.not_comparable, "part")
        return Claim(text, Outcome.NOT_REHEARSED, f"{parts} could not be compared")
    rest = f", {found.unexplained} other" if found.unexplained else ""
    return Claim(text, Outcome.PROVEN, f"{plural(found.explained, 'known change')}{rest}")


def _claim_restore(rehearsal: Rehearsal) -> Claim:
    text, restore = "a backup restores the state before the upgrade", rehearsal.restore
    if isinstance(restore, Unavailable):
        return Claim(text, Outcome.NOT_REHEARSED, restore.reason)
    if restore.differences:
        number = plural(len(restore.differences), "difference")
        return Claim(text, Outcome.DISPROVEN, number)
    return Claim(text, Outcome.PROVEN, f"restored in {restore.seconds:.0f} s")


def _claim_reverse(rehearsal: Rehearsal) -> Iterator[Claim]:
    reverse = rehearsal.reverse
    if reverse is None:
        return
    text = "the migrations can be reversed"
    if not isinstance(reverse, Reverse):
        yield Claim(text, Outcome.NOT_REHEARSED, reverse.reason)
    elif stop := reverse.run.stop:
        where = stop.place
        done = plural(len(reverse.run.migrations), "migration")
        yield Claim(text, Outcome.DISPROVEN, f"{where} stops after {done}")
    else:
        losses = plural(len(reverse.losses), "difference")
        evidence = f"reversed in {reverse.run.seconds:.0f} s, with {losses}"
        yield Claim(text, Outcome.PROVEN, evidence)
    if isinstance(reverse, Reverse) and reverse.again:
        yield _claim_again(reverse.again)


def _claim_again(again: MigrateRun) -> Claim:
    text = "after that, the upgrade succeeds again"
    if again.interruption:
        return Claim(text, Outcome.NOT_REHEARSED, again.interruption)
    if again.stop:
        return Claim(text, Outcome.DISPROVEN, f"{again.stop.place} stops")
    return Claim(text, Outcome.PROVEN, f"upgraded again in {again.seconds:.0f} s")
