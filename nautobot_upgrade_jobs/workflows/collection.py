"""Collect facts as a request and the App's settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from django.db import Error as DatabaseError

from ..app_settings import Configuration
from ..collect import collect_facts
from ..collect.context import Context, explain
from ..collect.db.read_only_session import PooledConnectionError, read_only_session
from ..collect.rollback.database_state import database_fingerprint
from ..collect.support.site_facts import collect_site_facts
from ..common.errors import UsageError
from ..facts import Facts
from .context import RunContext


def read_database_state(
    config: Configuration, fingerprint: Callable[[Context], str] = database_fingerprint
) -> str:
    """Return the line by which a script recognizes this database.

    Args:
        config: The settings of the App.
        fingerprint: Reads the line.

    Raises:
        UsageError: The database cannot be read.
    """
    try:
        with read_only_session(config.statement_timeout_seconds, config.database_alias) as session:
            return fingerprint(Context(session))
    except (DatabaseError, PooledConnectionError) as error:
        raise UsageError(f"the database cannot be read: {explain(error)}") from None


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
        manifests=Path(context.request.manifests) if context.request.manifests else None,
        progress=progress,
    )


def collect_site(context: RunContext) -> Mapping[type, Any]:
    """Collect what the checks of other packages read, by type."""
    config = context.config
    return collect_site_facts(config.statement_timeout_seconds, config.database_alias)
