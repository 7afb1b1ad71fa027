"""Rules about an upgrade on a copy: what failed is named, what was not reached is not checked."""

import pytest

from nautobot_upgrade_jobs.checks.rules.rehearsal import migrate_fails, page_fails
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.rehearsal import NOT_REPLACED, NOT_WANTED, Copy, Restore, Reverse
from nautobot_upgrade_jobs.facts.trial_boot import Isolation
from tests.support.builders import (
    code_failure,
    migrate_run,
    migration_run,
    page_failure,
    pages,
    rehearsal,
)

FIRST, SECOND = migration_run("extras.0130_counts"), migration_run()
MISSING = Unavailable("copy the data: the disk is full")
STOPPED = migrate_run(FIRST, stop=code_failure(migration="dcim.0090_remove"))
INTERRUPTED = migrate_run(FIRST, interruption="the time limit was reached during dcim.0090")
NOT_STARTED = migrate_run(stop=code_failure("apps"))
AFTER_MIGRATE = migrate_run(FIRST, SECOND, stop=code_failure("migrate"))
BROKEN_STEP = migrate_run(FIRST, SECOND, step_failures=(code_failure("trace_paths"),))


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        pytest.param(migrate_run(FIRST, SECOND), [], id="all applied"),
        pytest.param(migrate_run(), [], id="nothing to apply"),
        pytest.param(BROKEN_STEP, [], id="only a step after it fails"),
        pytest.param(STOPPED, [("blocker", "dcim.0090_remove")], id="second migration"),
        pytest.param(NOT_STARTED, [("blocker", "apps")], id="does not start"),
        pytest.param(AFTER_MIGRATE, [("blocker", "migrate")], id="signal after the migrations"),
        pytest.param(MISSING, "skipped", id="not reached"),
        pytest.param(INTERRUPTED, "skipped", id="interrupted"),
    ],
)
def test_migrate_fails_names_the_migration(findings_of, forward, expected):
    found = findings_of("rehearsal.migrate_fails", rehearsal=rehearsal(forward=forward))
    assert found == expected


def test_migrate_fails_says_what_is_committed_and_what_the_server_said():
    (found,) = migrate_fails(rehearsal(forward=STOPPED))
    assert "1 of 2 migrations were committed before it, up to extras.0130_counts" in found.message
    assert {"SQLSTATE: 23505", "table: dcim_device"} <= set(found.evidence)


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        pytest.param(migrate_run(FIRST), [], id="all steps"),
        pytest.param(BROKEN_STEP, [("warning", "trace_paths")], id="one step"),
        pytest.param(STOPPED, "not_applicable", id="migrate stopped"),
        pytest.param(MISSING, "skipped", id="not reached"),
        pytest.param(INTERRUPTED, "skipped", id="interrupted"),
    ],
)
def test_step_fails_names_the_step(findings_of, forward, expected):
    found = findings_of("rehearsal.step_fails", rehearsal=rehearsal(forward=forward))
    assert found == expected


TEMPLATE = page_failure("example:thing_list", app="example")
SAME = page_failure("example-api:thing-list", app="example")
OTHER = page_failure("home", "OperationalError", "no such column")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [], id="all pages"),
        pytest.param(
            {"pages": pages(TEMPLATE, SAME)}, [("warning", "example:thing_list")], id="one error"
        ),
        pytest.param(
            {"pages": pages(TEMPLATE, OTHER)},
            [("warning", "example:thing_list"), ("warning", "home")],
            id="two errors",
        ),
        pytest.param({"pages": pages(left_out=7)}, [], id="no time for some"),
        pytest.param({"pages": MISSING}, "skipped", id="not opened"),
        pytest.param({"forward": STOPPED, "pages": MISSING}, "not_applicable", id="stopped"),
        pytest.param({"start_failure": "no start"}, "not_applicable", id="does not start"),
        pytest.param({"forward": INTERRUPTED}, "skipped", id="interrupted"),
    ],
)
def test_page_fails_groups_the_pages_by_error(findings_of, changes, expected):
    found = findings_of("rehearsal.page_fails", rehearsal=rehearsal(**changes))
    assert found == expected


REVERSED = migrate_run(migration_run())


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        pytest.param(None, [], id="not tried"),
        pytest.param(migrate_run(FIRST, SECOND), [], id="succeeds"),
        pytest.param(STOPPED, [("warning", "again")], id="stops"),
        pytest.param(INTERRUPTED, [], id="interrupted"),
    ],
)
def test_reverse_fails_if_the_upgrade_cannot_be_repeated(findings_of, again, expected):
    reverse = Reverse(("dcim 0089",), REVERSED, starts=True, again=again)
    assert findings_of("rehearsal.reverse_fails", rehearsal=rehearsal(reverse=reverse)) == expected


