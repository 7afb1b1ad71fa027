"""The target as it starts: what is told, and what is not."""

import pytest

from nautobot_upgrade_jobs.checks.rules.booted import apps_load, starts
from nautobot_upgrade_jobs.facts import System, Unavailable
from nautobot_upgrade_jobs.facts.booted import Refusal
from nautobot_upgrade_jobs.facts.startup import Failure, Frame
from nautobot_upgrade_jobs.facts.system import SystemMessage
from tests.builders import booted, facts, migration, migrations

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
WARNING = SystemMessage("security.W001", "warning", "old", "")
ERROR = SystemMessage("fields.E300", "error", "gone", "name it anew")
OLD = migration("example.0001_initial")
NEW = migration("example.0002_more", OLD.key)
OTHER = migration("example.0002_own", OLD.key)


def target(*on_disk, recorded=(OLD.key,)):
    return booted(facts={"migrations": migrations(on_disk, recorded, ("example",))})


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("starts", booted(), []),
        ("starts", booted(refusals=(Refusal("nautobot_example", REMOVED),)), []),
        ("starts", booted(failure=SETTING), [("blocker", "NAPALM_USERNAME")]),
        ("apps_load", booted(), []),
        ("apps_load", booted(failure=SETTING), []),
        (
            "apps_load",
            booted(refusals=(Refusal("one", REMOVED), Refusal("other", SETTING))),
            [("blocker", "one"), ("blocker", "other")],
        ),
        ("apps_load", booted(refusals=(Refusal("one", WRITES, judged=False),)), []),
        ("apps_judged", booted(), []),
        ("apps_judged", booted(refusals=(Refusal("one", REMOVED),)), []),
        ("apps_judged", booted(refusals=(Refusal("one", WRITES, judged=False),)), "skipped"),
        ("system_checks", booted(), []),
        ("system_checks", booted(facts={"system": System((WARNING,))}), []),
        (
            "system_checks",
            booted(facts={"system": System((WARNING, ERROR))}),
            [("blocker", ERROR.subject)],
        ),
        ("system_checks", booted(facts={"system": Unavailable("why")}), "skipped"),
        ("migration_graph", target(OLD), []),
        ("migration_graph", target(OLD, NEW), []),
        ("migration_graph", target(NEW), [("blocker", "dangling")]),
        (
            "migration_graph",
            target(OLD, NEW, recorded=(NEW.key,)),
            [("blocker", "inconsistent")],
        ),
        ("migration_graph", target(OLD, NEW, OTHER), [("blocker", "leaf-nodes")]),
        ("left_behind", target(OLD, NEW), []),
        ("left_behind", target(OLD, recorded=(OLD.key, NEW.key)), [("warning", "example")]),
        ("left_behind", target(OLD, recorded=(OLD.key, "example.0003_local")), []),
    ],
)
def test_what_is_told(found, check, state, expected):
    today = facts(
        system=System((WARNING,)),
        migrations=migrations((OLD, NEW), (OLD.key, "example.0003_local"), ("example",)),
    )
    assert found(f"booted.{check}", today, booted=state) == expected


def test_what_was_not_started_is_not_judged(found):
    assert found("booted.starts") == "skipped"


def test_an_app_is_named_with_the_line_that_fails():
    (finding,) = apps_load(booted(refusals=(Refusal("nautobot_example", REMOVED),)))
    assert "3.2.7 does not start with the App nautobot_example" in finding.message
    assert "nautobot_example/models.py, line 7" in finding.message
    assert "NaturalOrderingField" in finding.message


def test_a_configuration_is_told_by_its_line():
    config = "/opt/nautobot/nautobot_config.py"
    failure = Failure("configuration", "ImportError", "gone", (Frame(config, 12, "<module>"),))
    (finding,) = starts(booted(failure=failure, config=config))
    assert "nautobot_config.py, line 12" in finding.message
