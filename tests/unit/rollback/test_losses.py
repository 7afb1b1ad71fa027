"""The losses of reversing and of restoring, and where reversing fails."""

import pytest

from nautobot_upgrade_jobs.facts import Tables, Unavailable
from nautobot_upgrade_jobs.facts.changes_since import ChangesSince, LoggedChanges, TimestampChanges
from nautobot_upgrade_jobs.facts.content_type_cascade import ContentTypeCascade
from nautobot_upgrade_jobs.facts.preconditions import Precondition, PreconditionResult
from nautobot_upgrade_jobs.facts.reversal import (
    Reversal,
    ReverseDataChange,
)
from nautobot_upgrade_jobs.facts.tables import Table
from nautobot_upgrade_jobs.rollback.losses import (
    DataLoss,
    first_failure,
    losses_of_restore,
    losses_of_reversal,
    rows_deleted_since,
)
from tests.support.rollback_situations import (
    EMPTY,
    FIRST,
    FIXED_EARLIER,
    NO_SNAPSHOT,
    SECOND,
    UNTRIED,
    create_effect,
    create_fingerprints,
)


def lost(*effects, baseline=NO_SNAPSHOT, spoilt=()):
    found = losses_of_reversal(
        Reversal((SECOND, FIRST), effects, known_data_changes=spoilt), baseline
    )
    return [(one.kind, one.subject, one.count) for one in found]


@pytest.mark.parametrize(
    ("effects", "baseline", "losses"),
    [
        ([create_effect("lossless")], NO_SNAPSHOT, []),
        # What goes.
        ([create_effect("drops", rows=2)], NO_SNAPSHOT, [("dropped", "app_thing", 2)]),
        ([create_effect("drops")], NO_SNAPSHOT, []),
        (
            [create_effect("drops", column="a", rows=9, non_default_rows=4)],
            NO_SNAPSHOT,
            [("dropped", "app_thing.a", 4)],
        ),
        ([create_effect("drops", column="a", rows=9, non_default_rows=0)], NO_SNAPSHOT, []),
        (
            [create_effect("drops", unknown_reason="locked")],
            NO_SNAPSHOT,
            [("dropped", "app_thing", None)],
        ),
        (  # a column of a table that goes anyway counts once
            [create_effect("drops", column="a", rows=2), create_effect("drops", rows=2)],
            NO_SNAPSHOT,
            [("dropped", "app_thing", 2)],
        ),
        # What comes back.
        (
            [create_effect("restores empty", column="a")],
            create_fingerprints(a=2),
            [("restored empty", "app_thing.a", 2)],
        ),
        ([create_effect("restores empty", column="a")], create_fingerprints(a=0), []),
        (
            [create_effect("restores empty")],
            create_fingerprints(),
            [("restored empty", "app_thing", 3)],
        ),
        ([create_effect("restores empty")], create_fingerprints(rows=0), []),
        (
            [create_effect("restores empty", column="a")],
            NO_SNAPSHOT,
            [("restored empty", "app_thing.a", None)],
        ),
        (  # a snapshot by keys has no columns
            [create_effect("restores empty", column="a")],
            create_fingerprints(),
            [("restored empty", "app_thing.a", None)],
        ),
        ([create_effect("restores empty", column="a")], create_fingerprints(rows=0), []),
        (
            [create_effect("restores empty", name="app_other")],
            create_fingerprints(),
            [("restored empty", "app_other", None)],
        ),
        # Code.
        ([create_effect("no-op", rows=3)], NO_SNAPSHOT, [("left behind", "app_thing", 3)]),
        ([create_effect("no-op")], NO_SNAPSHOT, []),
        (
            [create_effect("no-op", rows=3), create_effect("drops", rows=3)],
            NO_SNAPSHOT,
            [("dropped", "app_thing", 3)],
        ),
        ([create_effect("runs code", rows=3)], NO_SNAPSHOT, [("possibly altered", "app_thing", 3)]),
        ([create_effect("runs code", name="")], NO_SNAPSHOT, [("possibly altered", SECOND, None)]),
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
    effects = create_effect("runs code", rows=3), create_effect("no-op", rows=3)
    assert lost(*effects, spoilt=(spoilt,)) == losses


def test_losses_of_reversal_references_to_removed_models_are_cascaded():
    cascade = ContentTypeCascade("extras_note.assigned_object_type_id", 4, ("app.thing",))
    inside = ContentTypeCascade("app_thing.kind_id", 9, ("app.thing",))
    effects = (create_effect("drops", rows=2),)
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
    assert lost(create_effect("lossless", violated_preconditions=(cut,))) == [
        ("altered", "app_thing", 2)
    ]


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
        (create_fingerprints(5), Table("app_thing", 3, True), [("app_thing", 2)]),
        (create_fingerprints(3), Table("app_thing", 3, True), []),
        (create_fingerprints(3), Table("app_thing", 4, True), []),
        (create_fingerprints(5), Table("app_thing", 3, False), []),  # the server's own estimate
        (create_fingerprints(5), Table("app_other", 0, True), []),
        (NO_SNAPSHOT, Table("app_thing", 0, True), []),
        (None, Table("app_thing", 0, True), []),
    ],
)
def test_rows_deleted_since_the_baseline_are_losses(then, now, losses):
    found = rows_deleted_since(then, Tables((now,), ()), {"app_volatile"})
    assert [(one.subject, one.count) for one in found] == losses
    assert not list(rows_deleted_since(then, Tables((now,), ()), {now.name}))


def test_losses_of_reversal_name_the_migration():
    found = losses_of_reversal(Reversal((SECOND,), (create_effect("drops", rows=2),)), NO_SNAPSHOT)
    assert found == (DataLoss("dropped", "app_thing", 2, SECOND),)


@pytest.mark.parametrize(
    ("effects", "stop"),
    [
        ([create_effect("lossless")], None),
        ([create_effect("restores empty", violated_preconditions=(EMPTY,))], (SECOND, 0)),
        ([create_effect("lossless"), create_effect("irreversible", migration=FIRST)], (FIRST, 1)),
        (
            [
                create_effect("irreversible", migration=FIRST),
                create_effect("may fail", violated_preconditions=(EMPTY,)),
            ],
            (FIRST, 1),
        ),
        ([create_effect("may fail", violated_preconditions=(FIXED_EARLIER,))], None),
        ([create_effect("may fail", violated_preconditions=(UNTRIED,))], None),
    ],
)
def test_first_failure_returns_the_failing_operation(effects, stop):
    found = first_failure(Reversal((SECOND, FIRST), tuple(effects)))
    assert (found and (found.migration, found.migrations_reversed)) == stop
