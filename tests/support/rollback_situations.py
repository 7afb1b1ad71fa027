"""Build the situations of a rollback: effects, fingerprints, and how far the upgrade got."""

from dataclasses import replace

from nautobot_upgrade_jobs.facts import Preconditions, TableFingerprints, Tables, Unavailable
from nautobot_upgrade_jobs.facts.changes_since import ChangesSince
from nautobot_upgrade_jobs.facts.fingerprints import ColumnFingerprint, TableFingerprint
from nautobot_upgrade_jobs.facts.preconditions import Precondition, PreconditionResult
from nautobot_upgrade_jobs.facts.reversal import (
    Effect,
    Reversal,
)
from nautobot_upgrade_jobs.facts.tables import Table
from nautobot_upgrade_jobs.migration_graph.reverse_plan import MigrateCall, ReversePlan
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, UpgradeState
from nautobot_upgrade_jobs.rollback.evaluation import evaluate_options
from nautobot_upgrade_jobs.rollback.options import RollbackSituation
from tests.support.builders import database

FIRST, SECOND = "app.0001", "app.0002"
NO_SNAPSHOT = Unavailable("there is no snapshot of that state")


def create_effect(kind, name="app_thing", column="", rows=0, own=None, **changes):
    base = Effect(kind, SECOND, "Any", name, column, rows, rows if own is None else own)
    return replace(base, **changes)


def create_fingerprints(rows=3, **non_null):
    columns = tuple(
        ColumnFingerprint(name, "text", number, "0" * 16) for name, number in non_null.items()
    )
    tables = {"app_thing": TableFingerprint(rows, ("id",), "0" * 16, columns)}
    return TableFingerprints("a", "postgresql 18", "C", "content", tables)


EMPTY = PreconditionResult(
    Precondition("not null", SECOND, "RemoveField", "app_thing", name="a"), 3
)
FIXED_EARLIER = PreconditionResult(replace(EMPTY.precondition, possibly_fixed_by=("app.0009",)), 3)
UNTRIED = PreconditionResult(EMPTY.precondition, 0, unknown_reason="locked")


def create_situation(stage=UpgradeState.COMPLETE, effects=(), **changes):
    base = RollbackSituation(
        diagnosis=Diagnosis(stage, 0 if stage is UpgradeState.NOT_STARTED else 2, ()),
        reverse_plan=ReversePlan((MigrateCall("app", "zero", (SECOND, FIRST)),)),
        reversal=Reversal((SECOND, FIRST), tuple(effects)),
        baseline=create_fingerprints(a=2),
        changes_since=ChangesSince("…", (), (), {}),
        tables=Tables((Table("app_thing", 3, True),), ()),
        database=database(),
        preconditions=Preconditions(),
    )
    return replace(base, **changes)


def create_unfinished_situation(*left, **changes):
    diagnosis = Diagnosis(UpgradeState.POST_UPGRADE_PENDING, 2, (), failed_post_upgrade_checks=left)
    return create_situation(diagnosis=diagnosis, **changes)


def find_option(kind, state):
    return next(option for option in evaluate_options(state) if option.kind == kind)
