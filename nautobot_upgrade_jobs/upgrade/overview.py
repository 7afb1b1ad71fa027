"""Overview of an upgrade: the upgrade path, the risks of the migrations, and the Apps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..catalog.records import UpgradeStop
from ..facts import Preconditions, Unavailable
from ..facts.preconditions import COST_TEXTS, CostKind, Lock, OperationCost
from ..facts.resolution import AppReleases

RISK_LEVELS: tuple[str, ...] = ("stops", *(kind.value for kind in CostKind), "plain", "unknown")
"""Risks of a migration, most severe first."""
RISK_TEXTS = {
    "stops": "stops on existing rows",
    "plain": "changes the catalog only",
    "unknown": "not checked",
}
"""Texts of the risks that are not costs. ``COST_TEXTS`` has the texts of the costs."""


@dataclass(frozen=True)
class Waypoint:
    """A release on the upgrade path."""

    release: str
    kind: str
    """``installed``, ``required``, ``recommended`` or ``target``."""


@dataclass(frozen=True)
class MigrationRisk:
    """A pending migration with its most severe risk."""

    migration: str
    risk: str
    """A member of ``RISK_LEVELS``."""
    lock: Lock = Lock.UNKNOWN
    """The most severe lock of the migration's operations, if the risk is a cost."""

    @property
    def text(self) -> str:
        """The risk and the lock in words."""
        if self.risk in RISK_TEXTS:
            return RISK_TEXTS[self.risk]
        return COST_TEXTS[CostKind(self.risk)][self.lock]


@dataclass(frozen=True)
class UpgradeOverview:
    """The overview of an upgrade. Unknown parts are empty."""

    path: tuple[Waypoint, ...] = ()
    migrations: tuple[MigrationRisk, ...] = ()
    apps: tuple[AppReleases, ...] = ()


def upgrade_path(installed: str, target: str, stops: Iterable[UpgradeStop]) -> tuple[Waypoint, ...]:
    """Return the upgrade path: the installed release, the stops and the target."""
    if installed == target:
        return (Waypoint(installed, "installed"),)
    between = (Waypoint(stop.release, stop.kind) for stop in stops)
    return (Waypoint(installed, "installed"), *between, Waypoint(target, "target"))


def classify_by_risk(
    plan: Sequence[str], preconditions: Preconditions | Unavailable
) -> tuple[MigrationRisk, ...]:
    """Return the migrations of a plan, each with its most severe risk and lock."""
    if isinstance(preconditions, Unavailable):
        return tuple(MigrationRisk(migration, "unknown") for migration in plan)
    stopping = {
        result.precondition.migration for result in preconditions.violated if result.is_blocking
    }
    costs: dict[str, list[OperationCost]] = {}
    for cost in preconditions.operation_costs:
        costs.setdefault(cost.migration, []).append(cost)
    return tuple(
        MigrationRisk(migration, "stops")
        if migration in stopping
        else _classify_costs(migration, costs.get(migration, ()))
        for migration in plan
    )


def _classify_costs(migration: str, costs: Sequence[OperationCost]) -> MigrationRisk:
    kinds = {CostKind(cost.kind) for cost in costs}
    if not kinds:
        return MigrationRisk(migration, "plain")
    return MigrationRisk(
        migration,
        min(kinds, key=list(CostKind).index).value,
        min((Lock(cost.lock) for cost in costs), key=list(Lock).index),
    )
