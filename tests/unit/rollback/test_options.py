"""Rollback options: losses, failures, and the recommended one."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Preconditions, TableFingerprints, Tables, Unavailable
from nautobot_upgrade_jobs.facts.changes_since import ChangesSince, LoggedChanges, TimestampChanges
from nautobot_upgrade_jobs.facts.fingerprints import ColumnFingerprint, TableFingerprint
from nautobot_upgrade_jobs.facts.preconditions import Precondition, PreconditionResult
from nautobot_upgrade_jobs.facts.reversal import (
    ContentTypeCascade,
    Effect,
    Reversal,
    ReverseDataChange,
)
from nautobot_upgrade_jobs.facts.tables import Table
from nautobot_upgrade_jobs.migration_graph.reverse_plan import MigrateCall, ReversePlan
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, UpgradeState
from nautobot_upgrade_jobs.rollback.evaluation import evaluate_options
from nautobot_upgrade_jobs.rollback.losses import (
    DataLoss,
    first_failure,
    losses_of_restore,
    losses_of_reversal,
    rows_deleted_since,
)
from nautobot_upgrade_jobs.rollback.options import RollbackSituation, recommend
from tests.support.builders import database

FIRST, SECOND = "app.0001", "app.0002"
NO_SNAPSHOT = Unavailable("there is no snapshot of that state")


def effect(kind, name="app_thing", column="", rows=0, own=None, **changes):
    base = Effect(kind, SECOND, "Any", name, column, rows, rows if own is None else own)
    return replace(base, **changes)


def contents(rows=3, **non_null):
    columns = tuple(
        ColumnFingerprint(name, "text", number, "0" * 16) for name, number in non_null.items()
    )
    tables = {"app_thing": TableFingerprint(rows, ("id",), "0" * 16, columns)}
    return TableFingerprints("a", "postgresql 18", "C", "content", tables)


def lost(*effects, baseline=NO_SNAPSHOT, spoilt=()):
    found = losses_of_reversal(
        Reversal((SECOND, FIRST), effects, known_data_changes=spoilt), baseline
    )
    return [(one.kind, one.subject, one.count) for one in found]


@pytest.mark.parametrize(
    ("effects", "baseline", "losses"),
    [
        ([effect("lossless")], NO_SNAPSHOT, []),
        # What goes.
        ([effect("drops", rows=2)], NO_SNAPSHOT, [("dropped", "app_thing", 2)]),
        ([effect("drops")], NO_SNAPSHOT, []),
        (
            [effect("drops", column="a", rows=9, non_default_rows=4)],
            NO_SNAPSHOT,
            [("dropped", "app_thing.a", 4)],
        ),
        ([effect("drops", column="a", rows=9, non_default_rows=0)], NO_SNAPSHOT, []),
        ([effect("drops", unknown_reason="locked")], NO_SNAPSHOT, [("dropped", "app_thing", None)]),
        (  # a column of a table that goes anyway counts once
            [effect("drops", column="a", rows=2), effect("drops", rows=2)],
            NO_SNAPSHOT,
            [("dropped", "app_thing", 2)],
        ),
        # What comes back.
        (
            [effect("restores empty", column="a")],
            contents(a=2),
            [("restored empty", "app_thing.a", 2)],
        ),
        ([effect("restores empty", column="a")], contents(a=0), []),
        ([effect("restores empty")], contents(), [("restored empty", "app_thing", 3)]),
        ([effect("restores empty")], contents(rows=0), []),
        (
            [effect("restores empty", column="a")],
            NO_SNAPSHOT,
            [("restored empty", "app_thing.a", None)],
        ),
        (  # a snapshot by keys has no columns
            [effect("restores empty", column="a")],
            contents(),
            [("restored empty", "app_thing.a", None)],
        ),
        ([effect("restores empty", column="a")], contents(rows=0), []),
        (
            [effect("restores empty", name="app_other")],
            contents(),
            [("restored empty", "app_other", None)],
        ),
        # Code.
        ([effect("no-op", rows=3)], NO_SNAPSHOT, [("left behind", "app_thing", 3)]),
        ([effect("no-op")], NO_SNAPSHOT, []),
        (
            [effect("no-op", rows=3), effect("drops", rows=3)],
            NO_SNAPSHOT,
            [("dropped", "app_thing", 3)],
        ),
        ([effect("runs code", rows=3)], NO_SNAPSHOT, [("possibly altered", "app_thing", 3)]),
        ([effect("runs code", name="")], NO_SNAPSHOT, [("possibly altered", SECOND, None)]),
    ],
)
def test_losses_of_reversal_by_effect(effects, baseline, losses):
    assert lost(*effects, baseline=baseline) == losses


@pytest.mark.parametrize(
    ("spoilt", "losses"),
    [
        (ReverseDataChange(SECOND, "It keeps one of two.", 5), [("altered", SECOND, 5)]),
        (ReverseDataChange(SECOND, "It has only looked."), []),
        (
            ReverseDataChange(SECOND, "…", unknown_reason="no such table"),
            [("altered", SECOND, None)],
        ),
    ],
)
def test_losses_of_reversal_known_code_counts_only_altered_rows(spoilt, losses):
    effects = effect("runs code", rows=3), effect("no-op", rows=3)
    assert lost(*effects, spoilt=(spoilt,)) == losses


def test_losses_of_reversal_references_to_removed_models_are_cascaded():
    cascade = ContentTypeCascade("extras_note.assigned_object_type_id", 4, ("app.thing",))
    inside = ContentTypeCascade("app_thing.kind_id", 9, ("app.thing",))
    effects = (effect("drops", rows=2),)
    found = losses_of_reversal(
        Reversal((SECOND,), effects, cascades=(cascade, inside)), NO_SNAPSHOT
    )
    assert [(one.kind, one.subject, one.count, one.sample) for one in found] == [
        ("dropped", "app_thing", 2, ()),
        ("cascaded", "extras_note.assigned_object_type_id", 4, ("app.thing",)),
    ]


def test_losses_of_reversal_truncated_texts_are_altered():
    cut = PreconditionResult(
        Precondition("truncates", SECOND, "AlterField", "app_thing", ("a",), "5"), 2
    )
    assert lost(effect("lossless", violated_preconditions=(cut,))) == [("altered", "app_thing", 2)]


@pytest.mark.parametrize(
    ("written", "losses"),
    [
        (Unavailable("the time of the backup is unknown"), [("everything since the backup", None)]),
        (
            ChangesSince("…", Unavailable("no such table"), (), {}),
            [("everything since the backup", None)],
        ),
        (ChangesSince("…", (), (), {}), []),
        (
            ChangesSince("…", (LoggedChanges("dcim.device", "eve", "create", 4),), (), {}),
            [("dcim.device", 4)],
        ),
        # Rows whose own time stamps show what the change log lacks.
        (ChangesSince("…", (), (TimestampChanges("app_thing", 1, 2),), {}), [("app_thing", 3)]),
        (
            ChangesSince(
                "…",
                (LoggedChanges("dcim.device", "eve", "update", 1),),
                (TimestampChanges("dcim_device", 0, 1), TimestampChanges("app_volatile", 4, 4)),
                {},
            ),
            [("dcim.device", 1)],
        ),
        # Tables that could not be counted.
        (
            ChangesSince("…", (), (), {"app_thing": "timeout", "app_volatile": "timeout"}),
            [("app_thing", None)],
        ),
        # Files.
        (ChangesSince("…", (), (), {}, 3), [("MEDIA_ROOT", 3)]),
        (ChangesSince("…", (), (), {}, Unavailable("no rights")), [("MEDIA_ROOT", None)]),
    ],
)
def test_losses_of_restore_by_change(written, losses):
    found = losses_of_restore(written, {"app_volatile"})
    assert [(one.subject, one.count) for one in found] == losses


def test_losses_of_restore_link_to_the_change_log():
    change = LoggedChanges("dcim.device", "eve", "create", 4, ("edge-01",))
    (loss,) = losses_of_restore(ChangesSince("2026-11-20T12:00:00+00:00", (change,), (), {}))
    assert loss.sample == ("edge-01",)
    assert (
        loss.link == "/extras/object-changes/?changed_object_type=dcim.device&action=create"
        "&time__gte=2026-11-20T12%3A00%3A00%2B00%3A00"
    )


@pytest.mark.parametrize(
    ("then", "now", "losses"),
    [
        (contents(5), Table("app_thing", 3, True), [("app_thing", 2)]),
        (contents(3), Table("app_thing", 3, True), []),
        (contents(3), Table("app_thing", 4, True), []),
        (contents(5), Table("app_thing", 3, False), []),  # the server's own estimate
        (contents(5), Table("app_other", 0, True), []),
        (NO_SNAPSHOT, Table("app_thing", 0, True), []),
        (None, Table("app_thing", 0, True), []),
    ],
)
def test_rows_deleted_since_the_baseline_are_losses(then, now, losses):
    found = rows_deleted_since(then, Tables((now,), ()), {"app_volatile"})
    assert [(one.subject, one.count) for one in found] == losses
    assert not list(rows_deleted_since(then, Tables((now,), ()), {now.name}))


EMPTY = PreconditionResult(
    Precondition("not null", SECOND, "RemoveField", "app_thing", name="a"), 3
)
FIXED_EARLIER = PreconditionResult(replace(EMPTY.precondition, possibly_fixed_by=("app.0009",)), 3)
UNTRIED = PreconditionResult(EMPTY.precondition, 0, unknown_reason="locked")


@pytest.mark.parametrize(
    ("effects", "stop"),
    [
        ([effect("lossless")], None),
        ([effect("restores empty", violated_preconditions=(EMPTY,))], (SECOND, 0)),
        ([effect("lossless"), effect("irreversible", migration=FIRST)], (FIRST, 1)),
        (
            [
                effect("irreversible", migration=FIRST),
                effect("may fail", violated_preconditions=(EMPTY,)),
            ],
            (FIRST, 1),
        ),
        ([effect("may fail", violated_preconditions=(FIXED_EARLIER,))], None),
        ([effect("may fail", violated_preconditions=(UNTRIED,))], None),
    ],
)
def test_first_failure_returns_the_failing_operation(effects, stop):
    found = first_failure(Reversal((SECOND, FIRST), tuple(effects)))
    assert (found and (found.migration, found.migrations_reversed)) == stop


def situation(stage=UpgradeState.COMPLETE, effects=(), **changes):
    base = RollbackSituation(
        diagnosis=Diagnosis(stage, 0 if stage is UpgradeState.NOT_STARTED else 2, ()),
        reverse_plan=ReversePlan((MigrateCall("app", "zero", (SECOND, FIRST)),)),
        reversal=Reversal((SECOND, FIRST), tuple(effects)),
        baseline=contents(a=2),
        changes_since=ChangesSince("…", (), (), {}),
        tables=Tables((Table("app_thing", 3, True),), ()),
        database=database(),
        preconditions=Preconditions(),
    )
    return replace(base, **changes)


def unfinished(*left, **changes):
    diagnosis = Diagnosis(UpgradeState.POST_UPGRADE_PENDING, 2, (), failed_post_upgrade_checks=left)
    return situation(diagnosis=diagnosis, **changes)


def test_evaluate_options_unrenamed_index_is_a_leftover_without_loss():
    state = situation(effects=[effect("lossless", unrenamed_index="thing_idx")])
    assert way("reverse_migrations", state).leftovers == (
        "app_thing: the index thing_idx keeps its newer name",
    )
    assert recommend(evaluate_options(state), state.diagnosis).kind == "reverse_migrations"


def way(kind, state):
    return next(one for one in evaluate_options(state) if one.kind == kind)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (situation(UpgradeState.NOT_STARTED, reverse_plan=ReversePlan()), "reinstall"),
        (unfinished("post_upgrade.untraced_cable_paths"), "roll_forward"),
        (
            unfinished("post_upgrade.untraced_cable_paths", "post_upgrade.outdated_static_files"),
            "roll_forward",
        ),
        (unfinished("post_upgrade.outdated_static_files"), "reverse_migrations"),
        (situation(), "reverse_migrations"),
        (situation(UpgradeState.PARTIAL), "reverse_migrations"),
        (situation(effects=[effect("drops", rows=2)]), "reverse_migrations"),
        (situation(effects=[effect("runs code", rows=2)]), "reverse_migrations"),
        (
            situation(effects=[effect("restores empty", column="a")], baseline=contents(a=0)),
            "reverse_migrations",
        ),
        (situation(effects=[effect("no-op", rows=2)]), "restore_backup"),
        # Apps alone: what they have written into tables of others is theirs to know.
        (
            situation(effects=[effect("no-op", name="extras_tag", rows=2)], apps_only=True),
            "reverse_migrations",
        ),
        (situation(effects=[effect("no-op", rows=2)], apps_only=True), "restore_backup"),
        (situation(effects=[effect("no-op", name="", rows=2)], apps_only=True), "restore_backup"),
        (unfinished("post_upgrade.untraced_cable_paths", apps_only=True), "reverse_migrations"),
        (
            situation(effects=[effect("restores empty", column="a")], apps_only=True),
            "restore_backup",
        ),
        # Never over real rows that would not be what they were, nor into the unknown.
        (situation(effects=[effect("restores empty", column="a")]), "restore_backup"),
        (
            situation(effects=[effect("restores empty", column="a")], baseline=NO_SNAPSHOT),
            "restore_backup",
        ),
        (situation(effects=[effect("no-op", rows=2)]), "restore_backup"),
        (situation(effects=[effect("irreversible")]), "restore_backup"),
        (
            situation(effects=[effect("may fail", violated_preconditions=(EMPTY,))]),
            "restore_backup",
        ),
        (
            situation(effects=[effect("may fail", violated_preconditions=(FIXED_EARLIER,))]),
            "restore_backup",
        ),
        (
            situation(effects=[effect("may fail", violated_preconditions=(UNTRIED,))]),
            "restore_backup",
        ),
        (situation(reversal=Unavailable("no session")), "restore_backup"),
        (situation(reverse_plan=ReversePlan(unreachable=(FIRST,))), "restore_backup"),
        (
            situation(UpgradeState.DATABASE_AHEAD, reverse_plan=ReversePlan(without_code=(FIRST,))),
            "restore_backup",
        ),
        (situation(UpgradeState.HALF_MIGRATED), "reverse_migrations"),
    ],
)
def test_recommend_by_situation(state, kind):
    if state.diagnosis.state is UpgradeState.HALF_MIGRATED:
        state = replace(state, diagnosis=replace(state.diagnosis, partially_applied=(SECOND,)))
        kind = "restore_backup"
    assert recommend(evaluate_options(state), state.diagnosis).kind == kind


@pytest.mark.parametrize(
    ("kind", "state", "why"),
    [
        ("reinstall", situation(), "the upgrade is complete"),
        ("roll_forward", situation(), "nothing is left to finish"),
        ("reverse_migrations", situation(reverse_plan=ReversePlan()), "nothing to reverse"),
        (
            "reverse_migrations",
            situation(reverse_plan=ReversePlan(not_applied=(FIRST,))),
            "is not applied now",
        ),
        ("reverse_migrations", situation(reversal=Unavailable("no session")), "no session"),
    ],
)
def test_evaluate_options_infeasible_option_has_a_reason(kind, state, why):
    assert why in way(kind, state).infeasible_reason


def test_evaluate_options_violated_pending_migration_is_an_unknown():
    ahead = Preconditions((EMPTY, replace(EMPTY, affected_rows=0, unknown_reason="locked")), 2, 1)
    found = way("roll_forward", situation(UpgradeState.PARTIAL, preconditions=ahead))
    assert found.unknowns == (f"{SECOND} will fail at app_thing",)


def test_evaluate_options_feasible_option_has_time_and_basis():
    for one in evaluate_options(situation(UpgradeState.PARTIAL)):
        if not one.infeasible_reason:
            low, high = one.seconds
            assert 0 < low < high
            assert one.basis


def test_evaluate_options_loss_names_its_cause():
    found = losses_of_reversal(Reversal((SECOND,), (effect("drops", rows=2),)), NO_SNAPSHOT)
    assert found == (DataLoss("dropped", "app_thing", 2, SECOND),)
