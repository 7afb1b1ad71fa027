"""Rollback Planner on a live installation: what the Job and the command share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseError

from ..app_settings import UsageError
from ..checks.registry import checks_for_stage
from ..collect import Context, collect_facts, explain
from ..collect.db.read_only_session import read_only_session
from ..collect.operations import reversal
from ..collect.rollback import changes_since as written
from ..collect.rollback.backup_file import UnreadableBackupError
from ..collect.rollback.backup_file import read_backup as read_backup
from ..collect.rollback.database_state import database_fingerprint
from ..facts import Facts, Unavailable
from ..facts.backup_file import Backup
from ..facts.changes_since import ChangesSince
from ..facts.reversal import Reversal
from ..migration_graph.reverse_plan import WayBack, way_back
from ..report import Report
from .context import RunContext, RunRequest, resolve_request
from .rollback_assessment import RollbackEvidence, assess_rollback, require_option
from .rollback_destination import (
    NO_SNAPSHOT,
    RollbackTarget,
    SnapshotArgument,
    parse_rollback_target,
)
from .rollback_packages import installed_packages, pin_previous_packages

T = TypeVar("T")
INSTALLATION_TOPICS = ("migrations", "apps", "packages")
TOPICS = (
    "runtime",
    "database",
    "tables",
    "schema",
    "expected_schema",
    "post_upgrade",
    "preconditions",
)


def plan_rollback(
    request: RunRequest,
    progress: Callable[[str], None] = lambda topic: None,
    *,
    given: SnapshotArgument = NO_SNAPSHOT,
    way: str = "",
    backup: Path | None = None,
) -> Report:
    """Find the ways back to an earlier state, and what each of them loses.

    Args:
        request: Its target names the state to go back to, unless a snapshot does: a release, or an
            App and a migration of it.
        progress: Called with each topic before it is collected.
        given: A snapshot of the state to go back to.
        way: The way to take; the one that is advised if empty.
        backup: The file that is said to be the backup of that state.

    Returns:
        The report, with the steps of the way.

    Raises:
        UsageError: The request makes no sense; nothing but migrations has been collected.
    """
    started = time.monotonic()
    require_option(way)
    asked = resolve_request(
        replace(request, target=installed_version("nautobot")), checks_for_stage("rollback")
    )
    collected = partial(_collect_facts, request, asked, progress)
    installed = collected(INSTALLATION_TOPICS)
    migrations = installed.migrations
    if isinstance(migrations, Unavailable):
        raise UsageError(f"No way back without the migrations: {migrations.reason}")
    to = parse_rollback_target(
        request.target, given, migrations, asked, installed_packages(installed, asked.config)
    )
    facts = replace(collected(TOPICS), migrations=migrations, packages=installed.packages)
    back = way_back(migrations, to.recorded)
    progress("reversal")
    undoing, since, state = _query_database(back, to, asked)
    progress("index")
    frozen = pin_previous_packages(facts, to, asked.config)
    seen = RollbackEvidence(facts, back, undoing, since, _read_backup(backup, asked), frozen, state)
    return replace(assess_rollback(seen, to, asked, way), seconds=time.monotonic() - started)


def _collect_facts(
    request: RunRequest,
    asked: RunContext,
    progress: Callable[[str], None],
    topics: tuple[str, ...],
) -> Facts:
    return collect_facts(
        statement_timeout_seconds=asked.config.statement_timeout_seconds,
        database_alias=asked.config.database_alias,
        own_job_result=request.own_job_result,
        topics=topics,
        progress=progress,
    )


def _query_database(
    back: WayBack, to: RollbackTarget, asked: RunContext
) -> tuple[Reversal | Unavailable, ChangesSince | Unavailable, str]:
    """Ask the rows; and what a script can tell this database by, empty if there is none to ask."""
    undoing: Reversal | Unavailable = Unavailable("nobody has looked")
    since: ChangesSince | Unavailable = Unavailable("nobody knows when the backup was made")
    known_code = () if isinstance(asked.catalog, Unavailable) else asked.catalog.known_reversals
    try:
        with read_only_session(
            asked.config.snapshot_timeout_seconds, asked.config.database_alias
        ) as connection:
            context = Context(connection)
            undoing = _attempt(partial(reversal.collect, context, back.undoes, known_code))
            if to.as_of:
                took = None if isinstance(undoing, Unavailable) else undoing.applied_between
                since = _attempt(partial(written.collect, context, to.as_of, took))
            state = database_fingerprint(context)
    except DatabaseError as error:
        return Unavailable(explain(error)), Unavailable(explain(error)), ""
    return undoing, since, state


def _attempt(look: Callable[[], T]) -> T | Unavailable:
    """Return what was found, or why it could not be: migrations are code of others."""
    try:
        return look()
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - told in the report
        return Unavailable(explain(error))


def _read_backup(path: Path | None, asked: RunContext) -> Backup | None:
    try:
        return read_backup(path, asked.config.snapshot_timeout_seconds) if path else None
    except UnreadableBackupError as error:
        raise UsageError(f"--backup {error}") from None
