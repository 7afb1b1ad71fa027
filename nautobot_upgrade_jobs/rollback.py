"""Rollback Planner from request to report: the line that the Job and the command share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, TypeVar, get_args

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseError

from .checks.findings import CheckResult, Severity
from .checks.registry import checks_for
from .checks.runner import judge
from .collect import Context, collect_facts, explain, reversal, written
from .collect.backup import NoBackupError
from .collect.backup import read as read_backup
from .collect.session import read_only_session
from .collect.state import state_of
from .configuration import UsageError
from .destination import NO_SNAPSHOT, Destination, Given, destination
from .facts import Facts, Unavailable, known
from .facts.backup import Backup
from .facts.reversal import Reversal
from .facts.written import Written
from .plan.backup import NO_BACKUP, prove
from .plan.diagnosis import Diagnosis, diagnose
from .plan.history import History
from .plan.progress import Progress, begun
from .plan.reverse import WayBack, way_back
from .plan.runbook import Step
from .plan.structure import live_tables
from .plan.way_steps import Return, requirements_of, steps_of
from .plan.ways import Choice, Kind, Situation, recommended, ways
from .report import Report
from .reporting import report_on
from .request import Request, Understood, understand

T = TypeVar("T")
TOPICS = (
    "runtime",
    "database",
    "packages",
    "tables",
    "schema",
    "models",
    "aftercare",
    "demands",
)
LOSE_ROWS = ("django_session", "extras_jobresult", "extras_joblogentry", "extras_fileproxy")
"""Tables from which Nautobot and its users remove rows every day."""
WAYS: tuple[str, ...] = get_args(Kind)


def plan_rollback(
    request: Request,
    progress: Callable[[str], None] = lambda topic: None,
    *,
    given: Given = NO_SNAPSHOT,
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
    if way and way not in WAYS:
        raise UsageError(f"No such way: {way[:40]}. Known: {', '.join(WAYS)}.")
    checks = checks_for("back")
    asked = understand(replace(request, target=installed_version("nautobot")), checks)
    collected = partial(_collected, request, asked, progress)
    migrations = collected(("migrations",)).migrations
    if isinstance(migrations, Unavailable):
        raise UsageError(f"No way back without the migrations: {migrations.reason}")
    to = destination(request.target, given, migrations, asked)
    facts = replace(collected(TOPICS), migrations=migrations)
    back = way_back(migrations, to.recorded)
    progress("reversal")
    choice = _choose(_situation(facts, back, to, asked), way, given, _read(backup, asked))
    results = judge(facts, asked.target, asked.catalog, asked.exclude, checks, choice=choice)
    return _report(
        results,
        asked,
        target=to.label,
        choice=choice,
        steps=_steps(choice.chosen.kind, facts, back, to),
        constraints=requirements_of(to.packages),
        state=_state(asked),
        seconds=time.monotonic() - started,
    )


def _report(results: tuple[CheckResult, ...], asked: Understood, **stated: Any) -> Report:
    return report_on(
        results,
        kind="rollback",
        release=asked.target.version,
        acceptances=asked.acceptances,
        catalog=asked.catalog,
        instance=asked.config.label,
        current=f"Nautobot {asked.target.installed}",
        migrations=None,
        **stated,
    )


def _collected(
    request: Request,
    asked: Understood,
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


def _situation(facts: Facts, back: WayBack, to: Destination, asked: Understood) -> Situation:
    """Look at what the ways would do; what cannot be looked at is told by each of them."""
    undoing, since = _look(back, to, asked)
    return Situation(
        diagnosis=_diagnosis(facts, back, asked),
        way=back,
        reversal=undoing,
        then=to.contents,
        written=since,
        tables=facts.tables,
        database=facts.database,
        ahead=facts.demands,
    )


def _look(
    back: WayBack, to: Destination, asked: Understood
) -> tuple[Reversal | Unavailable, Written | Unavailable]:
    """Ask the rows."""
    undoing: Reversal | Unavailable = Unavailable("nobody has looked")
    since: Written | Unavailable = Unavailable("nobody knows when the backup was made")
    known_code = () if isinstance(asked.catalog, Unavailable) else asked.catalog.reversals
    try:
        with read_only_session(
            asked.config.snapshot_timeout_seconds, asked.config.database_alias
        ) as connection:
            context = Context(connection)
            if to.since:
                since = _attempt(partial(written.collect, context, to.since))
            undoing = _attempt(partial(reversal.collect, context, back.undoes, known_code))
    except DatabaseError as error:
        return Unavailable(explain(error)), Unavailable(explain(error))
    return undoing, since


def _attempt(look: Callable[[], T]) -> T | Unavailable:
    """Return what was found, or why it could not be: migrations are code of others."""
    try:
        return look()
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - told in the report
        return Unavailable(explain(error))


def _diagnosis(facts: Facts, back: WayBack, asked: Understood) -> Diagnosis:
    migrations = known(facts.migrations)
    half: tuple[Progress, ...] = ()
    if not isinstance(facts.schema, Unavailable) and not isinstance(facts.models, Unavailable):
        expected = facts.models.tables
        if not isinstance(expected, Unavailable):
            half = begun(History(migrations), live_tables(facts.schema), expected)
    steps = [one for one in checks_for("after") if one.topic == "aftercare"]
    left = [
        one.check
        for one in judge(facts, asked.target, asked.catalog, (), steps)
        if any(finding.severity is not Severity.INFO for finding in one.findings)
    ]
    return diagnose(migrations, back, half, left)


def _read(path: Path | None, asked: Understood) -> Backup | None:
    try:
        return read_backup(path, asked.config.snapshot_timeout_seconds) if path else None
    except NoBackupError as error:
        raise UsageError(f"--backup {error}") from None


def _choose(situation: Situation, way: str, given: Given, backup: Backup | None) -> Choice:
    found = ways(situation)
    advised = recommended(found, situation.diagnosis)
    chosen = next((one for one in found if one.kind == way), advised)
    proof = NO_BACKUP
    if backup:
        undoing = situation.reversal
        began = "" if isinstance(undoing, Unavailable) else undoing.began
        proof = prove(backup, situation.then, began, LOSE_ROWS)
    snapshot = given.snapshot is not None
    return Choice(situation.diagnosis, found, advised, chosen, snapshot, proof)


def _state(asked: Understood) -> str:
    """Return what a script tells this database by; empty if nobody knows, and nothing matches."""
    with read_only_session(
        asked.config.statement_timeout_seconds, asked.config.database_alias
    ) as connection:
        return state_of(Context(connection))


def _steps(kind: Kind, facts: Facts, back: WayBack, to: Destination) -> tuple[Step, ...]:
    """Return the runbook; none where nobody knows what runs here."""
    if isinstance(facts.runtime, Unavailable) or isinstance(facts.database, Unavailable):
        return ()
    here = Return(
        facts.runtime,
        facts.database,
        facts.packages,
        to.packages,
        back.calls,
        to.release,
        to.snapshot,
    )
    return steps_of(kind, here)
