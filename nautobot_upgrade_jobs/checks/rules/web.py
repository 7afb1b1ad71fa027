"""The web processes, as users reach them."""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog.target_release import Target
from ...facts import FactUnavailable, Web
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check

NO_ADDRESS = "the setting deployment names no url"


def _require_address(web: Web) -> None:
    if not web.url:
        raise NotApplicable(NO_ADDRESS)


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.OUTAGE)
def unavailable(web: Web) -> Iterator[Finding]:
    """The web processes answer, and their health check succeeds.

    Why: users cannot work, although the migrations are complete.
    Fix: read the log of the web process, and restart it.
    """
    _require_address(web)
    if web.failures:
        yield blocker(
            "login",
            f"The login page is not available: {web.failures[0]}.",
            fix="Start the web processes. If they run, read their log.",
            evidence=web.failures,
        )
    if web.health_failure:
        yield blocker(
            "health",
            f"The health check fails: {web.health_failure}.",
            fix="Open the page /health/, which names the part that fails.",
        )


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.OUTAGE)
def old_code(web: Web, target: Target) -> Iterator[Finding]:
    """All web processes run the installed release.

    Why: a web process that was not restarted runs the old code on the new schema, and answers with
        errors or writes wrong data.
    Fix: restart the web processes.
    """
    _require_address(web)
    if not web.releases:
        raise FactUnavailable("the login page states no release")
    for release in web.releases:
        if release != target.installed:
            yield blocker(
                release,
                f"A web process runs Nautobot {release}, but {target.installed} is installed.",
                fix="Restart all web processes. Behind a load balancer, on each host.",
                evidence=(f"{web.url} states {', '.join(web.releases)}",),
            )


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS)
def missing_static_files(web: Web) -> Iterator[Finding]:
    """The static files of the installed release are served.

    Why: without them, pages have no layout, and buttons do nothing.
    Fix: run `nautobot-server collectstatic`, and check that the web server serves `STATIC_ROOT`.
    """
    _require_address(web)
    if web.missing_static_files:
        yield warning(
            "static files",
            "Static files of the login page are not served.",
            fix="Run `nautobot-server collectstatic --no-input`, and check that the web server "
            "serves STATIC_ROOT.",
            evidence=web.missing_static_files,
        )
