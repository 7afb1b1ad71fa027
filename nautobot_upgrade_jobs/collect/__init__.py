"""Reads the live system, one file for each topic; the only code that touches it.

Each module has the name of a topic in ``facts`` and one function, ``collect``, that returns the
facts of this topic or raises. What it raises becomes the reason why the topic is unavailable.
"""

from __future__ import annotations

import getpass
import importlib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseError

from ..facts import Facts, Unavailable
from ..facts.fingerprints import FingerprintDepth
from .db.read_only_session import read_only_session
from .support.redaction import configured_secrets, redact_text

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Context:
    """What collectors work with."""

    connection: BaseDatabaseWrapper
    own_job_result: str = ""
    """Primary key of the JobResult of the run that collects; empty outside a Job."""
    depth: FingerprintDepth = "content"
    """How closely the rows of each table are looked at."""
    imports_jobs: bool = False
    """Whether files of Jobs may be run: in a process that cannot touch anything live."""


def collect_facts(  # noqa: PLR0913 - all by name, each with its default
    *,
    statement_timeout_seconds: int = 30,
    database_alias: str = "default",
    own_job_result: str = "",
    topics: Collection[str] = Facts.topics(),
    depth: FingerprintDepth = "content",
    imports_jobs: bool = False,
    progress: Callable[[str], None] = lambda topic: None,
) -> Facts:
    """Collect the facts of the live installation in a read-only session.

    Args:
        statement_timeout_seconds: The database ends a query after this time.
        database_alias: The entry of ``DATABASES`` to read through.
        own_job_result: Primary key of the running JobResult, which is not somebody else's work.
        topics: What to collect.
        depth: How closely the rows of each table are looked at.
        imports_jobs: Whether files of Jobs may be run; not in a live process.
        progress: Called with the name of each topic before it is collected.

    Returns:
        The facts; a topic that could not be collected is ``Unavailable`` with the reason.
    """
    collected: dict[str, Any] = {}
    configured_secrets.cache_clear()
    try:
        with read_only_session(statement_timeout_seconds, database_alias) as connection:
            context = Context(connection, own_job_result, depth, imports_jobs)
            for topic in topics:
                progress(topic)
                collected[topic] = collect_topic(topic, context)
    except SoftTimeLimitExceeded:
        missing = Unavailable("the Job's soft time limit ended the run before this was collected")
        return Facts(**dict.fromkeys(topics, missing) | collected)
    except Exception as error:  # noqa: BLE001 - no session is a fact about every topic
        missing = Unavailable(f"no read-only database session: {explain(error)}")
        return Facts(**dict.fromkeys(topics, missing) | collected)
    return Facts(**collected)


def collect_topic(topic: str, context: Context) -> Any:
    """Collect one topic.

    Returns:
        Its facts, or ``Unavailable`` with what went wrong, free of secrets.
    """
    # A session that the server has ended during the topic before is replaced by a new one.
    context.connection.close_if_unusable_or_obsolete()
    try:
        return importlib.import_module(f".{topic}", __name__).collect(context)
    except SoftTimeLimitExceeded:
        raise  # ends the collection, not this topic alone
    except (Exception, SystemExit) as error:  # noqa: BLE001 - what it raises is a fact, too
        return Unavailable(explain(error))


def attempt(function: Callable[[], Any]) -> Any:
    """Return what the function returns, or why it could not, for one field of a topic.

    Only the database's own errors are taken for facts; a bug of ours still ends the topic.
    """
    try:
        return function()
    except DatabaseError as error:
        return Unavailable(explain(error))


def current_user() -> str:
    """Return the operating-system user; its number where it has no name, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def explain(error: BaseException) -> str:
    """Say in one line what went wrong, without any secret of this installation."""
    text = " ".join(str(error).split())
    return redact_text(f"{type(error).__name__}: {text}" if text else type(error).__name__)
