"""What is said of the way back that was chosen."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.rules.rollback import (
    leads_back,
    loses_nothing,
    point_of_no_return,
)
from nautobot_upgrade_jobs.facts.demands import Answer, Demand
from nautobot_upgrade_jobs.facts.frozen import Frozen
from nautobot_upgrade_jobs.rollback.backup_check import Proof
from nautobot_upgrade_jobs.rollback.diagnosis import Diagnosis, Stage
from nautobot_upgrade_jobs.rollback.losses import Loss, Stop
from nautobot_upgrade_jobs.rollback.options import Way
from tests.builders import booted, choice

NOTHING = Way("nothing", "the upgrade is complete")
REVERSE, RESTORE = Way("reverse"), Way("restore")
EMPTY = Answer(Demand("not null", "dcim.0090", "RemoveField", "dcim_cable", name="end"), 7, ("1",))
STOPS = replace(REVERSE, stop=Stop("dcim.0090", "RemoveField", 21, EMPTY))
REFUSED = replace(REVERSE, stop=Stop("app.0002", "RunPython", 1))
PROVEN = Proof(("it reads to its end",))
GOES = Loss("goes", "dcim_cabletype", 14, "dcim.0086")


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("leads_back", choice(), []),
        ("leads_back", choice(STOPS), [("blocker", "reverse")]),
        ("leads_back", choice(REFUSED), [("blocker", "reverse")]),
        ("leads_back", choice(NOTHING), [("blocker", "nothing")]),
        ("has_a_backup", choice(), "not_applicable"),
        ("has_a_backup", choice(RESTORE), [("blocker", "restore")]),
        ("has_a_backup", choice(RESTORE, backup=PROVEN), []),
        (
            "has_a_backup",
            choice(RESTORE, backup=replace(PROVEN, open=("rows",))),
            [("warning", "restore")],
        ),
        (
            "has_a_backup",
            choice(RESTORE, backup=replace(PROVEN, objections=("late",))),
            [("blocker", "restore")],
        ),
        ("has_the_packages", choice(), "not_applicable"),
        ("has_the_packages", choice(frozen=Frozen("a==1\n")), []),
        ("has_the_packages", choice(Way("forward"), frozen=Frozen("")), "not_applicable"),
        (
            "has_the_packages",
            choice(frozen=Frozen("", ("a==1", "b==2"))),
            [("blocker", "packages")],
        ),
        (
            "has_the_packages",
            choice(frozen=Frozen("a==1", unknown="no index")),
            [("warning", "packages")],
        ),
        ("loses_nothing", choice(), []),
        ("loses_nothing", choice(replace(REVERSE, losses=(GOES,))), [("warning", "goes")]),
        (
            "loses_nothing",
            choice(replace(REVERSE, losses=(GOES, replace(GOES, kind="stays"), GOES))),
            [("warning", "goes"), ("warning", "stays")],
        ),
        ("is_certain", choice(), []),
        ("is_certain", choice(replace(REVERSE, doubts=("not tried",))), [("warning", "reverse")]),
        ("is_the_advised_one", choice(), []),
        ("is_the_advised_one", choice(REVERSE, RESTORE), [("warning", "reverse")]),
        ("knows_the_state_before", choice(), []),
        ("knows_the_state_before", choice(snapshot=False), [("info", "reverse")]),
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
    (finding,) = leads_back(choice(way, RESTORE))
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
    (finding,) = loses_nothing(choice(replace(REVERSE, losses=tuple(losses))))
    assert words in finding.message


def test_some_of_it_is_shown_and_where_to_look():
    change = Loss(
        "written since", "dcim.rack", 2, "eve", "create", ("r1", "r2"), "/extras/log/?x=1"
    )
    (finding,) = loses_nothing(choice(replace(REVERSE, losses=(change,))))
    assert finding.evidence == ("dcim.rack: 2 (eve): create, such as r1, r2; see /extras/log/?x=1",)


def test_what_is_most_stands_first():
    losses = (GOES, replace(GOES, subject="b", number=99), replace(GOES, subject="c", number=None))
    (finding,) = loses_nothing(choice(replace(REVERSE, losses=losses)))
    assert [line.partition(":")[0] for line in finding.evidence] == ["c", "b", "dcim_cabletype"]


AHEAD = Diagnosis(Stage.AHEAD, 59, ())
EMPTIED = Loss("comes back empty", "dcim_cable.a_id", 7, "dcim.0090")


@pytest.mark.parametrize(
    ("reverse", "advised", "target", "expected"),
    [
        (REVERSE, RESTORE, {"built": False}, "not_applicable"),
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
    told = found("rollback.point_of_no_return", choice=state, booted=booted(**target))
    assert told == expected


def test_the_point_of_no_return_says_what_is_lost_there():
    way = replace(REVERSE, losses=(EMPTIED, GOES), no_return="dcim.0090")
    state = choice(RESTORE, ways=(way, RESTORE), diagnosis=AHEAD)
    (finding,) = point_of_no_return(booted(), state)
    assert finding.evidence == ("dcim_cable.a_id: 7 (dcim.0090)",)
