"""Celery workers, queues and beat."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...catalog.target_release import Target
from ...facts import FactUnavailable, Unavailable, Workers, require
from ...facts.workers import Worker, WorkerIdentity
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..registry import NotApplicable, check
from ..remediation import When, shell
from ..text import format_duration, plural, truncate_list

CELERY_QUEUES = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/guides/"
    "celery-queues/"
)
HEARTBEAT_TIMEOUT_SECONDS = 120
"""Beat touches its file at every tick. Between ticks it sleeps five seconds at most by default."""
ORPHANED_HEARTBEAT_SECONDS = 86_400
"""An older file is orphaned: beat now runs on another host."""
GRACE_MINUTES = 10
IMAGE_RELEASE = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")


@check(stage="both", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(CELERY_QUEUES,))
def none_responding(workers: Workers) -> Iterator[Finding]:
    """At least one worker responds.

    Why: a Job needs a worker, including the Jobs that run after the upgrade, such as syncs and
        clean-ups. A worker that does not respond may still be running, and it cannot be stopped
        cleanly.
    Fix: start the worker service, or find out why it does not reach the broker.
    """
    if not workers.workers:
        yield warning(
            "celery",
            "No Celery worker responded.",
            fix="Start the worker, and make sure that it uses the same Redis as the web service.",
            commands=(shell("nautobot-server celery inspect ping"),),
        )


@check(phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=(CELERY_QUEUES,), when=When.WINDOW)
def stuck_messages(workers: Workers) -> Iterator[Finding]:
    """No queue holds waiting messages.

    Why: new workers take the messages that old code queued. A message for a task that no longer
        exists, or has other arguments, is lost.
    Fix: stop beat and let the workers empty the queues before you stop them.
    """
    known_first = sorted(
        workers.queues, key=lambda queue: isinstance(queue.message_count, Unavailable)
    )
    for queue in known_first:
        if count := require(queue.message_count):
            yield warning(
                queue.name,
                f"{plural(count, 'task')} {'is' if count == 1 else 'are'} waiting in the queue"
                f" '{queue.name}'.",
                fix="With the command, check that a worker serves this queue. Stop beat. Wait "
                "until the workers have completed all tasks of the queue. Then stop the workers. "
                "Purge the queue only if all its tasks are obsolete.",
                commands=(shell("nautobot-server celery inspect active_queues"),),
            )


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.DATA_LOSS, see=(CELERY_QUEUES,))
def stale_code(workers: Workers) -> Iterator[Finding]:
    """Every worker runs the installed code, which is the same on every host.

    Why: a worker runs the code that it loaded when it started. After an upgrade, it reads and
        writes the new schema by the old rules, and does not know the new Jobs.
    Fix: install the same packages on every host, and restart every worker.
    """
    here = workers.this_process
    unidentified = [worker.name for worker in workers.workers if worker.identity is None]
    for worker in workers.workers:
        if here is not None and worker.identity is not None:
            yield from _check_worker_code(worker, worker.identity, here)
    if not workers.workers:
        raise FactUnavailable("no worker responded")
    if here is None or unidentified:
        raise FactUnavailable(
            f"{', '.join(unidentified) or 'this process'} does not report which code it runs."
            " Install and enable this App there, and restart it"
        )


def _check_worker_code(
    worker: Worker, identity: WorkerIdentity, here: WorkerIdentity
) -> Iterator[Finding]:
    queues = ", ".join(worker.queues)
    restart = (shell("sudo systemctl restart nautobot-worker"),)
    if identity.on_disk_digest != here.on_disk_digest:
        yield blocker(
            worker.name,
            f"The code of the worker {worker.name} on the host '{identity.host}' differs from the"
            f" code of this environment. The worker serves the queues: {queues}.",
            fix=f"Decide which environment has the right packages: this one on '{here.host}', or "
            f"that of {worker.name}. Install them in the other one. Then restart the worker.",
            commands=restart,
            evidence=(
                f"installed here: {_format_versions(here)}",
                f"loaded there: {_format_versions(identity)}",
            ),
        )
    elif (
        identity.loaded_digest != identity.on_disk_digest
        or identity.started_at < identity.installed_at
    ):
        yield blocker(
            worker.name,
            f"The worker {worker.name} on the host '{identity.host}' was started before the"
            f" packages were installed. It serves the queues: {queues}.",
            fix="Restart the worker.",
            commands=restart,
            evidence=(
                f"started {identity.started_at}, installed {identity.installed_at}",
                f"loaded: {_format_versions(identity)}",
            ),
        )


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.UNKNOWN, see=(CELERY_QUEUES,))
def not_responding(workers: Workers) -> Iterator[Finding]:
    """Every worker that listens for control messages responds.

    Why: the code of a worker that does not respond was not checked. The worker is busy or hangs, or
        it ended without signing off from the broker.
    Fix: find the worker, and restart it or wait until it responds.
    """
    if workers.workers and workers.silent_workers:
        count = workers.silent_workers
        yield warning(
            "celery",
            f"{plural(count, 'worker')} that the broker lists did not respond, so "
            f"{'its' if count == 1 else 'their'} code was not checked.",
            fix="Compare the workers that respond with those that should run. Restart a worker "
            "that does not respond. If all that should run respond, do nothing: the missing worker "
            "was killed, and the broker still lists it.",
            commands=(shell("nautobot-server celery inspect ping --timeout 10"),),
            evidence=tuple(f"responded: {worker.name}" for worker in workers.workers),
        )


def _format_versions(identity: WorkerIdentity) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(identity.versions.items()))


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(CELERY_QUEUES,))
def default_queue_unserved(workers: Workers) -> Iterator[Finding]:
    """At least one worker serves the default queue.

    Why: most Jobs are put into this queue. Without a worker they wait forever, and no error is
        reported.
    Fix: start a worker for the queue, or add the queue to the options of a running worker.
    """
    name = workers.default_queue
    if workers.workers and not any(name in worker.queues for worker in workers.workers):
        yield warning(
            name,
            f"No worker serves the default queue '{name}'.",
            fix="Start a worker for it.",
            commands=(shell("nautobot-server celery worker --queues {}", name),),
            evidence=tuple(
                f"{worker.name}: {', '.join(worker.queues)}" for worker in workers.workers
            ),
        )


@check(stage="verify", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(CELERY_QUEUES,))
def beat_not_running(workers: Workers) -> Iterator[Finding]:
    """Beat runs: its heartbeat is recent, and no schedule is overdue.

    Why: without beat no scheduled Job runs, such as configuration backups, synchronisation and
        clean-ups. It is the service that is most often forgotten after an upgrade.
    Fix: start beat.
    """
    if workers.beat is None:
        raise NotApplicable("beat leaves no heartbeat and no schedules to check")
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
        return  # Beat runs, so a late schedule has another cause.
    if stopped or late:
        signs = [f"its heartbeat is {format_duration((age or 0) // 60)} old"] * stopped
        if late:
            signs.append(
                f"{plural(len(late), 'schedule')} {'is' if len(late) == 1 else 'are'} late"
            )
        yield warning(
            "beat",
            f"Beat does not seem to run, because {' and '.join(signs)}.",
            fix="Start the scheduler service.",
            commands=(shell("sudo systemctl restart nautobot-scheduler"),),
            evidence=truncate_list(
                tuple(f"{name}: {format_duration(minutes)} late" for name, minutes in late.items())
            ),
        )


@check(stage="both", phase=Phase.RUNTIME, impact=Impact.OUTAGE)
def kubernetes_job_image(workers: Workers, target: Target) -> Iterator[Finding]:
    """The pods of Kubernetes queues run the release of the database.

    Why: the image of these pods is part of the settings, not of the release of the chart. After an
        upgrade, their Jobs run the old code on the new schema.
    Fix: name the image of the installed release in `KUBERNETES_JOB_MANIFEST`.
    """
    kubernetes = workers.kubernetes
    if kubernetes is None:
        raise NotApplicable("no queue is of the type kubernetes")
    if not kubernetes.image:
        raise NotApplicable("no manifest of Jobs is configured, so none of them can run in a pod")
    queues = ", ".join(kubernetes.names)
    stated = IMAGE_RELEASE.search(kubernetes.image.rpartition(":")[2])
    if target.version != target.installed:
        yield warning(
            "image",
            f"Jobs of {queues} run in the image {kubernetes.image}, "
            "which the upgrade of Nautobot does not change.",
            fix=f"With the upgrade, name an image of {target.version} in KUBERNETES_JOB_MANIFEST.",
            when=When.WINDOW,
        )
    elif stated is None:
        raise FactUnavailable(f"the image {kubernetes.image} states no release")
    elif stated[0] != target.installed:
        yield blocker(
            "image",
            f"Jobs of {queues} run Nautobot {stated[0]}, but {target.installed} is installed.",
            fix=f"Name an image of {target.installed} in KUBERNETES_JOB_MANIFEST, and restart web, "
            "workers and beat.",
            evidence=(f"KUBERNETES_JOB_MANIFEST: {kubernetes.image}",),
        )
