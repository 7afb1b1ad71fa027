"""A rehearsal counts as long as the upgrade would be the same. Otherwise the changes are named."""

from datetime import datetime, timedelta, timezone

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.packages import Package, Packages
from nautobot_upgrade_jobs.facts.preconditions import (
    Precondition,
    PreconditionKind,
    PreconditionResult,
)
from nautobot_upgrade_jobs.facts.resolution import Resolution, ResolvedPackage
from nautobot_upgrade_jobs.upgrade.installed_packages import list_packages
from nautobot_upgrade_jobs.upgrade.rehearsed import (
    MAX_AGE,
    NO_REHEARSAL,
    CurrentState,
    choose_rehearsal,
    describe_precondition,
    judge_record,
)
from tests.support.builders import code_failure, migrate_run, rehearsal, rehearsal_record

NOW = datetime(2026, 11, 26, 6, 10, tzinfo=timezone.utc)
CREATED = "2026-11-26T02:10:00+00:00"
RECORD = rehearsal_record(created=CREATED)


def state(**changes):
    same = {
        "target": "3.2.7",
        "packages": dict(RECORD.packages),
        "recorded": RECORD.recorded,
        "row_counts": dict(RECORD.row_counts),
        "now": NOW,
    }
    return CurrentState(**same | changes)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"recorded": list(RECORD.recorded)}, id="another order of the same"),
        pytest.param({"row_counts": {"dcim_interface": 90_000}}, id="fewer rows"),
        pytest.param({"row_counts": {"dcim_interface": 119_000}}, id="19 % more rows"),
        pytest.param({"row_counts": {"extras_tag": 4_000}}, id="a small table has grown"),
        pytest.param({"now": NOW + timedelta(days=29)}, id="29 days later"),
        pytest.param({"row_counts": {"django_session": 9_000}}, id="sessions are never copied"),
        pytest.param(
            {"row_counts": {"extras_jobresult": 3, "extras_fileattachment": 6}},
            id="the first runs of Jobs",
        ),
        pytest.param({"pending": RECORD.rehearsal.planned[::-1]}, id="the same migrations"),
        pytest.param(
            {"packages": {"nautobot": "3.2.7", "pip": "26.0"}, "is_upgraded": True},
            id="after the upgrade: further packages",
        ),
        pytest.param(
            {"row_counts": {"vpn_tunnel": 9_000}, "is_upgraded": True},
            id="after the upgrade: a new table",
        ),
    ],
)
def test_judge_record_same_upgrade_is_valid(changes):
    assert judge_record(RECORD, state(**changes)).is_valid


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param(
            {"packages": {"nautobot": "3.2.7", "nautobot-ssot": "4.7.0"}},
            "the package set of the target has changed: nautobot-ssot not included → 4.7.0",
            id="one more App",
        ),
        pytest.param({"packages": {"nautobot": "3.2.8"}}, "nautobot 3.2.7 → 3.2.8", id="release"),
        pytest.param({"packages": {}}, "nautobot 3.2.7 → not included", id="package left out"),
        pytest.param({"packages": None}, "package set of the target is unknown", id="no set"),
        pytest.param(
            {"recorded": (*RECORD.recorded, "ipam.0050", "ipam.0051")},
            "2 applied migrations differ: ipam.0050, ipam.0051",
            id="two migrations applied since",
        ),
        pytest.param({"recorded": ()}, "1 applied migration differs", id="one reversed since"),
        pytest.param({"recorded": None}, "applied migrations are unknown", id="no history"),
        pytest.param(
            {"row_counts": {"dcim_interface": 140_000}},
            "tables have grown: dcim_interface from 100,000 to 140,000 rows",
            id="40 % more rows",
        ),
        pytest.param(
            {"row_counts": {"example_log": 6_000}}, "example_log from 0 to 6,000", id="a new table"
        ),
        pytest.param(
            {"row_counts": {"example_log": 1}}, "from 0 to 1 rows", id="a table is no longer empty"
        ),
        pytest.param({"row_counts": None}, "number of rows is unknown", id="no tables"),
        pytest.param(
            {"pending": (*RECORD.rehearsal.planned, "ours.0002_fill")},
            "1 pending migration changed: ours.0002_fill",
            id="a migration of a local App",
        ),
        pytest.param({"now": NOW + MAX_AGE}, "it is 30 days old", id="a month later"),
    ],
)
def test_judge_record_other_upgrade_names_the_change(changes, says):
    evidence = judge_record(RECORD, state(**changes))
    assert not evidence.is_valid
    assert not evidence.has_migrated
    assert evidence.live_duration is None
    (change,) = evidence.changes
    assert says in change


