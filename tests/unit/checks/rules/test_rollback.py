"""What is said of the way back that was chosen."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.rules.rollback import data_loss, infeasible, point_of_no_return
from nautobot_upgrade_jobs.facts.pinned_packages import PinnedPackages
from nautobot_upgrade_jobs.facts.preconditions import Precondition, PreconditionResult
from nautobot_upgrade_jobs.rollback.backup_check import Proof
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, Stage
from nautobot_upgrade_jobs.rollback.losses import Loss, Stop
from nautobot_upgrade_jobs.rollback.options import Way
from tests.support.builders import choice, trial_boot

NOTHING = Way("nothing", "the upgrade is complete")
REVERSE, RESTORE = Way("reverse"), Way("restore")
EMPTY = PreconditionResult(
    Precondition("not null", "dcim.0090", "RemoveField", "dcim_cable", name="end"), 7, ("1",)
)
STOPS = replace(REVERSE, stop=Stop("dcim.0090", "RemoveField", 21, EMPTY))
REFUSED = replace(REVERSE, stop=Stop("app.0002", "RunPython", 1))
PROVEN = Proof(("it reads to its end",))
GOES = Loss("goes", "dcim_cabletype", 14, "dcim.0086")


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("infeasible", choice(), []),
        ("infeasible", choice(STOPS), [("blocker", "reverse")]),
        ("infeasible", choice(REFUSED), [("blocker", "reverse")]),
        ("infeasible", choice(NOTHING), [("blocker", "nothing")]),
        ("unproven_backup", choice(), "not_applicable"),
        ("unproven_backup", choice(RESTORE), [("blocker", "restore")]),
        ("unproven_backup", choice(RESTORE, backup=PROVEN), []),
        (
            "unproven_backup",
            choice(RESTORE, backup=replace(PROVEN, open=("rows",))),
            [("warning", "restore")],
        ),
        (
            "unproven_backup",
            choice(RESTORE, backup=replace(PROVEN, objections=("late",))),
            [("blocker", "restore")],
        ),
        ("unavailable_packages", choice(), "not_applicable"),
        ("unavailable_packages", choice(frozen=PinnedPackages("a==1\n")), []),
        (
            "unavailable_packages",
            choice(Way("forward"), frozen=PinnedPackages("")),
            "not_applicable",
        ),
        (
            "unavailable_packages",
            choice(frozen=PinnedPackages("", ("a==1", "b==2"))),
            [("blocker", "packages")],
        ),
        (
            "unavailable_packages",
            choice(frozen=PinnedPackages("a==1", unchecked_reason="no index")),
            [("warning", "packages")],
        ),
        ("data_loss", choice(), []),
        ("data_loss", choice(replace(REVERSE, losses=(GOES,))), [("warning", "goes")]),
        (
            "data_loss",
            choice(replace(REVERSE, losses=(GOES, replace(GOES, kind="stays"), GOES))),
            [("warning", "goes"), ("warning", "stays")],
        ),
        ("unknowns", choice(), []),
        ("unknowns", choice(replace(REVERSE, doubts=("not tried",))), [("warning", "reverse")]),
        ("not_recommended", choice(), []),
        ("not_recommended", choice(REVERSE, RESTORE), [("warning", "reverse")]),
        ("no_snapshot", choice(), []),
        ("no_snapshot", choice(snapshot=False), [("info", "reverse")]),
    ],
)
def test_what_is_told(found, check, state, expected):
    assert found(f"rollback.{check}", choice=state) == expected


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (
            STOPS,
            "will stop at dcim.0090 (RemoveField), with 21 migrations already undone: dcim_cable",
        ),
        (REFUSED, "with 1 migration already undone: nobody has written a way back"),
        (NOTHING, "Nothing to undo in the database: the upgrade is complete."),
    ],
)
def test_why_it_does_not_lead_there(way, words):
    (finding,) = infeasible(choice(way, RESTORE))
    assert words in finding.message
    assert "Restore the backup" in finding.remediation


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([GOES], "14 values in 1 place: gone with what the newer release brought."),
        (
            [GOES, replace(GOES, subject="b", number=None)],
            "14 values in 2 places: gone with what the newer release brought. 1 place could not",
        ),
        ([replace(GOES, number=None)], "what is in 1 place, and nobody could count: gone"),
        ([replace(GOES, kind="comes back empty")], "14 values in 1 place: not coming back."),
        ([replace(GOES, kind="written since")], "14 changes in 1 place: written since the backup."),
        ([replace(GOES, kind="removed since")], "14 rows in 1 place: removed since"),
    ],
)
def test_what_is_lost_is_counted(losses, words):
    (finding,) = data_loss(choice(replace(REVERSE, losses=tuple(losses))))
    assert words in finding.message


def test_some_of_it_is_shown_and_where_to_look():
    change = Loss(
        "written since", "dcim.rack", 2, "eve", "create", ("r1", "r2"), "/extras/log/?x=1"
    )
    (finding,) = data_loss(choice(replace(REVERSE, losses=(change,))))
    assert finding.evidence == ("dcim.rack: 2 (eve): create, such as r1, r2; see /extras/log/?x=1",)


def test_what_is_most_stands_first():
    losses = (GOES, replace(GOES, subject="b", number=99), replace(GOES, subject="c", number=None))
    (finding,) = data_loss(choice(replace(REVERSE, losses=losses)))
    assert [line.partition(":")[0] for line in finding.evidence] == ["c", "b", "dcim_cabletype"]


AHEAD = Diagnosis(Stage.AHEAD, 59, ())
EMPTIED = Loss("comes back empty", "dcim_cable.a_id", 7, "dcim.0090")


@pytest.mark.parametrize(
    ("reverse", "advised", "target", "expected"),
    [
        (REVERSE, RESTORE, {"is_separate_environment": False}, "not_applicable"),
        (REVERSE, Way("nothing"), {}, []),
        (REVERSE, REVERSE, {}, []),
        (
            replace(REVERSE, losses=(EMPTIED, GOES), no_return="dcim.0090"),
            RESTORE,
            {},
            [("info", "dcim.0090")],
        ),
        (replace(STOPS, no_return="dcim.0090"), RESTORE, {}, [("info", "dcim.0090")]),
        (Way("reverse", "nobody knows"), RESTORE, {}, [("info", "migrations")]),
        (replace(REVERSE, doubts=("not tried",)), RESTORE, {}, [("info", "migrations")]),
    ],
)
def test_the_point_of_no_return(found, reverse, advised, target, expected):
    state = choice(advised, ways=(reverse, advised), diagnosis=AHEAD)
    told = found("rollback.point_of_no_return", choice=state, trial_boot=trial_boot(**target))
    assert told == expected


def test_the_point_of_no_return_says_what_is_lost_there():
    way = replace(REVERSE, losses=(EMPTIED, GOES), no_return="dcim.0090")
    state = choice(RESTORE, ways=(way, RESTORE), diagnosis=AHEAD)
    (finding,) = point_of_no_return(trial_boot(), state)
    assert finding.evidence == ("dcim_cable.a_id: 7 (dcim.0090)",)
