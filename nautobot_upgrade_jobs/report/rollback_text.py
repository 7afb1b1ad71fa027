"""The ways back in words, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from ..checks.text import plural
from ..checks.violation_text import what
from ..rollback.losses import UNITS, WORDS, Loss
from ..rollback.options import Choice, Way


@dataclass(frozen=True)
class Told:
    """One way in words."""

    title: str
    advice: str
    """``advised``, ``asked for``, or nothing."""
    leads: str
    """Whether it leads there, and if not, why."""
    loses: tuple[str, ...]
    needs: tuple[str, ...]
    doubts: tuple[str, ...]
    time: str


def told(choice: Choice) -> Iterator[Told]:
    """Yield every way, the cheapest first."""
    for way in choice.ways:
        yield Told(
            way.title,
            _advice(way, choice),
            _leads(way),
            tuple(_loses(way)),
            _needs(way, choice),
            way.doubts,
            _time(way),
        )


def _needs(way: Way, choice: Choice) -> tuple[str, ...]:
    if way.why_not:
        return ()
    known = choice.backup.evidence if way.kind == "restore" else ()
    return (*way.needs, *(f"of the backup it is known: {text}" for text in known))


def _advice(way: Way, choice: Choice) -> str:
    if way.kind == choice.advised.kind:
        return "advised"
    return "asked for" if way.kind == choice.chosen.kind else ""


def _leads(way: Way) -> str:
    if way.why_not:
        return f"No: {way.why_not.rstrip('.')}."
    if way.stop is None:
        sure = "Yes." if not way.doubts else "Not certain."
        return f"{sure} From {way.no_return} on not without harm." if way.no_return else sure
    answer = way.stop.answer
    why = what(answer) if answer else "nobody has written a way back"
    return f"No: it stops at {way.stop.migration}: {why}."


def _loses(way: Way) -> Iterator[str]:
    if way.why_not:
        return
    if not way.losses:
        yield "Nothing."
    for kind, words in WORDS.items():
        lost = [one for one in way.losses if one.kind == kind]
        if lost:
            yield f"{_number(lost)}: {words}"
    yield from way.stays


def _number(lost: list[Loss]) -> str:
    known = [one.number for one in lost if one.number is not None]
    places = plural(len({one.subject for one in lost}), "place")
    if not known and lost[0].kind == "written since":
        return "Everything"
    if not known:
        return f"What is in {places} (not counted)"
    left = len(lost) - len(known)
    counted = plural(sum(known), UNITS.get(lost[0].kind, "value"))
    return f"{counted} in {places}{f' ({left} not counted)' if left else ''}"


def _time(way: Way) -> str:
    if way.why_not or way.seconds is None:
        return "Not known." if not way.why_not else ""
    low, high = (max(1, ceil(one / 60)) for one in way.seconds)
    return f"{low} to {plural(high, 'minute')}, by {way.basis}"
