"""Jobs, schedules and approvals that the upgrade breaks, or that break the upgrade."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Jobs, require
from ...facts.jobs import ScheduledJob
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..references import UPGRADING_FROM_V2
from ..registry import check
from ..remediation import When, shell
from ..text import format_duration, nautobot_shell_command, plural, truncate_list

SCHEDULING = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/platform-functionality/jobs/"
    "job-scheduling-and-approvals/"
)


@check(crosses="3.0", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(UPGRADING_FROM_V2,))
def pending_approvals(jobs: Jobs) -> Iterator[Finding]:
    """No scheduled Job has `approval_required`.

    Why: extras.0126 stops the upgrade while any schedule has `approval_required`, because 3.0
        replaces it with approval workflows.
    Fix: in the installed release, deny each of them, or approve it and delete it after its run.
    """
    for name in require(jobs.awaiting_approval):
        yield blocker(
            name,
            f"The scheduled Job '{name}' has approval_required, so migration extras.0126 "
            "will fail.",
            fix="Open Jobs, Job Approval Queue, and approve or deny each request. Nautobot deletes "
            "the schedule of a denied request. Delete the schedule of an approved request after "
            "its run. Create repeating schedules again after the upgrade. The command lists the "
            "schedules that are left, and fails while any is left.",
            commands=(shell("nautobot-server check_job_approval_status"),),
            names=("approval_required", "extras.0126"),
        )


@check(crosses="3.0", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(UPGRADING_FROM_V2,))
def lost_approval_requirement(jobs: Jobs) -> Iterator[Finding]:
    """No Job relies on `approval_required`.

    Why: 3.0 ignores the flag and does not turn it into an approval workflow. A Job that required an
        approval then runs at once for every user who may run it.
    Fix: disable these Jobs before the upgrade and define an approval workflow for them afterwards.
    """
    gated = require(jobs.gated_by_approval)
    if gated:
        verb, pronoun = ("has", "it") if len(gated) == 1 else ("have", "them")
        yield warning(
            "extras_job",
            f"{plural(len(gated), 'Job')} {verb} `approval_required` set. Nautobot 3.x ignores "
            f"this setting and would run {pronoun} without an approval.",
            fix="Disable the listed Jobs. After the upgrade, create an Approval Workflow "
            "Definition for them, and enable them again.",
            evidence=truncate_list(gated),
            names=("approval_required",),
        )


@check(phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=(SCHEDULING,), when=When.WINDOW)
def running(jobs: Jobs) -> Iterator[Finding]:
    """No Job is running or waiting.

    Why: a Job that runs while the schema changes fails half-way, or writes data in the old
        format. New workers may not understand a Job that old code queued.
    Fix: stop beat, wait for running Jobs to end, and stop the workers before `migrate`. A run whose
        worker died never ends: delete its Job Result.
    """
    if jobs.running_count:
        verb = "has" if jobs.running_count == 1 else "have"
        yield warning(
            "extras_jobresult",
            f"{plural(jobs.running_count, 'Job run')} {verb} not ended.",
            fix="Before the maintenance window, wait until every run has ended. If no worker "
            "executes a run, delete its Job Result.",
            evidence=truncate_list(
                tuple(
                    f"{run.name}: {run.status} for {format_duration(run.age_minutes)}, "
                    f"/extras/job-results/{run.id}/"
                    for run in jobs.running
                )
            ),
        )


@check(crosses="3.2", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(SCHEDULING,))
def null_arguments(jobs: Jobs) -> Iterator[Finding]:
    """Every schedule has stored arguments.

    Why: the 3.2 scheduler refuses a schedule whose arguments are JSON null and stops running it.
    Fix: set them to an empty object.
    """
    for schedule in jobs.scheduled:
        if not schedule.has_kwargs:
            yield warning(
                schedule.name,
                f"The schedule '{schedule.name}' stores no arguments (null), and Nautobot 3.2 will "
                "not run it.",
                fix="Set the arguments of the schedule to {}. Or delete the schedule, and create "
                "it again.",
                commands=(
                    shell(
                        nautobot_shell_command(
                            "from nautobot.extras.models import ScheduledJob; ScheduledJob.objects"
                            f".filter(name={schedule.name!r}).update(kwargs={{}})"
                        )
                    ),
                ),
            )


@check(stage="both", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(SCHEDULING,))
def unrunnable_schedules(jobs: Jobs) -> Iterator[Finding]:
    """Every enabled schedule has a runnable Job and an existing user.

    Why: a schedule without its Job or user fails on every run, or the upgrade disables it. No
        message reports either.
    Fix: enable or install the Job, or delete the schedule.
    """
    for schedule in jobs.scheduled:
        if reasons := tuple(_unrunnable_reasons(schedule)):
            yield warning(
                schedule.name,
                f"The schedule '{schedule.name}' ({schedule.interval}) cannot run because "
                f"{' and '.join(reasons)}.",
                fix="Fix the cause, or delete the schedule before the upgrade.",
                evidence=(schedule.task,),
            )


def _unrunnable_reasons(schedule: ScheduledJob) -> Iterator[str]:
    if not schedule.job_installed:
        yield "its Job is not installed"
    elif not schedule.job_enabled:
        yield "its Job is disabled"
    if not schedule.has_user:
        yield "its user does not exist"
