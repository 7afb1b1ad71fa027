"""What an upgrade to come looks like from afar: the way there, its migrations by risk, its Apps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..catalog.records import UpgradeStop
from ..facts import Preconditions, Unavailable
from ..facts.resolution import AppReleases

RISKS = {
    "stops": "stops, as the rows are today",
    "rewrite": "writes every row of a table anew",
    "scan": "reads every row, and lets nobody at the table",
    "index": "builds an index, and lets nobody write",
    "code": "runs code over rows",
    "plain": "changes the catalog alone",
    "unknown": "not looked at",
}
"""What a migration does to those who wait, the worst first."""


@dataclass(frozen=True)
class Halt:
    """A release on the way."""

    release: str
    kind: str
    """``installed``, ``required``, ``recommended`` or ``target``."""


@dataclass(frozen=True)
class Migrating:
    """A migration to come, and the worst of what it does."""

    migration: str
    risk: str
    """A key of ``RISKS``."""


@dataclass(frozen=True)
class Outlook:
    """All of it; what is not known is empty."""

    way: tuple[Halt, ...] = ()
    migrations: tuple[Migrating, ...] = ()
    apps: tuple[AppReleases, ...] = ()


def way_to(installed: str, target: str, stops: Iterable[UpgradeStop]) -> tuple[Halt, ...]:
    """Return the releases from the installed one to the target, both included."""
    if installed == target:
        return (Halt(installed, "installed"),)
    between = (Halt(stop.release, stop.kind) for stop in stops)
    return (Halt(installed, "installed"), *between, Halt(target, "target"))


def by_risk(
    plan: Sequence[str], preconditions: Preconditions | Unavailable
) -> tuple[Migrating, ...]:
    """Return the migrations of a plan, each with the worst of what it does."""
    if isinstance(preconditions, Unavailable):
        return tuple(Migrating(one, "unknown") for one in plan)
    risks: dict[str, list[str]] = {}
    for answer in preconditions.violated:
        if answer.is_blocking:
            risks.setdefault(answer.precondition.migration, []).append("stops")
    for work in preconditions.operation_costs:
        risks.setdefault(work.migration, []).append(work.kind)
    return tuple(Migrating(one, _worst(risks.get(one, ()))) for one in plan)


def _worst(risks: Iterable[str]) -> str:
    return min(risks, key=tuple(RISKS).index, default="plain")
