"""Plan a rollback of this installation, for the Job and the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib.metadata import version as installed_version

from django.db import Error as DatabaseError

from ..checks.registry import checks_for_stage
from ..collect.context import Context, attempt, explain
from ..collect.db.read_only_session import read_only_session
from ..collect.operations import reversal
from ..collect.rollback import changes_since
from ..collect.rollback.database_state import database_fingerprint
from ..common.errors import UsageError
from ..facts import Unavailable
from ..facts.backup_record import GivenBackup
from ..facts.changes_since import ChangesSince
from ..facts.reversal import Reversal
from ..migration_graph.reverse_plan import ReversePlan, plan_reverse
from ..report import Report
from ..rollback.record_check import choose_record
from .backup_argument import read_backup_argument
from .collection import collect
from .context import NO_BACKUP_GIVEN, BackupArgument, RunContext, RunRequest, resolve_request
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
    backup: BackupArgument = NO_BACKUP_GIVEN,
) -> Report:
    """Evaluate the options for a rollback to an earlier state, and what each option loses.

    Args:
        request: The request of the operator. If no snapshot is given, its target names the previous
            state: releases, or an App and one of its migrations.
        progress: Called with each topic before it is collected.
        given: A snapshot of the previous state.
        strategy: The option to plan. Empty for the recommended option.
        backup: The backup of the previous state.

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
    stored = read_backup_argument(backup, context.config.snapshot_timeout_seconds)
    reversed_data, since, state = _query_database(reverse_plan, prior.as_of, stored, context)
    timer("index")
    pinned = pin_previous_packages(facts, prior, context.config)
    evidence = RollbackEvidence(facts, reverse_plan, reversed_data, since, stored, pinned, state)
    timer.begin(CHECKS)
    return timer.add_to(assess_rollback(evidence, prior, context, strategy))


def _oldest_state(
    snapshot: datetime | None, backup: GivenBackup, reversed_data: Reversal | Unavailable
) -> datetime | None:
    """Return the time since which changes are lost. None if it is unknown.

    A dump that is older than the snapshot lacks the changes between them. A newer one has a newer
    change, or there was none since.
    """
    times = [snapshot, backup.dump.newest_change if backup.dump else None]
    if backup.description:
        began = "" if isinstance(reversed_data, Unavailable) else reversed_data.first_applied
        record = choose_record(backup.description, began)
        times.append(record.finished if record else None)
    return min((time for time in times if time), default=None)


def _query_database(
    reverse_plan: ReversePlan,
    snapshot: datetime | None,
    backup: GivenBackup,
    context: RunContext,
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
            as_of = _oldest_state(snapshot, backup, reversed_data)
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
