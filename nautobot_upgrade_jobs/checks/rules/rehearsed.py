"""An earlier rehearsal of the upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ...facts import Unavailable
from ...facts.rehearsal import Rehearsal
from ...upgrade.rehearsed import RehearsalEvidence
from ..build import blocker, info, warning
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check
from ..text import format_duration, plural, truncate_list

SUBJECT = "rehearsal"


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE)
def failed(evidence: RehearsalEvidence | Unavailable) -> Iterator[Finding]:
    """The rehearsal of this upgrade has shown no problem.

    Why: what stops the upgrade of a copy of the data stops the upgrade in the maintenance window as
        well.
    Fix: correct what the report of the rehearsal names, and rehearse again.
    """
    evidence = _require_rehearsal(evidence)
    if not evidence.is_valid:
        raise NotApplicable("the rehearsal is stale, see rehearsed.outcome")
    problems = evidence.record.problems
    if not problems and evidence.forward and (stop := evidence.forward.stop):
        problems = (f"{stop.place} has failed",)
    if problems:
        yield blocker(
            SUBJECT,
            f"{_capitalize(evidence.label)} has shown "
            f"{plural(len(problems), 'problem')} that {_verb(problems)} the upgrade.",
            fix="Correct what the evidence names. Its report has the details. Rehearse again.",
            evidence=truncate_list(problems),
        )


@check(phase=Phase.MIGRATE, impact=Impact.NONE)
def outcome(evidence: RehearsalEvidence | Unavailable) -> Iterator[Finding]:
    """The rehearsal of this upgrade is about the installation in its current state.

    Why: the prediction of Preflight ends where migrations run code on rows. A rehearsal shows what
        that code does.
    Fix: run Rehearse Upgrade, which upgrades a copy of the data and rolls it back.
    """
    evidence = _require_rehearsal(evidence)
    if not evidence.is_valid:
        yield info(
            SUBJECT,
            f"{_capitalize(evidence.label)} is stale. It is not used.",
            fix="Rehearse the upgrade again.",
            evidence=evidence.changes,
        )
    elif evidence.has_migrated and evidence.unproven:
        yield warning(
            SUBJECT,
            f"{_capitalize(evidence.label)} has applied all migrations, but does not prove the "
            "upgrade.",
            fix="Correct what the evidence names, and rehearse again.",
            evidence=truncate_list(evidence.unproven),
        )
    elif evidence.has_migrated and not evidence.record.problems:
        yield info(
            SUBJECT,
            f"The upgrade has been proven by {evidence.label}, on a copy of the data. It was "
            f"{describe_age(evidence.age)} ago.",
            fix="Rehearse again if the data or the packages change before the upgrade.",
            evidence=tuple(_list_outcomes(evidence.rehearsal)),
        )


def _require_rehearsal(evidence: RehearsalEvidence | Unavailable) -> RehearsalEvidence:
    if isinstance(evidence, Unavailable):
        raise NotApplicable(f"{evidence.reason}. Rehearse Upgrade proves the upgrade on a copy")
    return evidence


def _list_outcomes(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield what was carried out, and how long it took."""
    forward, restore, reverse = rehearsal.forward, rehearsal.restore, rehearsal.reverse
    if not isinstance(forward, Unavailable):
        number = plural(len(forward.migrations), "migration")
        yield f"{number} and the steps after them succeeded in {forward.seconds:.0f} s"
    if isinstance(restore, Unavailable):
        yield f"the restore of a backup was not rehearsed: {restore.reason}"
    else:
        yield f"a backup was restored in {restore.seconds:.0f} s"
    if isinstance(reverse, Unavailable):
        yield f"reversing the migrations was not rehearsed: {reverse.reason}"
    elif reverse and reverse.run.stop:
        yield f"reversing the migrations fails at {reverse.run.stop.migration}"
    elif reverse:
        yield (
            f"the migrations were reversed in {reverse.run.seconds:.0f} s, with "
            f"{plural(len(reverse.losses), 'difference')}"
        )


def describe_age(age: timedelta) -> str:
    """Return an age in one unit, such as ``4 hours``."""
    return format_duration(max(1, round(age.total_seconds() / 60)))


def _capitalize(label: str) -> str:
    return label[0].upper() + label[1:]


def _verb(problems: tuple[str, ...]) -> str:
    return "stops" if len(problems) == 1 else "stop"
