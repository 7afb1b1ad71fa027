"""Read the live system, one module per topic. Apart from this package, only ``probes`` reads it.

Each topic of ``Facts`` has a module of the same name with one function, ``collect``, which returns
the topic's facts or raises. An exception becomes the reason why the topic is unavailable.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseError

from ..facts import Facts, Migrations, Unavailable
from ..facts.fingerprints import FingerprintDepth
from .context import Context, attempt, guard
from .db.read_only_session import read_only_session
from .support.redaction import configured_secrets
from .support.running_migration import find_running_migration

SOFT_TIME_LIMIT = Unavailable("the Job's soft time limit ended the run before this was collected")


def collect_facts(  # noqa: PLR0913 - all by name, each with its default
    *,
    statement_timeout_seconds: int = 30,
    database_alias: str = "default",
    own_job_result: str = "",
    topics: Collection[str] = Facts.topics(),
    depth: FingerprintDepth = "content",
    imports_jobs: bool = False,
    wait_seconds: int = 0,
    manifests: Path | None = None,
    progress: Callable[[str], None] = lambda topic: None,
) -> Facts:
    """Collect the facts of the live installation in a read-only session.

    Args:
        statement_timeout_seconds: The database ends a query after this time.
        database_alias: The entry of ``DATABASES`` to read through.
        own_job_result: Primary key of the running JobResult, which is not counted as a running Job.
        topics: Names of the topics to collect.
        depth: Depth of the table fingerprints.
        imports_jobs: Whether to import Job files. Never in a live process.
        wait_seconds: Longest time to wait for workers that are starting.
        manifests: Folder of rendered manifests.
        progress: Called with the name of each topic before it is collected.

    Returns:
        The facts. A topic that could not be collected is ``Unavailable`` with the reason.
    """
    collected: dict[str, Any] = {}
    missing = SOFT_TIME_LIMIT
    configured_secrets.cache_clear()
    with suppress(SoftTimeLimitExceeded):  # The topics collected so far are still reported.
        with (
            guard() as outcome,
            read_only_session(statement_timeout_seconds, database_alias) as connection,
        ):
            context = Context(
                connection, own_job_result, depth, imports_jobs, wait_seconds, manifests
            )
            for topic in topics:
                progress(topic)
                collected[topic] = collect_topic(topic, context)
            if isinstance(migrations := collected.get("migrations"), Migrations):
                with suppress(DatabaseError):
                    if reason := find_running_migration(connection, migrations):
                        collected["migrations"] = Unavailable(reason)
        if outcome.failure:
            missing = Unavailable(f"no read-only database session: {outcome.failure.reason}")
    return Facts(**dict.fromkeys(topics, missing) | collected)


def collect_topic(topic: str, context: Context) -> Any:
    """Collect one topic.

    Returns:
        The topic's facts, or ``Unavailable`` with the error. Secrets are removed from the error.
    """
    # The server may have ended the session during the previous topic. Then open a new session.
    context.connection.close_if_unusable_or_obsolete()
    return attempt(
        lambda: importlib.import_module(f".{topic}", __name__).collect(context),
        expected=(Exception, SystemExit),
    )
