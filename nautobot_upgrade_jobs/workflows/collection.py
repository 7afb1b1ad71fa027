"""Collect facts as a request and the App's settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..collect import collect_facts
from ..facts import Facts
from .context import RunContext


def collect(topics: Collection[str], context: RunContext, progress: Callable[[str], None]) -> Facts:
    """Collect facts of the live installation.

    Args:
        topics: Names of the topics.
        context: The validated request.
        progress: Called with each topic before it is collected.
    """
    return collect_facts(
        statement_timeout_seconds=context.config.statement_timeout_seconds,
        database_alias=context.config.database_alias,
        own_job_result=context.request.own_job_result,
        topics=topics,
        progress=progress,
    )
