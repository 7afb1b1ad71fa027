"""The ways back: what each loses, where it stops, and which is advised."""

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
from nautobot_upgrade_jobs.migration_graph.reverse_plan import Call, WayBack
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, Stage
from nautobot_upgrade_jobs.rollback.losses import Loss, of_removal, of_restore, of_reversal, stop_of
from nautobot_upgrade_jobs.rollback.options import Situation, recommended, ways
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


def lost(*effects, then=NO_SNAPSHOT, spoilt=()):
    found = of_reversal(Reversal((SECOND, FIRST), effects, known_data_changes=spoilt), then)
    return [(one.kind, one.subject, one.number) for one in found]


@pytest.mark.parametrize(
    ("effects", "then", "losses"),
    [
        ([effect("keeps")], NO_SNAPSHOT, []),
        # What goes.
        ([effect("drops", rows=2)], NO_SNAPSHOT, [("goes", "app_thing", 2)]),
        ([effect("drops")], NO_SNAPSHOT, []),
        (
            [effect("drops", column="a", rows=9, non_default_rows=4)],
            NO_SNAPSHOT,
            [("goes", "app_thing.a", 4)],
        ),
        ([effect("drops", column="a", rows=9, non_default_rows=0)], NO_SNAPSHOT, []),
        ([effect("drops", unknown_reason="locked")], NO_SNAPSHOT, [("goes", "app_thing", None)]),
        (  # a column of a table that goes anyway counts once
            [effect("drops", column="a", rows=2), effect("drops", rows=2)],
            NO_SNAPSHOT,
            [("goes", "app_thing", 2)],
        ),
        # What comes back.
        (
            [effect("returns empty", column="a")],
            contents(a=2),
            [("comes back empty", "app_thing.a", 2)],
        ),
        ([effect("returns empty", column="a")], contents(a=0), []),
        ([effect("returns empty")], contents(), [("comes back empty", "app_thing", 3)]),
        ([effect("returns empty")], contents(rows=0), []),
        (
            [effect("returns empty", column="a")],
            NO_SNAPSHOT,
            [("comes back empty", "app_thing.a", None)],
        ),
        (  # a snapshot by keys has not looked at columns
            [effect("returns empty", column="a")],
            contents(),
            [("comes back empty", "app_thing.a", None)],
        ),
        ([effect("returns empty", column="a")], contents(rows=0), []),
        (
            [effect("returns empty", name="app_other")],
            contents(),
            [("comes back empty", "app_other", None)],
        ),
        # Code.
        ([effect("does nothing", rows=3)], NO_SNAPSHOT, [("stays", "app_thing", 3)]),
        ([effect("does nothing")], NO_SNAPSHOT, []),
        (
            [effect("does nothing", rows=3), effect("drops", rows=3)],
            NO_SNAPSHOT,
            [("goes", "app_thing", 3)],
        ),
        ([effect("runs code", rows=3)], NO_SNAPSHOT, [("may be spoilt", "app_thing", 3)]),
        ([effect("runs code", name="")], NO_SNAPSHOT, [("may be spoilt", SECOND, None)]),
    ],
)
def test_what_reversing_loses(effects, then, losses):
    assert lost(*effects, then=then) == losses


@pytest.mark.parametrize(
    ("spoilt", "losses"),
    [
        (ReverseDataChange(SECOND, "It keeps one of two.", 5), [("is spoilt", SECOND, 5)]),
        (ReverseDataChange(SECOND, "It has only looked."), []),
        (
            ReverseDataChange(SECOND, "…", unknown_reason="no such table"),
            [("is spoilt", SECOND, None)],
        ),
    ],
)
def test_of_code_that_is_known_only_what_it_spoils_counts(spoilt, losses):
    effects = effect("runs code", rows=3), effect("does nothing", rows=3)
    assert lost(*effects, spoilt=(spoilt,)) == losses


def test_what_refers_to_a_model_that_goes_goes_along():
    cascade = ContentTypeCascade("extras_note.assigned_object_type_id", 4, ("app.thing",))
    inside = ContentTypeCascade("app_thing.kind_id", 9, ("app.thing",))
    effects = (effect("drops", rows=2),)
    found = of_reversal(Reversal((SECOND,), effects, cascades=(cascade, inside)), NO_SNAPSHOT)
    assert [(one.kind, one.subject, one.number, one.sample) for one in found] == [
        ("goes", "app_thing", 2, ()),
        ("goes along", "extras_note.assigned_object_type_id", 4, ("app.thing",)),
    ]


