"""The rollback options in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from ..checks.violation_text import describe_violation
from ..common.text import plural
from ..rollback.loss_text import (
    LOSS_SENTENCES,
    describe_containers,
    describe_loss,
    describe_unit,
)
from ..rollback.losses import DataLoss
from ..rollback.options import RollbackDecision, RollbackOption


@dataclass(frozen=True)
class OptionText:
    """One rollback option in words."""

    title: str
    recommendation: str
    """``recommended``, ``requested``, or empty."""
    feasibility: str
    """Whether the option is feasible, and the reason if it is not."""
    losses: tuple[str, ...]
    leftovers: tuple[str, ...]
    """Harmless parts of the schema that stay as the upgrade has left them."""
    prerequisites: tuple[str, ...]
    unknowns: tuple[str, ...]
    duration: str


def describe_options(decision: RollbackDecision) -> Iterator[OptionText]:
    """Yield all options, the cheapest first."""
    for option in decision.options:
        yield OptionText(
            option.title,
            _describe_recommendation(option, decision),
            _describe_feasibility(option),
            tuple(_describe_losses(option)),
            () if option.infeasible_reason else option.unreversed_schema,
            _list_prerequisites(option, decision),
            option.unknowns,
            _describe_duration(option),
        )


def _list_prerequisites(option: RollbackOption, decision: RollbackDecision) -> tuple[str, ...]:
    if option.infeasible_reason:
        return ()
    evidence = decision.backup.evidence if option.kind == "restore_backup" else ()
    return (*option.prerequisites, *(f"evidence of the backup: {text}" for text in evidence))


def _describe_recommendation(option: RollbackOption, decision: RollbackDecision) -> str:
    if option.kind == decision.recommended.kind:
        return "recommended"
    return "requested" if option.kind == decision.chosen.kind else ""


def _describe_feasibility(option: RollbackOption) -> str:
    if option.infeasible_reason:
        return f"No: {option.infeasible_reason.rstrip('.')}."
    if option.failure is None:
        certainty = "Not certain." if option.unknowns else "Yes."
        if not option.point_of_no_return:
            return certainty
        return f"{certainty} From {option.point_of_no_return} on, only with data loss."
    violation = option.failure.violation
    reason = (
        describe_violation(violation)
        if violation
        else option.failure.error or "no reverse operation exists"
    )
    return f"No: it fails at {option.failure.migration}: {reason}."


def _describe_losses(option: RollbackOption) -> Iterator[str]:
    if option.infeasible_reason:
        return
    if not option.losses:
        yield "Nothing."
    for kind in LOSS_SENTENCES:
        losses = [loss for loss in option.losses if loss.kind == kind]
        if kind == "written since" and losses and all(loss.count is None for loss in losses):
            yield "Everything that was written after the backup."
        elif losses:
            sentence = describe_loss(kind, _describe_count(losses))
            yield f"{sentence[:1].upper()}{sentence[1:]}."


def _describe_count(losses: list[DataLoss]) -> str:
    counts = [loss.count for loss in losses if loss.count is not None]
    kind = losses[0].kind
    subjects = {loss.subject for loss in losses}
    containers = describe_containers(kind, subjects)
    if not counts:
        return f"the contents of {containers} (not counted)"
    uncounted = len(losses) - len(counts)
    number = f"{sum(counts)} {describe_unit(kind, subjects, sum(counts))}"
    return f"{number} in {containers}{f' ({uncounted} not counted)' if uncounted else ''}"


def _describe_duration(option: RollbackOption) -> str:
    if option.infeasible_reason:
        return ""
    if option.seconds is None:
        return "Unknown."
    low, high = (max(1, ceil(seconds / 60)) for seconds in option.seconds)
    return f"{low} to {plural(high, 'minute')}, based on {option.basis}"
