"""Whether an earlier rehearsal still shows how the upgrade will end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..common.text import plural
from ..facts import Unavailable
from ..facts.preconditions import Precondition, PreconditionResult
from ..facts.rehearsal import EMPTIED_TABLES, MigrateRun, Rehearsal, RehearsalRecord
from .live_duration import LiveDuration, estimate_live_duration

MAX_AGE = timedelta(days=30)
"""The code of migrations can depend on rows that have no influence on the number of rows."""
MAX_GROWTH = 0.2
"""Part by which a table may have grown. The estimate of the duration leaves room for that."""
MIN_ROWS = 5_000
"""Migrations of smaller growth take no noticeable time."""
WRITTEN_BY_RUNS = (
    *("extras_jobresult", "extras_joblogentry", "extras_jobconsoleentry", "extras_fileproxy"),
    *("extras_fileattachment", "extras_objectchange", "constance_constance"),
    "social_auth_usersocialauth",
)
"""Tables to which Jobs and logins add rows. That they are no longer empty is no change."""
MAX_NAMES = 3
NO_REHEARSAL = Unavailable("no rehearsal is known")


@dataclass(frozen=True)
class CurrentState:
    """The current state of what the outcome of an upgrade depends on. None is unknown."""

    target: str
    packages: Mapping[str, str] | None
    """The package set of the target: the version of each distribution."""
    recorded: Iterable[str] | None
    """The migrations that are applied before the upgrade."""
    row_counts: Mapping[str, int] | None
    now: datetime
    pending: Iterable[str] | None = None
    """The migrations that the upgrade applies. None if they are not compared."""
    is_upgraded: bool = False
    """Whether the upgrade has been carried out. Further packages and tables are then no change."""


@dataclass(frozen=True)
class RehearsalEvidence:
    """An earlier rehearsal of the upgrade."""

    record: RehearsalRecord
    age: timedelta
    changes: tuple[str, ...] = ()
    """What has changed since, so that the upgrade can end in another way."""

    @property
    def is_valid(self) -> bool:
        """Whether the upgrade would be the same as the rehearsed upgrade."""
        return not self.changes

    @property
    def rehearsal(self) -> Rehearsal:
        """What the rehearsal has shown."""
        return self.record.rehearsal

    @property
    def forward(self) -> MigrateRun | None:
        """The upgrade of the copy. None if the rehearsal ended before it."""
        forward = self.rehearsal.forward
        return None if isinstance(forward, Unavailable) else forward

    @property
    def has_migrated(self) -> bool:
        """Whether it shows that all migrations succeed on the current rows."""
        return self.is_valid and self.forward is not None and self.forward.is_complete

    @property
    def unproven(self) -> tuple[str, ...]:
        """What a rehearsal that has migrated does not show. Empty if it has shown everything."""
        verified = {stage.name for stage in self.rehearsal.stages if not stage.problem}
        missing = () if "verification" in verified else ("the upgraded copy was not verified",)
        steps = self.forward.step_failures if self.forward else ()
        return (
            *(f"{stage.name}: {stage.problem}" for stage in self.rehearsal.stages if stage.problem),
            *missing,
            *(f"the step {each.stage} has failed" for each in steps),
        )

    def settles(self, result: PreconditionResult) -> bool:
        """Return whether it shows that migrations change the rows that violate a precondition."""
        known = self.record.violations.get(describe_precondition(result.precondition), 0)
        return self.has_migrated and known >= result.affected_rows

    @property
    def live_duration(self) -> LiveDuration | None:
        """How long the upgrade takes on the live server. None if that was not shown."""
        forward = self.forward
        return estimate_live_duration(forward) if forward and self.has_migrated else None

    @property
    def label(self) -> str:
        """The rehearsal in words."""
        return f"the rehearsal of {self.record.created[:16].replace('T', ' ')} UTC"


def choose_rehearsal(
    records: Iterable[RehearsalRecord], state: CurrentState
) -> RehearsalEvidence | Unavailable:
    """Return the newest rehearsal that is still valid. If none is, return the newest of all.

    Args:
        records: Rehearsals. Those of other targets, and those that did not get as far as the
            upgrade, are ignored.
        state: The state of this installation.
    """
    found = [
        judge_record(record, state)
        for record in records
        if record.rehearsal.target == state.target
        and not isinstance(record.rehearsal.forward, Unavailable)
        and not record.rehearsal.forward.interruption
    ]
    if not found:
        return NO_REHEARSAL
    return min(found, key=lambda each: (not each.is_valid, each.age))


def judge_record(record: RehearsalRecord, state: CurrentState) -> RehearsalEvidence:
    """Compare the state that was rehearsed with the current state."""
    age = state.now - datetime.fromisoformat(record.created)
    return RehearsalEvidence(record, age, tuple(_list_changes(record, state, age)))


def _list_changes(record: RehearsalRecord, state: CurrentState, age: timedelta) -> Iterator[str]:
    if state.packages is None:
        yield "the package set of the target is unknown"
    elif changed := sorted(_changed_packages(record.packages, state)):
        yield f"the package set of the target has changed: {_shorten(changed)}"
    if record.rehearsal.assumed_apps is not None:
        yield "the configuration of the installation was not rehearsed"
    yield from _list_changed_migrations(record, state)
    if state.row_counts is None:
        yield "the number of rows is unknown"
    elif changed := list(_grown_tables(record.row_counts, state)):
        yield f"tables have grown: {_shorten(changed)}"
    if age > MAX_AGE:
        yield f"it is {age.days} days old"


def _list_changed_migrations(record: RehearsalRecord, state: CurrentState) -> Iterator[str]:
    planned = record.rehearsal.planned
    if state.recorded is None:
        yield "the applied migrations are unknown"
    elif changed := sorted(set(state.recorded) ^ set(record.recorded)):
        number = plural(len(changed), "applied migration")
        yield f"{number} {'differs' if len(changed) == 1 else 'differ'}: {_shorten(changed)}"
    if state.pending is None or isinstance(planned, Unavailable):
        return
    if changed := sorted(set(state.pending) ^ set(planned)):
        yield f"{plural(len(changed), 'pending migration')} changed: {_shorten(changed)}"


def describe_precondition(precondition: Precondition) -> str:
    """Return a key by which a precondition is found again."""
    columns = ",".join(precondition.columns)
    kind, name = precondition.kind.value, precondition.name
    return f"{precondition.migration} {kind} {precondition.table} {columns} {name}".strip()


def _changed_packages(then: Mapping[str, str], state: CurrentState) -> Iterator[str]:
    now = state.packages or {}
    for name in then.keys() if state.is_upgraded else then.keys() | now.keys():
        if then.get(name) != now.get(name):
            yield f"{name} {then.get(name, 'not included')} → {now.get(name, 'not included')}"


def _grown_tables(then: Mapping[str, int], state: CurrentState) -> Iterator[str]:
    """Yield the tables that have grown, the one with the most new rows first."""
    now = {
        name: rows
        for name, rows in (state.row_counts or {}).items()
        if name not in EMPTIED_TABLES and (name in then or not state.is_upgraded)
    }
    added = {name: rows - then.get(name, 0) for name, rows in now.items()}
    for name, rows in sorted(added.items(), key=lambda each: -each[1]):
        is_new = not then.get(name, 0) and rows > 0 and name not in WRITTEN_BY_RUNS
        is_larger = rows >= MIN_ROWS and rows > MAX_GROWTH * then.get(name, 0)
        if is_larger or (is_new and not state.is_upgraded):
            yield f"{name} from {then.get(name, 0):,} to {now[name]:,} rows"


def _shorten(names: list[str]) -> str:
    rest = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {rest} more" if rest > 0 else "")
