"""The target as it starts: what is told, and what is not."""

import pytest

from nautobot_upgrade_jobs.checks.rules.trial_boot import app_fails_to_load, fails_to_start
from nautobot_upgrade_jobs.facts import SystemChecks, Unavailable
from nautobot_upgrade_jobs.facts.startup import Failure, Frame
from nautobot_upgrade_jobs.facts.system_checks import SystemCheckMessage
from nautobot_upgrade_jobs.facts.trial_boot import AppLoadFailure
from tests.support.builders import facts, migration, migrations, trial_boot

PACKAGES = "lib/python3.12/site-packages"
REMOVED = Failure(
    "apps",
    "ImportError",
    "cannot import name 'NaturalOrderingField' from 'nautobot.core.fields'",
    (
        Frame(f"{PACKAGES}/nautobot/core/cli/__init__.py", 145, "load_settings"),
        Frame(f"{PACKAGES}/nautobot_example/models.py", 7, "<module>"),
    ),
)
SETTING = Failure("configuration", "KeyError", "'NAPALM_USERNAME'", ())
WRITES = Failure("apps", "InternalError", "cannot execute INSERT in a read-only transaction", ())
WARNING = SystemCheckMessage("security.W001", "warning", "old", "")
ERROR = SystemCheckMessage("fields.E300", "error", "gone", "name it anew")
OLD = migration("example.0001_initial")
NEW = migration("example.0002_more", OLD.key)
OTHER = migration("example.0002_own", OLD.key)


def target(*on_disk, recorded=(OLD.key,)):
    return trial_boot(facts={"migrations": migrations(on_disk, recorded, ("example",))})


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("fails_to_start", trial_boot(), []),
        (
            "fails_to_start",
            trial_boot(app_load_failures=(AppLoadFailure("nautobot_example", REMOVED),)),
            [],
        ),
        ("fails_to_start", trial_boot(failure=SETTING), [("blocker", "NAPALM_USERNAME")]),
        ("app_fails_to_load", trial_boot(), []),
        ("app_fails_to_load", trial_boot(failure=SETTING), []),
        (
            "app_fails_to_load",
            trial_boot(
                app_load_failures=(AppLoadFailure("one", REMOVED), AppLoadFailure("other", SETTING))
            ),
            [("blocker", "one"), ("blocker", "other")],
        ),
        (
            "app_fails_to_load",
            trial_boot(app_load_failures=(AppLoadFailure("one", WRITES, conclusive=False),)),
            [],
        ),
        ("app_inconclusive", trial_boot(), []),
        ("app_inconclusive", trial_boot(app_load_failures=(AppLoadFailure("one", REMOVED),)), []),
        (
            "app_inconclusive",
            trial_boot(app_load_failures=(AppLoadFailure("one", WRITES, conclusive=False),)),
            "skipped",
        ),
        ("new_system_check_messages", trial_boot(), []),
        (
            "new_system_check_messages",
            trial_boot(facts={"system_checks": SystemChecks((WARNING,))}),
            [],
        ),
        (
            "new_system_check_messages",
            trial_boot(facts={"system_checks": SystemChecks((WARNING, ERROR))}),
            [("blocker", ERROR.subject)],
        ),
        (
            "new_system_check_messages",
            trial_boot(facts={"system_checks": Unavailable("why")}),
            "skipped",
        ),
        ("broken_migration_graph", target(OLD), []),
        ("broken_migration_graph", target(OLD, NEW), []),
        ("broken_migration_graph", target(NEW), [("blocker", "dangling")]),
        (
            "broken_migration_graph",
            target(OLD, NEW, recorded=(NEW.key,)),
            [("blocker", "inconsistent")],
        ),
        ("broken_migration_graph", target(OLD, NEW, OTHER), [("blocker", "leaf-nodes")]),
        ("missing_recorded_migrations", target(OLD, NEW), []),
        (
            "missing_recorded_migrations",
            target(OLD, recorded=(OLD.key, NEW.key)),
            [("warning", "example")],
        ),
        ("missing_recorded_migrations", target(OLD, recorded=(OLD.key, "example.0003_local")), []),
    ],
)
def test_what_is_told(found, check, state, expected):
    today = facts(
        system_checks=SystemChecks((WARNING,)),
        migrations=migrations((OLD, NEW), (OLD.key, "example.0003_local"), ("example",)),
    )
    assert found(f"trial_boot.{check}", today, trial_boot=state) == expected


def test_what_was_not_started_is_not_judged(found):
    assert found("trial_boot.fails_to_start") == "skipped"


def test_an_app_is_named_with_the_line_that_fails():
    (finding,) = app_fails_to_load(
        trial_boot(app_load_failures=(AppLoadFailure("nautobot_example", REMOVED),))
    )
    assert "3.2.7 does not start with the App nautobot_example" in finding.message
    assert "nautobot_example/models.py, line 7" in finding.message
    assert "NaturalOrderingField" in finding.message


def test_a_configuration_is_told_by_its_line():
    config = "/opt/nautobot/nautobot_config.py"
    failure = Failure("configuration", "ImportError", "gone", (Frame(config, 12, "<module>"),))
    (finding,) = fails_to_start(trial_boot(failure=failure, config=config))
    assert "nautobot_config.py, line 12" in finding.message
