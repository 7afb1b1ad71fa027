"""What the operator named as expected: is it there?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...facts import Apps, Automation, Migrations, UiRegistry, require
from ..expectation_parser import Expectations
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check


@check(stage="verify")
def unmet(
    expectations: Expectations,
    apps: Apps,
    migrations: Migrations,
    automation: Automation,
    interface: UiRegistry,
) -> Iterator[Finding]:
    """Everything that you named as expected is there.

    Why: upgrade notes of Apps ask you to open a page and see that all is listed; at the end of a
        long night nobody reads a hundred lines with care.
    Fix: see why it is missing: an App that was not upgraded, a migration that did not run.
    """
    if not expectations.lines:
        raise NotApplicable("nothing was named")
    has: dict[str, Callable[[str], str]] = {
        "app": lambda line: _app_problem(line, apps),
        "migration": lambda name: "" if name in migrations.recorded else "is not recorded",
        "job": lambda name: _job_problem(name, automation),
        "panel": lambda name: (
            "" if name in require(interface.home_panels).items else "is not there"
        ),
        "page": lambda name: "" if name in require(interface.app_pages).items else "has no address",
    }
    for line in expectations.lines:
        if problem := has[line.kind](line.name):
            yield Finding(
                severity=Severity.BLOCKER,
                subject=str(line),
                message=f"Expected: {line}. It {problem}.",
                remediation="See whether its App is installed, enabled and migrated in the "
                "version that you meant.",
                phase=Phase.POST_UPGRADE,
                impact=Impact.FEATURE_LOSS,
                commands=("nautobot-server showmigrations",) * (line.kind == "migration"),
            )


def _app_problem(line: str, apps: Apps) -> str:
    name, version = line.split()
    for app in apps.enabled:
        if name in (app.module, app.label, app.distribution):
            return "" if app.version == version else f"is {app.version}"
    return "is not enabled"


def _job_problem(name: str, automation: Automation) -> str:
    state = require(automation.jobs).items.get(name)
    if state is None:
        return "is not recorded"
    return "" if state.startswith("installed, enabled") else f"is {state.rpartition(', ')[0]}"
