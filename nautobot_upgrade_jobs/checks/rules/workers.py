"""Celery workers and queues."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import FactUnavailable, Workers, require
from ...facts.workers import Worker, WorkerIdentity
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check
from ..text import format_duration, plural, truncate_list

SERVICES = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/guides/"
    "celery-queues/"
)


@check(stage="both")
def none_responding(workers: Workers) -> Iterator[Finding]:
    """At least one worker answers.

    Why: without one no Job runs, so nothing that follows the upgrade (syncs, caches, clean-ups)
        does; a worker that does not answer cannot be told to stop before the migration either.
    Fix: start the worker service, or find out why it does not reach the broker.
    """
    if not workers.workers:
        yield Finding(
            severity=Severity.WARNING,
            subject="celery",
            message="No Celery worker answered.",
            remediation="Start the worker and make sure that it uses the same Redis.",
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            commands=("nautobot-server celery inspect ping",),
            references=(SERVICES,),
        )


@check()
def stuck_messages(workers: Workers) -> Iterator[Finding]:
    """No queue holds messages that nobody takes.

    Why: what old code queued, new workers will take: a message for a task that no longer exists, or
        with other arguments, is lost.
    Fix: stop beat and let the workers empty the queues before they are stopped.
    """
    for queue in workers.queues:
        if queue.message_count:
            yield Finding(
                severity=Severity.WARNING,
                subject=queue.name,
                message=(
                    f"{plural(queue.message_count, 'task')} waiting in the queue '{queue.name}'."
                ),
                remediation=(
                    "Start a worker for this queue and let it finish; purge only what you "
                    "know to be obsolete."
                ),
                phase=Phase.MIGRATE,
                impact=Impact.DATA_LOSS,
                commands=("nautobot-server celery inspect active_queues",),
                references=(SERVICES,),
            )


@check(stage="verify")
def stale_code(workers: Workers) -> Iterator[Finding]:
    """Every worker runs the code that is installed, the same on every host.

    Why: a worker keeps running what it loaded at its start. After an upgrade it then reads and
        writes the new schema by the old rules, and does not know the new Jobs.
    Fix: install the same packages on every host, and restart every worker.
    """
    here = workers.this_process
    silent = [one.name for one in workers.workers if one.identity is None]
    if here is None or silent:
        raise FactUnavailable(
            f"{', '.join(silent) or 'this process'} cannot say which code it runs: install and "
            "enable this App there, and restart it"
        )
    for worker in workers.workers:
        if worker.identity is not None:
            yield from _check_worker_code(worker, worker.identity, here)


def _check_worker_code(
    worker: Worker, identity: WorkerIdentity, here: WorkerIdentity
) -> Iterator[Finding]:
    queues = ", ".join(worker.queues)
    if identity.on_disk_digest != here.on_disk_digest:
        yield _build_stale_code_finding(
            worker.name,
            f"On {identity.host}, where {worker.name} takes from {queues}, other code is "
            "installed than here.",
            f"Install on {identity.host} exactly what is installed on {here.host}, and restart "
            "the worker.",
            (
                f"installed here: {_format_versions(here)}",
                f"loaded there: {_format_versions(identity)}",
            ),
        )
    elif (
        identity.loaded_digest != identity.on_disk_digest
        or identity.started_at < identity.installed_at
    ):
        yield _build_stale_code_finding(
            worker.name,
            f"{worker.name} on {identity.host}, which takes from {queues}, was started before "
            "the packages were installed.",
            "Restart the worker.",
            (
                f"started {identity.started_at}, installed {identity.installed_at}",
                f"loaded: {_format_versions(identity)}",
            ),
        )


def _format_versions(identity: WorkerIdentity) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(identity.versions.items()))


def _build_stale_code_finding(
    subject: str, message: str, remediation: str, evidence: tuple[str, ...]
) -> Finding:
    return Finding(
        severity=Severity.BLOCKER,
        subject=subject,
        message=message,
        remediation=remediation,
        phase=Phase.RUNTIME,
        impact=Impact.DATA_LOSS,
        commands=("sudo systemctl restart nautobot-worker",),
        evidence=evidence,
        references=(SERVICES,),
    )


@check(stage="verify")
def default_queue_unserved(workers: Workers) -> Iterator[Finding]:
    """Some worker takes from the default queue.

    Why: most Jobs are put there; they would wait for ever, and nobody is told.
    Fix: start a worker for it, or name it in the options of one that runs.
    """
    name = workers.default_queue
    if workers.workers and not any(name in one.queues for one in workers.workers):
        yield Finding(
            severity=Severity.WARNING,
            subject=name,
            message=f"No worker takes from the default queue '{name}'.",
            remediation="Start a worker for it.",
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            commands=(f"nautobot-server celery worker --queues {name}",),
            evidence=tuple(f"{one.name}: {', '.join(one.queues)}" for one in workers.workers),
            references=(SERVICES,),
        )


HEARTBEAT_TIMEOUT_SECONDS = 120
"""Beat touches its file at every tick; it sleeps five seconds at most, unless it was told to."""
ORPHANED_HEARTBEAT_SECONDS = 86_400
"""A file that is older was left by a beat that runs on another host by now."""
GRACE_MINUTES = 10


@check(stage="verify")
def beat_not_running(workers: Workers) -> Iterator[Finding]:
    """Beat runs: its heartbeat is fresh, and no schedule is overdue.

    Why: without it no scheduled Job runs: no backup of configurations, no synchronisation, no
        clean-up; it is the service that is forgotten most often after an upgrade.
    Fix: start it.
    """
    if workers.beat is None:
        raise NotApplicable("there is nothing to tell beat by")
    age = workers.beat.heartbeat_age_seconds
    if age is not None and age > ORPHANED_HEARTBEAT_SECONDS:
        age = None
    late = {
        name: minutes
        for name, minutes in require(workers.beat.overdue).items()
        if minutes >= GRACE_MINUTES
    }
    stopped = age is not None and age > HEARTBEAT_TIMEOUT_SECONDS
    if age is not None and not stopped:
        return  # it runs; what is late then is late for another reason
    if stopped or late:
        yield Finding(
            severity=Severity.WARNING,
            subject="beat",
            message="Beat seems not to run: "
            + (f"its heartbeat is {format_duration((age or 0) // 60)} old" if stopped else "")
            + (" and " if stopped and late else "")
            + (f"{plural(len(late), 'schedule')} should have been started" if late else "")
            + ".",
            remediation="Start the scheduler service.",
            phase=Phase.RUNTIME,
            impact=Impact.FEATURE_LOSS,
            commands=("sudo systemctl restart nautobot-scheduler",),
            evidence=truncate_list(
                tuple(f"{name}: {format_duration(minutes)} late" for name, minutes in late.items())
            ),
            references=(SERVICES,),
        )
