"""Rules about the trial boot of the target."""

import pytest

from nautobot_upgrade_jobs.checks.remediation import When
from nautobot_upgrade_jobs.checks.rules.trial_boot import app_fails_to_load, fails_to_start
from nautobot_upgrade_jobs.facts import SystemChecks, Unavailable
from nautobot_upgrade_jobs.facts.startup import Failure, Frame
from nautobot_upgrade_jobs.facts.system_checks import SystemCheckMessage
from nautobot_upgrade_jobs.facts.trial_boot import AppLoadFailure, Isolation
from tests.support.builders import (
    app,
    apps,
    facts,
    migration,
    migrations,
    resolution,
    trial_boot,
)

PACKAGES = "lib/python3.12/site-packages"
REMOVED_NAME = Failure(
    "apps",
    "ImportError",
    "cannot import name 'NaturalOrderingField' from 'nautobot.core.fields'",
    (
        Frame(f"{PACKAGES}/nautobot/core/cli/__init__.py", 145, "load_settings"),
        Frame(
            f"{PACKAGES}/nautobot_example/models.py",
            7,
            "<module>",
            "nautobot_example",
            "nautobot-app-example",
        ),
    ),
    app="nautobot_example",
)
REMOVED_SETTING = Failure("configuration", "KeyError", "'NAPALM_USERNAME'", ())
WRITE = Failure("apps", "InternalError", "cannot execute INSERT in a read-only transaction", ())
WARNING = SystemCheckMessage("security.W001", "warning", "old", "")
ERROR = SystemCheckMessage("fields.E300", "error", "removed", "rename it")
INITIAL = migration("example.0001_initial")
SECOND = migration("example.0002_more", INITIAL.key)
CONFLICTING = migration("example.0002_own", INITIAL.key)
INSTALLED = facts(
    system_checks=SystemChecks((WARNING,)),
    migrations=migrations((INITIAL, SECOND), (INITIAL.key, "example.0003_local"), ("example",)),
)


@pytest.mark.parametrize(
    ("loaded", "expected"),
    [
        (app(), []),
        (app(version="2.0"), []),
        (app(version="1.0.0"), [("warning", "nautobot_example")]),
        (app(version="1.0.0", distribution="another"), []),
        (app(version="", distribution=""), []),
    ],
)
def test_shadowed_apps_warns_of_another_release_than_the_package_set(findings_of, loaded, expected):
    state = trial_boot(facts={"apps": apps(loaded)})
    found = findings_of(
        "trial_boot.shadowed_apps", facts(), trial_boot=state, resolution=resolution()
    )
    assert found == expected


def boot_with_migrations(*on_disk, recorded=(INITIAL.key,)):
    return trial_boot(facts={"migrations": migrations(on_disk, recorded, ("example",))})


def boot_with_messages(system_checks):
    return trial_boot(facts={"system_checks": system_checks})


def boot_with_failures(**failures):
    """Return a trial boot in which Apps fail conclusively."""
    return trial_boot(
        app_load_failures=tuple(AppLoadFailure(app, failure) for app, failure in failures.items())
    )


