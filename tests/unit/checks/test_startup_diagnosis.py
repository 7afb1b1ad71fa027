"""Diagnosis of a failed start: the cause behind the last line of a traceback."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.remediation import shell
from nautobot_upgrade_jobs.checks.startup_diagnosis import startup_findings
from nautobot_upgrade_jobs.facts.startup import STAGES, Failure, Frame, Startup

CONFIG = "/opt/nautobot/nautobot_config.py"
PACKAGES = "/opt/nautobot/lib/python3.12/site-packages"
OWN = Frame(f"{PACKAGES}/nautobot/core/cli/__init__.py", 145, "load_settings")


def startup(failure=None, **changes):
    values = {
        "python": "3.12.3",
        "nautobot": "3.2.7",
        "requires_python": ">=3.10,<3.15",
        "config": CONFIG,
        "passed": tuple(STAGES),
        "failure": failure,
        "unmet_requirements": (),
    }
    return Startup(**values | changes)


def failed(stage, error, message, *frames):
    return startup(Failure(stage, error, message, (OWN, *frames)))


@pytest.mark.parametrize(
    ("state", "subjects"),
    [
        (startup(), []),
        (startup(python="3.9.18"), ["python"]),
        (startup(nautobot=""), ["nautobot"]),
        (
            startup(unmet_requirements=("nautobot requires Django>=5.2, but 4.2 is installed",)),
            ["requirement Django>=5.2"],
        ),
        (startup(problems=("app.E1: no",)), ["nautobot-server check"]),
        (startup(unapplied=("dcim.0099",)), ["migrations"]),
        (
            startup(problems=("app.E1: no",), unapplied=("dcim.0099",)),
            ["nautobot-server check", "migrations"],
        ),
        (
            failed("database", "OperationalError", 'FATAL: database "x" does not exist'),
            ["database"],
        ),
        (
            failed("database", "OperationalError", "(1049, \"Unknown database 'x'\")"),
            ["database"],
        ),
        (
            failed("database", "OperationalError", 'password authentication failed for user "n"'),
            ["database login"],
        ),
        (
            failed("database", "OperationalError", "connection refused"),
            ["database server"],
        ),
        (
            failed("database", "NotSupportedError", "PostgreSQL 14 or later is required"),
            ["database version"],
        ),
        (failed("redis", "ConnectionError", "refused"), ["redis"]),
        (failed("redis", "AuthenticationError", "WRONGPASS"), ["redis login"]),
        # The environment first, because the other finding is its consequence.
        (
            startup(
                Failure("apps", "ImportError", "x", (OWN,)),
                unmet_requirements=("a requires b>1, but 1",),
            ),
            ["requirement b>1", "apps"],
        ),
        (
            failed("apps", "ImportError", "x", Frame(f"{PACKAGES}/some_app/jobs.py", 7, "")),
            ["some_app"],
        ),
        (
            failed("apps", "ImportError", "x", Frame("/srv/checkouts/my_app/models.py", 7, "")),
            ["my_app"],
        ),
        (
            failed("configuration", "NameError", "x", Frame(CONFIG, 12, "<module>")),
            ["nautobot_config.py"],
        ),
        (failed("import", "Crash", "it ended with -11"), ["import"]),
    ],
)
def test_startup_findings_of_each_failure_have_the_subject_of_the_cause(state, subjects):
    assert [finding.subject for finding in startup_findings(state)] == subjects


def test_startup_findings_of_an_import_error_give_file_line_and_command():
    frames = (
        Frame(f"{PACKAGES}/some_app/__init__.py", 3, "<module>", "some_app", "nautobot-some"),
        Frame(f"{PACKAGES}/some_app/jobs.py", 7, "<module>", "some_app", "nautobot-some"),
        Frame(f"{PACKAGES}/django/apps/registry.py", 138, "check_apps_ready", "django", "Django"),
    )
    failure = Failure("apps", "ImportError", "cannot import name 'X'", frames, app="some_app")
    (finding,) = startup_findings(startup(failure))
    assert f"{PACKAGES}/some_app/jobs.py, line 7" in finding.message
    assert finding.commands == (shell("pip install --upgrade nautobot-some"),)


def test_startup_findings_blame_the_app_and_not_what_calls_it():
    frames = (
        Frame(f"{PACKAGES}/django_jinja/apps.py", 3, "", "django_jinja", "django-jinja"),
        Frame(f"{PACKAGES}/some_app/models.py", 7, "", "some_app", "nautobot-some"),
        Frame(f"{PACKAGES}/netutils/ip.py", 9, "", "netutils", "netutils"),
    )
    by_app = Failure("apps", "ImportError", "gone", frames, app="some_app")
    (finding,) = startup_findings(startup(by_app))
    assert finding.commands == (shell("pip install --upgrade nautobot-some"),)
    (finding,) = startup_findings(startup(replace(by_app, frames=frames[:1], app="")))
    assert (finding.subject, finding.commands) == ("django_jinja", ())


@pytest.mark.parametrize(
    ("frame", "subject"),
    [
        (Frame(f"{PACKAGES}/some_app/jobs.py", 7, ""), "some_app"),
        (Frame("/srv/ours/my_app/migrations/0001_x.py", 2, "<module>", "my_app"), "my_app"),
        (Frame("/srv/ours/my_app/models.py", 2, ""), "my_app"),
    ],
)
def test_startup_findings_name_no_package_to_install_without_its_distribution(frame, subject):
    """The package of that name on the index can belong to a stranger."""
    (finding,) = startup_findings(failed("apps", "ImportError", "cannot import name 'X'", frame))
    assert (finding.subject, finding.commands) == (subject, ())


def test_startup_findings_with_pending_migrations_still_list_every_error():
    errors = tuple(f"app.E{number}: my own error" for number in range(30))
    many = tuple(f"dcim.{number:04}" for number in range(59))
    system_checks, migrations = startup_findings(startup(problems=errors, unapplied=many))
    assert system_checks.evidence == errors
    assert migrations.message == "59 migrations are not applied."


@pytest.mark.parametrize(
    ("distributions", "commands"),
    [
        ({"some_app": "nautobot-some"}, (shell("pip install --upgrade nautobot-some"),)),
        ({"other_app": "nautobot-other"}, ()),
        ({}, ()),
    ],
)
def test_startup_findings_of_a_limit_upgrade_the_distribution_of_the_app(distributions, commands):
    failure = Failure(
        "configuration",
        "PluginImproperlyConfigured",
        "Plugin some_app requires Nautobot maximum version 2.99",
        (OWN,),
        distributions,
    )
    (finding,) = startup_findings(startup(failure))
    assert (finding.subject, finding.commands) == ("some_app", commands)
