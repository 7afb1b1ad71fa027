"""The operator's expectations: is everything present that was named?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from ...facts import Apps, Jobs, Migrations, UiRegistry, require
from ..build import blocker
from ..expectation_parser import Expectations
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check
from ..remediation import shell
from ..text import truncate_list

DISPLAY_NAMES = {
    "app": "App",
    "migration": "migration",
    "job": "Job",
    "grouping": "Jobs of the grouping",
    "panel": "panel",
    "page": "page",
}
PROVIDER_FIX = (
    "Check that its App is enabled and has the expected version. Check that the migrations of the "
    "App are applied."
)


class Problem(NamedTuple):
    """Why an expectation is not met, and the remediation."""

    text: str
    fix: str
    evidence: tuple[str, ...] = ()


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
    problem_of: dict[str, Callable[[str], Problem | None]] = {
        "app": lambda line: _app_problem(line, apps),
        "migration": lambda name: _problem(
            name in migrations.recorded, "the database has no record of it"
        ),
        "job": lambda name: _job_problem(name, jobs),
        "grouping": lambda name: _grouping_problem(name, jobs),
        "panel": lambda name: _problem(
            name in require(ui_registry.home_panels).items,
            "the home page has no such panel",
            evidence=_list_panels(require(ui_registry.home_panels).items),
        ),
        "page": lambda name: _problem(
            name in require(ui_registry.app_pages).items, "no App has such a page"
        ),
    }
    for expectation in expectations.lines:
        if problem := problem_of[expectation.kind](expectation.name):
            yield blocker(
                str(expectation),
                f"You expected the {DISPLAY_NAMES[expectation.kind]} {expectation.name}, but "
                f"{problem.text}.",
                fix=problem.fix,
                evidence=truncate_list(problem.evidence),
                commands=(shell("nautobot-server showmigrations"),)
                if expectation.kind == "migration"
                else (),
            )


def _problem(
    is_met: bool, text: str, fix: str = PROVIDER_FIX, evidence: tuple[str, ...] = ()
) -> Problem | None:
    return None if is_met else Problem(text, fix, evidence)


def _grouping_problem(name: str, jobs: Jobs) -> Problem | None:
    groupings = sorted({record.grouping for record in jobs.records if record.installed} - {""})
    if name in groupings:
        return None
    return Problem(
        "no installed Job has this grouping",
        f"{PROVIDER_FIX} The App can also use another grouping: see the evidence.",
        tuple(f"grouping {grouping}" for grouping in groupings),
    )


def _app_problem(line: str, apps: Apps) -> Problem | None:
    name, version = line.split()
    for app in apps.enabled:
        if name in (app.module, app.label, app.distribution):
            return _problem(
                _is_same_version(app.version, version),
                f"release {app.version} is installed",
                f"Install release {version} of {name}, and run `nautobot-server post_upgrade`.",
            )
    return Problem("it is not enabled", "Install the App, and add its module to PLUGINS.")


def _is_same_version(installed: str, expected: str) -> bool:
    """Return whether two texts name the same release, such as 4.0 and v4.0.0."""
    try:
        return Version(installed) == Version(expected)
    except InvalidVersion:
        return installed == expected


def _list_panels(panels: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"panel {panel}" for panel in sorted(panels))


def _job_problem(class_path: str, jobs: Jobs) -> Problem | None:
    record = next((record for record in jobs.records if record.class_path == class_path), None)
    if record is None:
        return Problem("the database has no record of it", PROVIDER_FIX)
    if not record.installed:
        return Problem("it is not installed", PROVIDER_FIX)
    return _problem(
        record.enabled, "it is disabled", "Open Jobs in the web UI, edit the Job, and set Enabled."
    )