def test_choose_rehearsal_prefers_a_valid_one_to_a_newer_one():
    newer = rehearsal_record(created="2026-11-26T03:00:00+00:00", packages={"nautobot": "3.2.6"})
    older = rehearsal_record(created="2026-11-20T03:00:00+00:00")
    assert choose_rehearsal([older, newer, RECORD], state()).record is RECORD
    assert choose_rehearsal([older, newer], state()).record is older
    assert choose_rehearsal([newer], state()).changes


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([], id="none"),
        pytest.param([rehearsal_record(rehearsal=rehearsal(target="3.1.0"))], id="other target"),
        pytest.param(
            [rehearsal_record(rehearsal=rehearsal(forward=Unavailable("no room")))],
            id="the copy was not upgraded",
        ),
    ],
)
def test_choose_rehearsal_without_a_rehearsal_of_the_upgrade_is_none(records):
    assert choose_rehearsal(records, state()) == NO_REHEARSAL


@pytest.mark.parametrize(
    "forward",
    [
        pytest.param(migrate_run(stop=code_failure(migration="dcim.0090_remove")), id="stopped"),
        pytest.param(migrate_run(interruption="the disk is full"), id="interrupted"),
    ],
)
def test_rehearsal_that_is_not_complete_is_valid_but_shows_no_duration(forward):
    stopped = rehearsal(forward=forward)
    evidence = judge_record(rehearsal_record(created=CREATED, rehearsal=stopped), state())
    assert evidence.is_valid
    assert not evidence.has_migrated
    assert evidence.live_duration is None


def test_choose_rehearsal_ignores_one_that_was_interrupted():
    interrupted = rehearsal(forward=migrate_run(interruption="the disk is full"))
    newer = rehearsal_record(created="2026-11-26T05:00:00+00:00", rehearsal=interrupted)
    assert choose_rehearsal([newer, RECORD], state()).record is RECORD
    assert choose_rehearsal([newer], state()) == NO_REHEARSAL


def test_rehearsal_without_the_configuration_is_not_valid():
    assumed = rehearsal_record(created=CREATED, rehearsal=rehearsal(assumed_apps=()))
    (change,) = judge_record(assumed, state()).changes
    assert change == "the configuration of the installation was not rehearsed"


@pytest.mark.parametrize(
    ("known", "rows", "settles"),
    [
        pytest.param(2, 2, True, id="the same rows"),
        pytest.param(3, 2, True, id="fewer rows"),
        pytest.param(2, 3, False, id="more rows"),
        pytest.param(0, 1, False, id="rows that the copy did not have"),
    ],
)
def test_settles_only_what_the_copy_had(known, rows, settles):
    precondition = Precondition(PreconditionKind.UNIQUE, "a.0002", "AlterField", "a", ("name",))
    record = rehearsal_record(
        created=CREATED, violations={describe_precondition(precondition): known}
    )
    result = PreconditionResult(precondition, rows)
    assert judge_record(record, state()).settles(result) is settles


def test_list_packages_contains_local_packages():
    resolution = Resolution(
        "3.2.7", (ResolvedPackage("nautobot", "3.2.7", ()),), (), local=("ours",)
    )
    installed = Packages((Package("Ours", "2.0", (), ""), Package("nautobot", "2.4.44", (), "")))
    assert list_packages(resolution, installed) == {"nautobot": "3.2.7", "ours": "2.0"}
