"""The ways back in words, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from ..checks.text import plural
from ..checks.violation_text import describe_violation
from ..rollback.losses import UNITS, WORDS, Loss
from ..rollback.options import Choice, Way


@dataclass(frozen=True)
class OptionText:
    """One way in words."""

    title: str
    recommendation: str
    """``advised``, ``asked for``, or nothing."""
    feasibility: str
    """Whether it leads there, and if not, why."""
    losses: tuple[str, ...]
    prerequisites: tuple[str, ...]
    unknowns: tuple[str, ...]
    duration: str


def describe_options(choice: Choice) -> Iterator[OptionText]:
    """Yield every way, the cheapest first."""
    for way in choice.ways:
        yield OptionText(
            way.title,
            _describe_recommendation(way, choice),
            _describe_feasibility(way),
            tuple(_describe_losses(way)),
            _list_prerequisites(way, choice),
            way.doubts,
            _describe_duration(way),
        )


def _list_prerequisites(way: Way, choice: Choice) -> tuple[str, ...]:
    if way.why_not:
        return ()
    known = choice.backup.evidence if way.kind == "restore" else ()
    return (*way.needs, *(f"of the backup it is known: {text}" for text in known))


def _describe_recommendation(way: Way, choice: Choice) -> str:
    if way.kind == choice.advised.kind:
        return "advised"
    return "asked for" if way.kind == choice.chosen.kind else ""


def _describe_feasibility(way: Way) -> str:
    if way.why_not:
        return f"No: {way.why_not.rstrip('.')}."
    if way.stop is None:
        sure = "Yes." if not way.doubts else "Not certain."
        return f"{sure} From {way.no_return} on not without harm." if way.no_return else sure
    answer = way.stop.answer
    why = describe_violation(answer) if answer else "nobody has written a way back"
    return f"No: it stops at {way.stop.migration}: {why}."


def _describe_losses(way: Way) -> Iterator[str]:
    if way.why_not:
        return
    if not way.losses:
        yield "Nothing."
    for kind, words in WORDS.items():
        lost = [one for one in way.losses if one.kind == kind]
        if lost:
            yield f"{_describe_count(lost)}: {words}"
    yield from way.stays


def _describe_count(lost: list[Loss]) -> str:
    known = [one.number for one in lost if one.number is not None]
    places = plural(len({one.subject for one in lost}), "place")
    if not known and lost[0].kind == "written since":
        return "Everything"
    if not known:
        return f"What is in {places} (not counted)"
    left = len(lost) - len(known)
    counted = plural(sum(known), UNITS.get(lost[0].kind, "value"))
    return f"{counted} in {places}{f' ({left} not counted)' if left else ''}"


def _describe_duration(way: Way) -> str:
    if way.why_not or way.seconds is None:
        return "Not known." if not way.why_not else ""
    low, high = (max(1, ceil(one / 60)) for one in way.seconds)
    return f"{low} to {plural(high, 'minute')}, by {way.basis}"