def test_page_fails_names_the_code_of_the_app_and_the_other_pages():
    (found,) = page_fails(rehearsal(pages=pages(TEMPLATE, SAME)))
    assert "1 further page fails" in found.message
    assert found.evidence == (
        "example/views.py:12, in get",
        "django/template/base.py:5, in render",
        "example-api:thing-list",
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [], id="as planned"),
        pytest.param(
            {"planned": ("extras.0130_counts",)}, [("warning", "dcim.0090_remove")], id="one more"
        ),
        pytest.param(
            {"forward": migrate_run(FIRST)}, [("warning", "dcim.0090_remove")], id="one less"
        ),
        pytest.param({"forward": STOPPED}, "not_applicable", id="stopped"),
        pytest.param({"planned": MISSING}, "skipped", id="no plan"),
    ],
)
def test_unplanned_migrations_compares_with_the_plan(findings_of, changes, expected):
    found = findings_of("rehearsal.unplanned_migrations", rehearsal=rehearsal(**changes))
    assert found == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        pytest.param(None, "not_applicable", id="not stated"),
        pytest.param(60.0, [], id="long enough"),
        pytest.param(15.0, [], id="just long enough"),
        pytest.param(12.0, [("warning", "window")], id="too short on a slower disk"),
        pytest.param(7.0, [("blocker", "window")], id="shorter than the CPU time"),
    ],
)
def test_window_too_short_compares_the_measured_time(findings_of, window, expected):
    found = findings_of("rehearsal.window_too_short", rehearsal=rehearsal(window_seconds=window))
    assert found == expected


def test_window_too_short_without_an_end_gives_no_duration(findings_of):
    stopped = rehearsal(window_seconds=1.0, forward=STOPPED)
    assert findings_of("rehearsal.window_too_short", rehearsal=stopped) == "not_applicable"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param("", [], id="silent"),
        pytest.param("These jobs need approval:\n - a", [("info", "dcim.0090_remove")], id="one"),
    ],
)
def test_messages_shows_what_a_migration_prints(findings_of, output, expected):
    forward = migrate_run(FIRST, migration_run(output=output))
    assert findings_of("rehearsal.messages", rehearsal=rehearsal(forward=forward)) == expected


@pytest.mark.parametrize(
    ("restore", "expected"),
    [
        pytest.param(Restore(1.0, 9, 2.0, ()), [], id="equal"),
        pytest.param(
            Restore(1.0, 9, 2.0, ("dcim_device: 2 rows fewer",)),
            [("blocker", "restore")],
            id="rows are missing",
        ),
        pytest.param(MISSING, "skipped", id="not reached"),
        pytest.param(NOT_WANTED, [("warning", "not_rehearsed")], id="left out"),
        pytest.param(NOT_REPLACED, [("warning", "not_rehearsed")], id="a copy that exists"),
    ],
)
def test_restore_fails_reports_differences(findings_of, restore, expected):
    assert findings_of("rehearsal.restore_fails", rehearsal=rehearsal(restore=restore)) == expected


REVERSED = migrate_run(migration_run())


@pytest.mark.parametrize(
    ("reverse", "expected"),
    [
        pytest.param(Reverse(("dcim 0089",), REVERSED, starts=True), [], id="all reversed"),
        pytest.param(
            Reverse(("dcim 0089",), migrate_run(stop=STOPPED.stop)),
            [("warning", "dcim.0090_remove")],
            id="fails",
        ),
        pytest.param(
            Reverse(("dcim 0089",), REVERSED, ("dcim_cable: 3 values fewer",)),
            [("warning", "losses")],
            id="loses values",
        ),
        pytest.param(Unavailable("the stage reverse was not carried out"), "skipped", id="not run"),
        pytest.param(None, "not_applicable", id="not reversible"),
        pytest.param(NOT_WANTED, "not_applicable", id="left out"),
    ],
)
def test_reverse_fails_reports_the_error_or_the_losses(findings_of, reverse, expected):
    assert findings_of("rehearsal.reverse_fails", rehearsal=rehearsal(reverse=reverse)) == expected


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        pytest.param((), [], id="complete"),
        pytest.param(
            ("the kernel of this host refuses namespaces",), [("info", "isolation")], id="a gap"
        ),
    ],
)
def test_isolation_gaps_says_what_was_open(findings_of, gaps, expected):
    isolation = Isolation(has_relay=True, hides_files=not gaps, hides_network=not gaps, gaps=gaps)
    found = findings_of("rehearsal.isolation_gaps", rehearsal=rehearsal(isolation=isolation))
    assert found == expected


def test_isolation_gaps_names_the_account_of_a_named_server(findings_of):
    copy = Copy("15.4", 198, 17362, 18 << 20, 2.0, server="the account rehearsal on db2:5432")
    found = findings_of("rehearsal.isolation_gaps", rehearsal=rehearsal(copy=copy))
    assert found == [("info", "server")]


@pytest.mark.parametrize(
    ("apps", "expected"),
    [
        pytest.param(None, [], id="configuration of the installation"),
        pytest.param((), [("info", "configuration")], id="no App"),
        pytest.param(("nautobot_ssot",), [("info", "configuration")], id="with an App"),
    ],
)
def test_assumed_configuration_names_what_was_enabled(findings_of, apps, expected):
    found = findings_of("rehearsal.assumed_configuration", rehearsal=rehearsal(assumed_apps=apps))
    assert found == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [], id="starts"),
        pytest.param(
            {"start_failure": "the target does not start: ImportError"},
            [("blocker", "target")],
            id="does not start",
        ),
        pytest.param({"forward": STOPPED}, "not_applicable", id="not upgraded"),
        pytest.param({"forward": INTERRUPTED}, "skipped", id="interrupted"),
    ],
)
def test_start_fails_names_the_error(findings_of, changes, expected):
    assert findings_of("rehearsal.start_fails", rehearsal=rehearsal(**changes)) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(
            "the database nautobot_rehearsal_1, as the account rehearsal on db2:5432: refused",
            [("warning", "copy")],
            id="a database",
        ),
    ],
)
def test_leftover_names_a_copy_that_was_not_removed(findings_of, left, expected):
    assert findings_of("rehearsal.leftover", rehearsal=rehearsal(leftover=left)) == expected
