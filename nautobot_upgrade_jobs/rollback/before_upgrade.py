"""The way back from an upgrade that is still to come, before anything is changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ..catalog.records import KnownReversal
from ..facts import Database, Migrations, PlannedReversal, Preconditions, Tables, Unavailable
from ..facts.reversal import ReverseDataChange
from ..migration_graph.history import History
from ..migration_graph.reverse_plan import way_back
from .diagnosis import Diagnosis, Stage
from .options import Choice, Situation, recommended, ways

NOT_YET = Unavailable("what will be written after the backup is not known yet")
NOT_THERE = "its rows are made by the upgrade"


@dataclass(frozen=True)
class Ahead:
    """What is known of the target, on the rows of today."""

    migrations: Migrations
    """Those of the target, and what is applied today."""
    planned_reversal: PlannedReversal | Unavailable
    preconditions: Preconditions | Unavailable
    known: Collection[KnownReversal]
    tables: Tables | Unavailable
    database: Database | Unavailable


def look_back(ahead: Ahead) -> Choice:
    """Return the ways back from the finished upgrade to the state of today."""
    today, plan = ahead.migrations.recorded, History(ahead.migrations).plan
    upgraded = replace(ahead.migrations, recorded=(*today, *plan))
    stage = Stage.AHEAD if plan else Stage.NOTHING
    situation = Situation(
        diagnosis=Diagnosis(stage, len(plan), ()),
        way=way_back(upgraded, today),
        reversal=_with_known(ahead),
        then=None,
        written=NOT_YET,
        tables=ahead.tables,
        database=ahead.database,
        ahead=ahead.preconditions,
    )
    found = ways(situation)
    advised = recommended(found, situation.diagnosis)
    return Choice(situation.diagnosis, found, advised, advised, snapshot=True)


def _with_known(ahead: Ahead) -> PlannedReversal | Unavailable:
    """Add what is known of the code; its rows can be counted only when it has run."""
    if isinstance(ahead.planned_reversal, Unavailable):
        return ahead.planned_reversal
    undone = set(ahead.planned_reversal.migrations)
    spoilt = (
        ReverseDataChange(
            one.migration, one.description, unknown_reason=NOT_THERE if one.sql else ""
        )
        for one in ahead.known
        if one.migration in undone
    )
    return replace(ahead.planned_reversal, known_data_changes=tuple(spoilt))