INCONCLUSIVE = trial_boot(app_load_failures=(AppLoadFailure("one", WRITE, conclusive=False),))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(trial_boot(), [], id="starts"),
        pytest.param(boot_with_failures(nautobot_example=REMOVED_NAME), [], id="App fails"),
        pytest.param(
            trial_boot(failure=REMOVED_SETTING),
            [("blocker", "NAPALM_USERNAME")],
            id="configuration fails",
        ),
    ],
)
def test_fails_to_start_without_an_app_blocks(findings_of, state, expected):
    assert findings_of("trial_boot.fails_to_start", INSTALLED, trial_boot=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(trial_boot(), [], id="starts"),
        pytest.param(trial_boot(failure=REMOVED_SETTING), [], id="configuration fails"),
        pytest.param(
            boot_with_failures(one=REMOVED_NAME, other=REMOVED_SETTING),
            [("blocker", "one"), ("blocker", "other")],
            id="two Apps fail",
        ),
        pytest.param(INCONCLUSIVE, [], id="inconclusive"),
    ],
)
def test_app_fails_to_load_blocks_for_each_conclusive_failure(findings_of, state, expected):
    assert findings_of("trial_boot.app_fails_to_load", INSTALLED, trial_boot=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(trial_boot(), [], id="starts"),
        pytest.param(boot_with_failures(one=REMOVED_NAME), [], id="conclusive"),
        pytest.param(INCONCLUSIVE, "skipped", id="inconclusive"),
    ],
)
def test_app_inconclusive_with_an_inconclusive_failure_is_skipped(findings_of, state, expected):
    assert findings_of("trial_boot.app_inconclusive", INSTALLED, trial_boot=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(trial_boot(), [], id="no messages"),
        pytest.param(boot_with_messages(SystemChecks((WARNING,))), [], id="known message"),
        pytest.param(
            boot_with_messages(SystemChecks((WARNING, ERROR))),
            [("blocker", ERROR.subject)],
            id="new error",
        ),
        pytest.param(boot_with_messages(Unavailable("why")), "skipped", id="unavailable"),
    ],
)
def test_new_system_check_messages_report_only_new_ones(findings_of, state, expected):
    check = "trial_boot.new_system_check_messages"
    assert findings_of(check, INSTALLED, trial_boot=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(boot_with_migrations(INITIAL), [], id="all applied"),
        pytest.param(boot_with_migrations(INITIAL, SECOND), [], id="one pending"),
        pytest.param(boot_with_migrations(SECOND), [("blocker", "dangling")], id="dangling"),
        pytest.param(
            boot_with_migrations(INITIAL, SECOND, recorded=(SECOND.key,)),
            [("blocker", "inconsistent")],
            id="inconsistent",
        ),
        pytest.param(
            boot_with_migrations(INITIAL, SECOND, CONFLICTING),
            [("blocker", "leaf-nodes")],
            id="two leaf nodes",
        ),
    ],
)
def test_broken_migration_graph_blocks(findings_of, state, expected):
    assert findings_of("trial_boot.broken_migration_graph", INSTALLED, trial_boot=state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(boot_with_migrations(INITIAL, SECOND), [], id="all have files"),
        pytest.param(
            boot_with_migrations(INITIAL, recorded=(INITIAL.key, SECOND.key)),
            [("warning", "example")],
            id="file missing in the target",
        ),
        pytest.param(
            boot_with_migrations(INITIAL, recorded=(INITIAL.key, "example.0003_local")),
            [],
            id="file missing in both",
        ),
    ],
)
def test_missing_recorded_migrations_of_the_target_alone_warn(findings_of, state, expected):
    check = "trial_boot.missing_recorded_migrations"
    assert findings_of(check, INSTALLED, trial_boot=state) == expected


def test_fails_to_start_without_a_trial_boot_is_skipped(findings_of):
    assert findings_of("trial_boot.fails_to_start") == "skipped"


def test_app_fails_to_load_message_names_the_app_and_the_line():
    (finding,) = app_fails_to_load(boot_with_failures(nautobot_example=REMOVED_NAME))
    assert "3.2.7 does not start with the App nautobot_example" in finding.message
    assert "nautobot_example/models.py, line 7" in finding.message
    assert "NaturalOrderingField" in finding.message


def test_fails_to_start_message_names_the_line_of_the_configuration():
    config = "/opt/nautobot/nautobot_config.py"
    failure = Failure("configuration", "ImportError", "gone", (Frame(config, 12, "<module>"),))
    (finding,) = fails_to_start(trial_boot(failure=failure, config=config))
    assert "nautobot_config.py, line 12" in finding.message


def test_app_fails_to_load_shows_no_command_that_changes_the_live_environment():
    """Its remediation is to run Preflight again, not to upgrade the App now."""
    (finding,) = app_fails_to_load(boot_with_failures(one=REMOVED_NAME))
    assert (finding.when, finding.commands) == (When.NOW, ())


def test_fails_to_start_belongs_to_the_maintenance_window():
    """Its commands install packages for the target, which would harm the live side now."""
    (finding,) = fails_to_start(trial_boot(failure=REMOVED_NAME))
    assert finding.commands
    assert finding.when is When.WINDOW


@pytest.mark.parametrize(
    ("isolation", "expected"),
    [
        (Isolation(has_relay=True, hides_files=True, hides_network=True), []),
        (None, "not_applicable"),
        (
            Isolation(has_relay=True, hides_files=False, hides_network=False, gaps=("refused",)),
            [("info", "isolation")],
        ),
        (
            Isolation(has_relay=True, hides_files=True, hides_network=False, gaps=("allowed",)),
            [("info", "isolation")],
        ),
        (
            Isolation(has_relay=False, hides_files=True, hides_network=False, gaps=("MySQL",)),
            [("info", "isolation")],
        ),
        (
            Isolation(has_relay=True, hides_files=True, hides_network=True, is_superuser=True),
            [("info", "isolation")],
        ),
    ],
)
def test_weak_isolation_reports_what_code_could_do(findings_of, isolation, expected):
    booted = trial_boot(isolation=isolation)
    assert findings_of("trial_boot.weak_isolation", facts(), trial_boot=booted) == expected