def test_texts_that_are_cut_are_lost():
    cut = PreconditionResult(Precondition("cut", SECOND, "AlterField", "app_thing", ("a",), "5"), 2)
    assert lost(effect("keeps", violated_preconditions=(cut,))) == [("is spoilt", "app_thing", 2)]


@pytest.mark.parametrize(
    ("written", "losses"),
    [
        (Unavailable("nobody knows since when"), [("everything since the backup", None)]),
        (
            ChangesSince("…", Unavailable("no such table"), (), {}),
            [("everything since the backup", None)],
        ),
        (ChangesSince("…", (), (), {}), []),
        (
            ChangesSince("…", (LoggedChanges("dcim.device", "eve", "create", 4),), (), {}),
            [("dcim.device", 4)],
        ),
        # Rows that tell by themselves what the change log does not.
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
        # What nobody could count.
        (
            ChangesSince("…", (), (), {"app_thing": "timeout", "app_volatile": "timeout"}),
            [("app_thing", None)],
        ),
        # Files.
        (ChangesSince("…", (), (), {}, 3), [("MEDIA_ROOT", 3)]),
        (ChangesSince("…", (), (), {}, Unavailable("no rights")), [("MEDIA_ROOT", None)]),
    ],
)
def test_what_restoring_loses(written, losses):
    found = of_restore(written, {"app_volatile"})
    assert [(one.subject, one.number) for one in found] == losses


def test_a_change_is_found_in_the_log():
    change = LoggedChanges("dcim.device", "eve", "create", 4, ("edge-01",))
    (loss,) = of_restore(ChangesSince("2026-11-20T12:00:00+00:00", (change,), (), {}))
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
def test_rows_that_are_gone_stay_away(then, now, losses):
    found = of_removal(then, Tables((now,), ()), {"app_volatile"})
    assert [(one.subject, one.number) for one in found] == losses
    assert not list(of_removal(then, Tables((now,), ()), {now.name}))


EMPTY = PreconditionResult(
    Precondition("not null", SECOND, "RemoveField", "app_thing", name="a"), 3
)
MENDED = PreconditionResult(replace(EMPTY.precondition, possibly_fixed_by=("app.0009",)), 3)
UNTRIED = PreconditionResult(EMPTY.precondition, 0, unknown_reason="locked")


@pytest.mark.parametrize(
    ("effects", "stop"),
    [
        ([effect("keeps")], None),
        ([effect("returns empty", violated_preconditions=(EMPTY,))], (SECOND, 0)),
        ([effect("keeps"), effect("irreversible", migration=FIRST)], (FIRST, 1)),
        (
            [
                effect("irreversible", migration=FIRST),
                effect("may fail", violated_preconditions=(EMPTY,)),
            ],
            (FIRST, 1),
        ),
        ([effect("may fail", violated_preconditions=(MENDED,))], None),
        ([effect("may fail", violated_preconditions=(UNTRIED,))], None),
    ],
)
def test_where_reversing_stops(effects, stop):
    found = stop_of(Reversal((SECOND, FIRST), tuple(effects)))
    assert (found and (found.migration, found.undone)) == stop


def situation(stage=Stage.COMPLETE, effects=(), **changes):
    base = Situation(
        diagnosis=Diagnosis(stage, 0 if stage is Stage.NOTHING else 2, ()),
        way=WayBack((Call("app", "zero", (SECOND, FIRST)),)),
        reversal=Reversal((SECOND, FIRST), tuple(effects)),
        then=contents(a=2),
        written=ChangesSince("…", (), (), {}),
        tables=Tables((Table("app_thing", 3, True),), ()),
        database=database(),
        ahead=Preconditions(),
    )
    return replace(base, **changes)


def unfinished(*left, **changes):
    diagnosis = Diagnosis(Stage.UNFINISHED, 2, (), left=left)
    return situation(diagnosis=diagnosis, **changes)


