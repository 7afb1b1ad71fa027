"""Rehearse an upgrade on a copy of the data, and build the report.

This process loads neither Django nor Nautobot, so the Job, ``nautobot-server`` and the command from
outside rehearse in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..app_settings import Configuration
from ..checks.findings import Acceptance, Severity
from ..checks.registry import checks_for_stage
from ..checks.runner import run_checks
from ..facts import Facts, Unavailable
from ..facts.rehearsal import NOT_COMPARED, Rehearsal, RehearsalRecord
from ..rehearsal.recorder import Recorder
from ..report import Report
from ..target.deadline import Deadline
from ..target.installation import Installation
from ..upgrade.installed_packages import list_packages
from .context import parse_check_options, require_catalog
from .outside import choose_supported_target
from .rehearsal_prediction import Prediction
from .rehearsal_reading import describe_load
from .rehearsal_request import RehearsalRequest, build_server_options
from .rehearsal_stages import RehearsalRun
from .report_builder import build_report


def rehearse(
    request: RehearsalRequest,
    installation: Installation,
    config: Configuration,
    progress: Callable[[str], None] = lambda activity: None,
) -> Report:
    """Upgrade a copy of the data, verify it, and roll it back.

    Args:
        request: The request of the operator.
        installation: The installation, as its own interpreter describes it.
        config: The settings of the App.
        progress: Called with what the rehearsal does.

    Returns:
        The report, including the stages that could not be carried out.

    Raises:
        UsageError: The request is invalid. Nothing was started.
    """
    catalog = require_catalog()
    target = choose_supported_target(request.run, installation, catalog)
    checks = (*checks_for_stage("rehearse"), *checks_for_stage("verify"))
    exclude, acceptances = parse_check_options(request.run, checks, target.version)
    server = build_server_options(request, config)
    recorder, load = Recorder(progress, Deadline(request.seconds)), describe_load()
    run = RehearsalRun(request, installation, config, target, catalog, exclude, server, recorder)
    run.carry_out()
    return _build(run, describe_rehearsal(run, load), acceptances)


def _build(run: RehearsalRun, rehearsal: Rehearsal, acceptances: tuple[Acceptance, ...]) -> Report:
    target, catalog, checks = run.target, run.catalog, checks_for_stage("rehearse")
    excluded = run.exclude & {check.id for check in checks}
    own = run_checks(Facts(), target, catalog, excluded, checks, rehearsal=rehearsal)
    report = build_report(
        (*own, *run.results),
        kind="rehearse",
        release=target.version,
        acceptances=acceptances,
        catalog=catalog,
        instance=run.config.label,
        current=f"Nautobot {target.installed}",
        target=f"Nautobot {target.version}",
        installed_version=target.installed,
        target_version=target.version,
    )
    seconds = {stage.name: stage.seconds for stage in rehearsal.stages}
    return replace(
        report,
        rehearsal_record=_build_record(run, rehearsal, report),
        changes=run.changes,
        rehearsal=rehearsal,
        seconds=sum(seconds.values()),
        stage_seconds=seconds,
    )


def _list_assumed_apps(installation: Installation) -> tuple[str, ...] | None:
    if installation.has_configuration:
        return None
    return tuple(app.module for app in installation.apps.enabled)


def _build_record(
    run: RehearsalRun, rehearsal: Rehearsal, report: Report
) -> RehearsalRecord | None:
    """Return what later runs use. None if the upgrade of the copy was not reached."""
    prediction: Prediction | Unavailable = run.recorder.get("prediction")
    forward = rehearsal.forward
    if isinstance(prediction, Unavailable) or isinstance(forward, Unavailable):
        return None
    return RehearsalRecord(
        report.instance,
        report.created.isoformat(timespec="seconds"),
        tuple(group.finding.message for group in report.unaccepted(Severity.BLOCKER)),
        list_packages(run.resolution, run.installation.packages),
        prediction.recorded,
        dict(prediction.row_counts),
        dict(prediction.violations),
        rehearsal,
    )


def describe_rehearsal(run: RehearsalRun, load: tuple[int, float]) -> Rehearsal:
    """Return what a run has shown so far.

    Args:
        run: The run. Its stages have ended.
        load: The number of cores, and the load of the host before the migrations.
    """
    get = run.recorder.get
    prediction: Prediction | Unavailable = get("prediction")
    planned, seconds, stops = (
        (prediction, None, ())
        if isinstance(prediction, Unavailable)
        else (prediction.migrations, prediction.seconds, prediction.stops)
    )
    return Rehearsal(
        run=run.key,
        target=run.target.version,
        stages=run.recorder.stages,
        planned=planned,
        copy=get("copy"),
        isolation=run.sandbox.isolation if "copy" in run.recorder.results else get("copy"),
        forward=get("upgrade"),
        restore=get("restore"),
        reverse=get("reverse"),
        comparison=run.recorder.results.get("comparison", NOT_COMPARED),
        pages=get("pages"),
        assumed_apps=_list_assumed_apps(run.installation),
        start_failure=run.start_failure,
        leftover=run.leftover,
        predicted_stops=stops,
        predicted_seconds=seconds,
        window_seconds=run.request.window_seconds,
        cores=load[0],
        load=load[1],
    )
