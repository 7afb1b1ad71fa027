"""Celery workers and queues."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Workers
from .findings import Finding, Impact, Phase, Severity
from .registry import check
from .text import plural

SERVICES = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/guides/"
    "celery-queues/"
)


@check(when="always")
def answering(workers: Workers) -> Iterator[Finding]:
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
def empty_queues(workers: Workers) -> Iterator[Finding]:
    """No queue holds messages that nobody takes.

    Why: what old code queued, new workers will take: a message for a task that no longer exists, or
        with other arguments, is lost.
    Fix: stop beat and let the workers empty the queues before they are stopped.
    """
    for queue in workers.queues:
        if queue.waiting:
            yield Finding(
                severity=Severity.WARNING,
                subject=queue.name,
                message=f"{plural(queue.waiting, 'task')} waiting in the queue '{queue.name}'.",
                remediation="Start a worker for this queue and let it finish; purge only what you "
                "know to be obsolete.",
                phase=Phase.MIGRATE,
                impact=Impact.DATA_LOSS,
                commands=("nautobot-server celery inspect active_queues",),
                references=(SERVICES,),
            )
