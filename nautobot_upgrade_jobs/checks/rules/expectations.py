"""The operator's expectations: is everything present that was named?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...facts import Apps, Jobs, Migrations, UiRegistry, require
from ..build import blocker
from ..expectation_parser import Expectations
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check
from ..remediation import shell


@check(stage="verify", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS)
def unmet(
    expectations: Expectations,
    apps: Apps,
    migrations: Migrations,
    jobs: Jobs,
    ui_registry: UiRegistry,
) -> Iterator[Finding]:
    """Everything that you expect is present.

    Why: upgrade notes of Apps ask you to open a page and check that everything is listed. At the
        end of a long night it is easy to miss one line of a hundred.
    Fix: find out why it is missing: an App was not upgraded, or a migration did not run.
    """
    if not expectations.lines:
        raise NotApplicable("no expectations were given")
    problem_of: dict[str, Callable[[str], str]] = {
        "app": lambda line: _app_problem(line, apps),
        "migration": lambda name: "" if name in migrations.recorded else "is not recorded",
        "job": lambda name: _job_problem(name, jobs),
        "grouping": lambda name: _grouping_problem(name, jobs),
        "panel": lambda name: (
            "" if name in require(ui_registry.home_panels).items else "does not exist"
        ),
        "page": lambda name: (
            "" if name in require(ui_registry.app_pages).items else "has no address"
        ),
    }
    for expectation in expectations.lines:
        if problem := problem_of[expectation.kind](expectation.name):
            yield blocker(
                str(expectation),
                f"Expected {expectation}, but it {problem}.",
                fix="Check that its App is installed, enabled and migrated in the expected "
                "version.",
                commands=(shell("nautobot-server showmigrations"),)
                if expectation.kind == "migration"
                else (),
            )


def _app_problem(line: str, apps: Apps) -> str:
    name, version = line.split()
    for app in apps.enabled:
        if name in (app.module, app.label, app.distribution):
            return "" if app.version == version else f"is {app.version}"
    return "is not enabled"


def _job_problem(class_path: str, jobs: Jobs) -> str:
    record = next((record for record in jobs.records if record.class_path == class_path), None)
    if record is None:
        return "is not recorded"
    if not record.installed:
        return "is not installed"
    return "" if record.enabled else "is disabled"


def _grouping_problem(name: str, jobs: Jobs) -> str:
    """Return what is wrong with a heading in the list of Jobs. A new Job is disabled at first."""
    is_shown = any(record.installed and record.grouping == name for record in jobs.records)
    return "" if is_shown else "has no installed Job"
