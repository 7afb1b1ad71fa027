"""Jobs, schedules and approvals that the upgrade would break or be broken by."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import Jobs, require
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import format_duration, nautobot_shell_command, plural, truncate_list

FROM_V2 = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/from-v2/"
)
SCHEDULING = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/platform-functionality/jobs/"
    "job-scheduling-and-approvals/"
)


@check(crosses="3.0")
def pending_approvals(jobs: Jobs) -> Iterator[Finding]:
    """No scheduled Job waits for an approval of the old kind.

    Why: extras.0126 aborts the upgrade as long as one schedule has `approval_required`, because 3.0
        replaces the mechanism by approval workflows.
    Fix: approve and run, or deny and delete, each of them in the installed release.
    """
    for name in require(jobs.awaiting_approval):
        yield Finding(
            severity=Severity.BLOCKER,
            subject=name,
            message=f"The scheduled Job '{name}' requires approval; migration extras.0126 will "
            "abort.",
            remediation="Under Jobs, Job Approvals: approve it and let it run, or deny and delete "
            "it. The command lists what is left, and ends in an error as long as there is any.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=("nautobot-server check_job_approval_status",),
            references=(FROM_V2,),
        )


@check(crosses="3.0")
def lost_approval_requirement(jobs: Jobs) -> Iterator[Finding]:
    """No Job relies on `approval_required` to be held back.

    Why: 3.0 removes the flag without replacement: a Job that needed a second pair of eyes runs at
        once for everybody who may run it.
    Fix: disable these Jobs before the upgrade and define an approval workflow for them afterwards.
    """
    gated = require(jobs.gated_by_approval)
    if gated:
        yield Finding(
            severity=Severity.WARNING,
            subject="extras_job",
            message=f"{plural(len(gated), 'Job')} held back by `approval_required` today, and by "
            "nothing on 3.x.",
            remediation="Disable them before the upgrade; afterwards create an Approval Workflow "
            "Definition and enable them again.",
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            evidence=truncate_list(gated),
            references=(FROM_V2,),
        )


@check()
def running(jobs: Jobs) -> Iterator[Finding]:
    """No Job is running or waiting.

    Why: a Job that runs while the schema changes under it fails half-way or writes by the old
        rules; one that was queued by old code may not be understood by new workers.
    Fix: stop beat, let running Jobs end, and stop the workers before `migrate`. A run whose worker
        died stays unfinished for ever: mark or delete it.
    """
    if jobs.running_count:
        yield Finding(
            severity=Severity.WARNING,
            subject="extras_jobresult",
            message=f"{plural(jobs.running_count, 'Job run')} not ended.",
            remediation="Wait for them to end before the window; delete the Job Result of a run "
            "that no worker is busy with.",
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
            evidence=truncate_list(
                tuple(
                    f"{run.name}: {run.status} for {format_duration(run.age_minutes)}, "
                    f"/extras/job-results/{run.id}/"
                    for run in jobs.running
                )
            ),
            references=(SCHEDULING,),
        )


@check(crosses="3.2")
def null_arguments(jobs: Jobs) -> Iterator[Finding]:
    """Every schedule has stored arguments.

    Why: the 3.2 scheduler refuses a schedule whose arguments are JSON null and stops running it.
    Fix: set them to an empty object.
    """
    for schedule in jobs.scheduled:
        if not schedule.has_kwargs:
            yield Finding(
                severity=Severity.WARNING,
                subject=schedule.name,
                message=f"The schedule '{schedule.name}' stores no arguments (null); Nautobot 3.2 "
                "will not run it.",
                remediation="Set its arguments to {}, or delete the schedule and create it anew.",
                phase=Phase.RUNTIME,
                impact=Impact.FEATURE_LOSS,
                commands=(
                    nautobot_shell_command(
                        "from nautobot.extras.models import ScheduledJob; "
                        f"ScheduledJob.objects.filter(name={schedule.name!r}).update(kwargs={{}})"
                    ),
                ),
                references=(SCHEDULING,),
            )


@check(stage="both")
def unrunnable_schedules(jobs: Jobs) -> Iterator[Finding]:
    """Every enabled schedule points at a Job that can run, for a user that exists.

    Why: a schedule without its Job or user fails at every turn, or is disabled by the upgrade, and
        nobody is told.
    Fix: enable or install the Job, or delete the schedule.
    """
    for schedule in jobs.scheduled:
        reasons = [
            reason
            for reason, wrong in (
                ("its Job is not installed", not schedule.job_installed),
                ("its Job is disabled", schedule.job_installed and not schedule.job_enabled),
                ("its user is gone", not schedule.has_user),
            )
            if wrong
        ]
        if reasons:
            yield Finding(
                severity=Severity.WARNING,
                subject=schedule.name,
                message=f"The schedule '{schedule.name}' ({schedule.interval}) cannot run: "
                f"{' and '.join(reasons)}.",
                remediation="Mend what is named, or delete the schedule before the upgrade.",
                phase=Phase.RUNTIME,
                impact=Impact.FEATURE_LOSS,
                evidence=(schedule.task,),
                references=(SCHEDULING,),
            )
