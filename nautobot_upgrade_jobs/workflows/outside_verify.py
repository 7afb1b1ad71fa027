"""Run Verify Migrations from outside: for a container without this App, or from another host.

The installation's own interpreter starts Nautobot in the isolation of a trial boot, which reads the
database. What concerns workers, web processes and files is not checked.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone

from packaging.version import Version

from .. import MINIMUM_NAUTOBOT
from ..catalog import Catalog
from ..catalog.target_release import choose_target
from ..checks.findings import Acceptance, CheckResult
from ..checks.registry import checks_for_stage
from ..checks.runner import run_checks
from ..common.errors import UsageError
from ..facts import Facts
from ..report import Report
from ..snapshot.compare import Change
from ..snapshot.file_format import Snapshot
from ..target.installation import Installation
from .compare import evaluate_changes, format_timestamp
from .context import RunRequest, parse_check_options, require_catalog
from .outside_installed import COMPARED_TOPICS, read_installed
from .report_builder import build_report
from .scored_prediction import add_score, require_prediction_of
from .snapshot_key import require_same_key
from .stage_timer import CHECKS, StageTimer

VERIFIED_TOPICS = (
    *("database", "tables", "migrations", "system_checks", "schema", "expected_schema"),
    *("extensions", "postconditions", "preconditions"),
)


def verify_outside(
    request: RunRequest,
    installation: Installation,
    progress: Callable[[str], None] = lambda topic: None,
    *,
    before: Snapshot | None = None,
) -> Report:
    """Check from outside that the upgrade to the installed release is complete and correct.

    Args:
        request: The checks to exclude, and the findings to accept.
        installation: The installation, as its own interpreter describes it.
        progress: Called with each stage before it begins.
        before: The state before the upgrade, to report what was lost since then.

    Returns:
        The report. What cannot be known from outside counts as not checked.

    Raises:
        UsageError: The request is invalid, or the release is too old. Nothing was started.
    """
    release, catalog = installation.release, require_catalog()
    if Version(release) < Version(MINIMUM_NAUTOBOT):
        raise UsageError(
            f"--config: Nautobot {release} is installed, and Verify supports {MINIMUM_NAUTOBOT} "
            "and newer. Verify the last stop of the upgrade, with the snapshot of this release."
        )
    require_prediction_of(request.predicted, release)
    run, acceptances = _parse_request(request, release, catalog)
    timer = StageTimer(progress)
    topics = (*VERIFIED_TOPICS, *(COMPARED_TOPICS if before else ()))
    facts = read_installed(installation, topics, timer)
    timer.begin(CHECKS)
    since, changes = _compare_with(before, facts, catalog) if before else ((), ())
    report = build_report(
        (*run(facts), *since),
        kind="verify",
        release=release,
        acceptances=acceptances,
        catalog=catalog,
        instance=platform.node(),
        current=f"Nautobot {release}",
        target=f"Nautobot {release}",
        installed_version=release,
        target_version=release,
    )
    baseline = f"{before.instance}, {format_timestamp(before)}" if before else ""
    report = replace(report, baseline=baseline, changes=changes)
    return timer.add_to(add_score(report, request.predicted, facts, None))


def _parse_request(
    request: RunRequest, release: str, catalog: Catalog
) -> tuple[Callable[[Facts], tuple[CheckResult, ...]], tuple[Acceptance, ...]]:
    """Return a function that runs the requested checks, and the acceptances."""
    checks = checks_for_stage("verify")
    exclude, acceptances = parse_check_options(request, checks, release)
    target = choose_target(catalog, release, release)
    return (
        lambda facts: run_checks(facts, target, catalog, exclude, checks),
        acceptances,
    )


def _compare_with(
    before: Snapshot, facts: Facts, catalog: Catalog
) -> tuple[tuple[CheckResult, ...], tuple[Change, ...]]:
    require_same_key(before, facts)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return evaluate_changes(before, Snapshot(platform.node(), now, before.tool, facts), catalog)
