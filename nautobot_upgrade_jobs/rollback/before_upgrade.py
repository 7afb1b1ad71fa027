"""The rollback options of an upgrade that has not started."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ..catalog.records import KnownReversal
from ..facts import Database, Migrations, PlannedReversal, Preconditions, Tables, Unavailable
from ..facts.reversal import ReverseDataChange
from ..migration_graph.history import MigrationHistory
from ..migration_graph.reverse_plan import plan_reverse
from ..upgrade.rehearsed import RehearsalEvidence
from .diagnosis import Diagnosis, UpgradeState
from .evaluation import evaluate_options
from .options import RollbackDecision, RollbackSituation, recommend

NOT_WRITTEN_YET = Unavailable("what will be written after the backup is not known yet")
ROWS_MADE_BY_UPGRADE = "the upgrade creates these rows"


@dataclass(frozen=True)
class UpgradeForecast:
    """Facts about the target, tested on the current rows."""

    migrations: Migrations
    """The target's migrations on disk, and the migrations that are applied now."""
    planned_reversal: PlannedReversal | Unavailable
    preconditions: Preconditions | Unavailable
    known_reversals: Collection[KnownReversal]
    tables: Tables | Unavailable
    database: Database | Unavailable
    rehearsal: RehearsalEvidence | None = None
    """An earlier rehearsal of the upgrade."""


def evaluate_before_upgrade(forecast: UpgradeForecast) -> RollbackDecision:
    """Return the options for a rollback from the finished upgrade to the current state."""
    current, plan = forecast.migrations.recorded, MigrationHistory(forecast.migrations).plan
    upgraded = replace(forecast.migrations, recorded=(*current, *plan))
    state = UpgradeState.PLANNED if plan else UpgradeState.NOT_STARTED
    situation = RollbackSituation(
        diagnosis=Diagnosis(state, len(plan), ()),
        reverse_plan=plan_reverse(upgraded, current),
        reversal=_add_known_reversals(forecast),
        baseline=None,
        changes_since=NOT_WRITTEN_YET,
        tables=forecast.tables,
        database=forecast.database,
        preconditions=forecast.preconditions,
        rehearsal=forecast.rehearsal,
    )
    options = evaluate_options(situation)
    best = recommend(options, situation.diagnosis)
    return RollbackDecision(situation.diagnosis, options, best, best, has_snapshot=True)


def _add_known_reversals(forecast: UpgradeForecast) -> PlannedReversal | Unavailable:
    """Add the catalog's facts about reverse code. The changed rows exist only after the upgrade."""
    reversal = forecast.planned_reversal
    if isinstance(reversal, Unavailable):
        return reversal
    reversed_migrations = set(reversal.migrations)
    changes = (
        ReverseDataChange(
            known.migration,
            known.description,
            unknown_reason=ROWS_MADE_BY_UPGRADE if known.sql else "",
        )
        for known in forecast.known_reversals
        if known.migration in reversed_migrations
    )
    return replace(reversal, known_data_changes=tuple(changes))