def test_an_index_that_keeps_its_name_is_told_and_costs_nothing():
    state = situation(effects=[effect("keeps", unrenamed_index="thing_idx")])
    assert way("reverse", state).stays == ("app_thing: the index thing_idx keeps its newer name",)
    assert recommended(ways(state), state.diagnosis).kind == "reverse"


def way(kind, state):
    return next(one for one in ways(state) if one.kind == kind)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (situation(Stage.NOTHING, way=WayBack()), "nothing"),
        (unfinished("post_upgrade.untraced_cable_paths"), "forward"),
        (
            unfinished("post_upgrade.untraced_cable_paths", "post_upgrade.outdated_static_files"),
            "forward",
        ),
        (unfinished("post_upgrade.outdated_static_files"), "reverse"),
        (situation(), "reverse"),
        (situation(Stage.SOME), "reverse"),
        (situation(effects=[effect("drops", rows=2)]), "reverse"),
        (situation(effects=[effect("runs code", rows=2)]), "reverse"),
        (situation(effects=[effect("returns empty", column="a")], then=contents(a=0)), "reverse"),
        (situation(effects=[effect("does nothing", rows=2)]), "restore"),
        # Apps alone: what they have written into tables of others is theirs to know.
        (
            situation(effects=[effect("does nothing", name="extras_tag", rows=2)], apps=True),
            "reverse",
        ),
        (situation(effects=[effect("does nothing", rows=2)], apps=True), "restore"),
        (situation(effects=[effect("does nothing", name="", rows=2)], apps=True), "restore"),
        (unfinished("post_upgrade.untraced_cable_paths", apps=True), "reverse"),
        (situation(effects=[effect("returns empty", column="a")], apps=True), "restore"),
        # Never over real rows that would not be what they were, nor into the unknown.
        (situation(effects=[effect("returns empty", column="a")]), "restore"),
        (situation(effects=[effect("returns empty", column="a")], then=NO_SNAPSHOT), "restore"),
        (situation(effects=[effect("does nothing", rows=2)]), "restore"),
        (situation(effects=[effect("irreversible")]), "restore"),
        (situation(effects=[effect("may fail", violated_preconditions=(EMPTY,))]), "restore"),
        (situation(effects=[effect("may fail", violated_preconditions=(MENDED,))]), "restore"),
        (situation(effects=[effect("may fail", violated_preconditions=(UNTRIED,))]), "restore"),
        (situation(reversal=Unavailable("no session")), "restore"),
        (situation(way=WayBack(unreachable=(FIRST,))), "restore"),
        (situation(Stage.OLD_CODE, way=WayBack(without_code=(FIRST,))), "restore"),
        (situation(Stage.HALF), "reverse"),
    ],
)
def test_which_way_is_advised(state, kind):
    if state.diagnosis.stage is Stage.HALF:
        state = replace(state, diagnosis=replace(state.diagnosis, half=(SECOND,)))
        kind = "restore"
    assert recommended(ways(state), state.diagnosis).kind == kind


@pytest.mark.parametrize(
    ("kind", "state", "why"),
    [
        ("nothing", situation(), "the upgrade is complete"),
        ("forward", situation(), "nothing left to finish"),
        ("reverse", situation(way=WayBack()), "nothing to undo"),
        ("reverse", situation(way=WayBack(not_there=(FIRST,))), "was applied then and is not now"),
        ("reverse", situation(reversal=Unavailable("no session")), "no session"),
    ],
)
def test_why_a_way_is_none(kind, state, why):
    assert why in way(kind, state).why_not


def test_what_is_ahead_may_stop_again():
    ahead = Preconditions((EMPTY, replace(EMPTY, affected_rows=0, unknown_reason="locked")), 2, 1)
    found = way("forward", situation(Stage.SOME, ahead=ahead))
    assert found.doubts == (f"{SECOND} will stop at app_thing",)


def test_every_way_that_goes_has_a_time_and_what_it_rests_on():
    for one in ways(situation(Stage.SOME)):
        if not one.why_not:
            low, high = one.seconds
            assert 0 < low < high
            assert one.basis


def test_a_loss_is_told_with_its_cause():
    found = of_reversal(Reversal((SECOND,), (effect("drops", rows=2),)), NO_SNAPSHOT)
    assert found == (Loss("goes", "app_thing", 2, SECOND),)
