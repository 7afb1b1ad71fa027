"""What a process on the copy reported: a failure of the upgrade, or of what surrounds the copy."""

from pathlib import Path

import pytest

from nautobot_upgrade_jobs.rehearsal.errors import RehearsalFailed
from nautobot_upgrade_jobs.rehearsal.journal import read_migrate_run, read_pages

STAGE = {"event": "stage", "name": "migrate"}
BEGIN = {"event": "begin", "migration": "dcim.0090_remove"}
STEP_STAGE = {"event": "stage", "name": "trace_paths"}
DONE = {"event": "done"}


def failure(error="IntegrityError", sqlstate="23505"):
    text = {
        "stage": "migrate",
        "error": error,
        "message": "the server said no.",
        "frames": [],
        "distributions": {},
        "app": "",
    }
    return {"event": "failure", "failure": text, "sqlstate": sqlstate}


def ended(*, is_interruption):
    return {"event": "ended", "reason": "it was too late", "is_interruption": is_interruption}


def read(*events):
    return read_migrate_run(events, ("trace_paths",), 1.0, Path("/nowhere"))


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([STAGE, BEGIN, failure()], id="duplicate value"),
        pytest.param([STAGE, BEGIN, failure("ValueError", "")], id="code of the migration"),
        pytest.param([STAGE, BEGIN, failure("ProgrammingError", "42P07")], id="table exists"),
        pytest.param([STAGE, BEGIN, failure("OperationalError", "55P03")], id="lock timeout"),
        pytest.param([STAGE, BEGIN, ended(is_interruption=False)], id="crash of the process"),
    ],
)
def test_failure_of_the_upgrade_is_a_stop(events):
    run = read(*events)
    assert run.stop.migration == "dcim.0090_remove"
    assert not run.interruption
    assert not run.is_complete


@pytest.mark.parametrize(
    ("events", "says"),
    [
        pytest.param(
            [STAGE, BEGIN, ended(is_interruption=True)],
            "it was too late during dcim.0090_remove",
            id="time limit in a migration",
        ),
        pytest.param([ended(is_interruption=True)], "during start", id="before its first stage"),
        pytest.param(
            [STAGE, BEGIN, failure("OperationalError", "53100")],
            "the server of the copy ended it during dcim.0090_remove: the server said no",
            id="full disk",
        ),
        pytest.param([STAGE, failure("OperationalError", "53200")], "ended it", id="no memory"),
        pytest.param(
            [STAGE, STEP_STAGE, ended(is_interruption=True)],
            "it was too late during trace_paths",
            id="time limit in a step",
        ),
        pytest.param(
            [STAGE, STEP_STAGE, failure("OperationalError", "53100"), DONE],
            "ended it during trace_paths",
            id="full disk in a step",
        ),
        pytest.param([STAGE, failure("OperationalError", "57P01")], "ended it", id="shutdown"),
        pytest.param([STAGE, failure("OperationalError", "")], "ended it", id="lost connection"),
    ],
)
def test_failure_of_the_surroundings_is_no_stop(events, says):
    run = read(*events)
    assert says in run.interruption
    assert run.stop is None
    assert not run.is_complete


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([STAGE, DONE], id="without a failure"),
        pytest.param([STAGE, STEP_STAGE, failure(), DONE], id="a step has failed"),
    ],
)
def test_all_migrations_is_complete(events):
    assert read(*events).is_complete


def test_report_of_another_form_is_an_error():
    with pytest.raises(RehearsalFailed, match="unknown form"):
        read({"event": "end", "migration": "a"})


OPEN = {"event": "open", "name": "dcim:device_list"}
TOTAL = {"event": "pages", "opened": 2, "left_out": 1, "seconds": 3.5}
PAGE = {"event": "page", "name": "dcim:device_list", "failure": failure()["failure"]}


def test_pages_that_fail_are_named():
    found = read_pages((OPEN, PAGE, TOTAL, DONE), Path("/nowhere"))
    assert (found.opened, found.left_out, found.seconds) == (2, 1, 3.5)
    ((name, error),) = [(each.name, each.failure.error) for each in found.failures]
    assert (name, error) == ("dcim:device_list", "IntegrityError")


@pytest.mark.parametrize("is_interruption", [True, False], ids=["hangs", "crashes"])
def test_page_that_ends_the_process_is_one_of_those_that_fail(is_interruption):
    last = {**OPEN, "name": "dcim:rack_list"}
    events = (OPEN, PAGE, last, ended(is_interruption=is_interruption))
    found = read_pages(events, Path("/nowhere"))
    assert found.opened == 2
    assert [each.name for each in found.failures] == ["dcim:device_list", "dcim:rack_list"]
    assert "no page after it was opened" in found.failures[1].failure.message


@pytest.mark.parametrize(
    ("events", "says"),
    [
        pytest.param([ended(is_interruption=True)], "too late", id="does not start"),
        pytest.param([failure("OperationalError", "")], "the server said no", id="no login"),
        pytest.param([OPEN, DONE], "unknown form", id="no total"),
        pytest.param([{**PAGE, "failure": 3}, TOTAL], "unknown form", id="other form"),
    ],
)
def test_pages_that_were_not_opened_are_an_error(events, says):
    with pytest.raises(RehearsalFailed, match=says):
        read_pages(events, Path("/nowhere"))
