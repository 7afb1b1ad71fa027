"""Plan a rollback of this installation, for the Job and the command."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path

from django.db import Error as DatabaseError

from ..app_settings import read_configuration
from ..checks.registry import checks_for_stage
from ..collect.context import Context, attempt, explain
from ..collect.db.read_only_session import read_only_session
from ..collect.operations import reversal
from ..collect.rollback import changes_since
from ..collect.rollback.backup_file import UnreadableBackupError, read_backup
from ..collect.rollback.database_state import database_fingerprint
from ..common.errors import ConfigurationError, UsageError
from ..facts import Unavailable
from ..facts.backup_file import Backup
from ..facts.changes_since import ChangesSince
from ..facts.reversal import Reversal
from ..migration_graph.reverse_plan import ReversePlan, plan_reverse
from ..report import Report
from .collection import collect
from .context import RunContext, RunRequest, resolve_request
from .rollback_assessment import RollbackEvidence, assess_rollback, require_option
from .rollback_destination import parse_rollback_target
from .rollback_packages import installed_packages, pin_previous_packages
from .rollback_target import NO_SNAPSHOT, SnapshotArgument
from .snapshot_origin import require_same_installation
from .stage_timer import CHECKS, StageTimer

INSTALLATION_TOPICS = ("migrations", "apps", "packages")
TOPICS = (
    "runtime",
    "deployment",
    "database",
    "tables",
    "schema",
    "expected_schema",
    "post_upgrade",
    "preconditions",
    "storage",
)


def plan_rollback(
    request: RunRequest,
    progress: Callable[[str], None] = lambda topic: None,
    *,
    given: SnapshotArgument = NO_SNAPSHOT,
    strategy: str = "",
    backup: Path | None = None,
) -> Report:
    """Evaluate the options for a rollback to an earlier state, and what each option loses.

    Args:
        request: The request of the operator. If no snapshot is given, its target names the previous
            state: releases, or an App and one of its migrations.
        progress: Called with each topic before it is collected.
        given: A snapshot of the previous state.
        strategy: The option to plan. Empty for the recommended option.
        backup: The dump of the previous state.

    Returns:
        The report, with the steps of the chosen option.

    Raises:
        UsageError: The request is invalid. At most migrations, Apps and packages were collected.
    """
    timer = StageTimer(progress)
    require_option(strategy)
    context = resolve_request(
        replace(request, target=installed_version("nautobot")), checks_for_stage("rollback")
    )
    installed = collect(INSTALLATION_TOPICS, context, timer)
    migrations = installed.migrations
    if isinstance(migrations, Unavailable):
        raise UsageError(f"No rollback can be planned without migrations: {migrations.reason}")
    require_same_installation(given)
    prior = parse_rollback_target(
        request.target, given, migrations, context, installed_packages(installed, context.config)
    )
    facts = replace(
        collect(TOPICS, context, timer), migrations=migrations, packages=installed.packages
    )
    reverse_plan = plan_reverse(migrations, prior.recorded)
    timer("reversal")
    dump = _read_backup(backup, context)
    as_of = _oldest_state(prior.as_of, dump)
    reversed_data, since, state = _query_database(reverse_plan, as_of, context)
    timer("index")
    pinned = pin_previous_packages(facts, prior, context.config)
    evidence = RollbackEvidence(facts, reverse_plan, reversed_data, since, dump, pinned, state)
    timer.begin(CHECKS)
    return timer.add_to(assess_rollback(evidence, prior, context, strategy))


def find_backup(name: str) -> Path:
    """Return the path of a backup that a form names.

    Raises:
        UsageError: There is no folder of backups, or no such file in it.
    """
    try:
        directory = read_configuration().backup_directory
    except ConfigurationError as error:
        raise UsageError(str(error)) from None
    if not directory:
        raise UsageError("'Backup': the setting backup_directory names no folder of backups.")
    folder = Path(directory).resolve()
    with suppress(OSError, ValueError):  # A name that no file can have.
        path = (folder / name).resolve()
        if folder in path.parents and path.exists():
            return path
    raise UsageError(f"'Backup': the folder of backup_directory contains no {name[:100]!r}.")


def _oldest_state(snapshot: datetime | None, dump: Backup | None) -> datetime | None:
    """Return the time since which changes are lost. None if it is unknown.

    A dump that is older than the snapshot lacks the changes between them. A newer one has a newer
    change, or there was none since.
    """
    times = [snapshot, dump.newest_change if dump else None]
    return min((time for time in times if time), default=None)


def _query_database(
    reverse_plan: ReversePlan, as_of: datetime | None, context: RunContext
) -> tuple[Reversal | Unavailable, ChangesSince | Unavailable, str]:
    """Query the rows, and the fingerprint by which the script recognizes this database."""
    reversed_data: Reversal | Unavailable = Unavailable("not queried")
    since: ChangesSince | Unavailable = Unavailable("the time of the backup is unknown")
    known_code = () if isinstance(context.catalog, Unavailable) else context.catalog.known_reversals
    try:
        with read_only_session(
            context.config.snapshot_timeout_seconds, context.config.database_alias
        ) as connection:
            connected = Context(connection)
            reversed_data = attempt(
                partial(reversal.collect, connected, reverse_plan.migrations, known_code),
                expected=Exception,
            )
            if as_of:
                window = (
                    None
                    if isinstance(reversed_data, Unavailable)
                    else reversed_data.applied_between
                )
                since = attempt(
                    partial(changes_since.collect, connected, as_of, window),
                    expected=Exception,
                )
            state = database_fingerprint(connected)
    except DatabaseError as error:
        return Unavailable(explain(error)), Unavailable(explain(error)), ""
    return reversed_data, since, state


def _read_backup(path: Path | None, context: RunContext) -> Backup | None:
    try:
        return read_backup(path, context.config.snapshot_timeout_seconds) if path else None
    except UnreadableBackupError as error:
        raise UsageError(f"--backup {error}") from None
