"""What a rehearsal of an upgrade on a copy of the data has shown."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable
from .startup import Failure
from .trial_boot import Isolation

EMPTIED_TABLES = ("django_session", "users_token")
"""Tables whose rows are removed from every copy: they are credentials."""
MARK_TABLE = "nautobot_upgrade_jobs_rehearsal"
"""A table of a copy of the database, which the live database does not have. A physical copy has
name, numbers and system identifier of the original, so only a mark shows which one it is."""

NOT_COMPARED = Unavailable("the upgraded copy was not compared with its state before the upgrade")
NOT_WANTED = Unavailable("the operator has left it out")
NOT_REPLACED = Unavailable("a copy that exists stays upgraded")
CHOSEN = (NOT_WANTED, NOT_REPLACED)
"""Why the rollback was not rehearsed, if that follows from the request and is no failure."""
NOT_OPENED = Unavailable("the pages of the upgraded copy were not opened")


@dataclass(frozen=True)
class Copy:
    """The copy of the data."""

    server_version: str
    """Version of the live server, such as ``15.4``. Of a backup: of the server that wrote it."""
    tables: int
    rows: int
    size_bytes: int
    """Size of the rows, without indexes."""
    seconds: float
    """Seconds until rows, indexes and statistics were complete."""
    backup: str = ""
    """The backup from which it was restored. Empty for the live database."""
    server: str = ""
    """Account and server of the operator that contain it. Empty for a server of its own."""
    exists_before: bool = False
    """Whether the operator has made it."""


@dataclass(frozen=True)
class MigrationRun:
    """A migration that was applied or reversed on the copy."""

    migration: str
    seconds: float
    cpu_seconds: float
    """Of the process that migrates, without the database server."""
    rows: int
    """Rows that were inserted, updated and deleted."""
    growth_bytes: int
    """How much the database has grown. Negative if it has shrunk."""
    log_bytes: int
    """Size of the write-ahead log. The server of the copy does not log rows of new tables."""
    mebibytes: int
    """Largest memory of the process that migrates, up to the end of this migration, in MiB."""
    locked: tuple[str, ...] = ()
    """Tables that no other session could read meanwhile."""
    output: str = ""
    """What it has printed."""


@dataclass(frozen=True)
class CodeFailure:
    """The error that ended a process on the copy, or a step of it."""

    stage: str
    """What the process did, such as ``migrate``."""
    failure: Failure
    migration: str = ""
    """The migration that was running. Empty if none was."""
    sqlstate: str = ""
    table: str = ""
    column: str = ""
    constraint: str = ""

    @property
    def place(self) -> str:
        """The migration, or what the process did outside of migrations."""
        return self.migration or self.stage

    @property
    def text(self) -> str:
        """The error in one sentence without a period."""
        error, text = self.failure.error, self.failure.message.rstrip(".")
        return f"{error}: {text}" if error and text else error or text


@dataclass(frozen=True)
class StepRun:
    """A command after ``migrate``, as ``post_upgrade`` runs it."""

    name: str
    seconds: float
    output: str = ""


@dataclass(frozen=True)
class MigrateRun:
    """A process that migrated the copy forward or back."""

    migrations: tuple[MigrationRun, ...]
    """The migrations that are complete, in their order."""
    steps: tuple[StepRun, ...]
    seconds: float
    stop: CodeFailure | None = None
    """The error because of which migrations are missing. None if all were run."""
    step_failures: tuple[CodeFailure, ...] = ()
    """The errors of steps."""
    interruption: str = ""
    """Why it was ended before its end by something that says nothing about the upgrade, such as the
    time limit or a full disk. Empty if it was not."""

    @property
    def is_complete(self) -> bool:
        """Whether all migrations succeeded."""
        return self.stop is None and not self.interruption


@dataclass(frozen=True)
class Restore:
    """A dump of the copy before the upgrade, restored after it."""

    dump_seconds: float
    dump_bytes: int
    seconds: float
    """Seconds of the restore."""
    differences: tuple[str, ...]
    """What differs from the state before the upgrade. Empty if nothing does."""


@dataclass(frozen=True)
class Reverse:
    """The migrations, reversed on the upgraded copy."""

    calls: tuple[str, ...]
    """The arguments of each call of ``migrate``."""
    run: MigrateRun
    losses: tuple[str, ...] = ()
    """What is lost compared with the state before the upgrade."""
    starts: bool = False
    """Whether the installed release starts afterwards."""
    again: MigrateRun | None = None
    """The upgrade after it. None if it was not carried out again."""


@dataclass(frozen=True)
class Comparison:
    """How the upgraded copy differs from its state before the upgrade, in numbers of changes."""

    explained: int
    """Changes that a release is known to make."""
    unexplained: int
    """Other changes, without losses."""
    overwritten: int
    """Those of them that change values of rows."""
    losses: int
    """Losses that no release explains."""
    not_comparable: int
    """Parts that could not be compared."""


@dataclass(frozen=True)
class PageFailure:
    """A page that fails on the upgraded copy."""

    name: str
    """The name of its route or of its model."""
    failure: Failure


@dataclass(frozen=True)
class Pages:
    """The pages that were opened on the upgraded copy, as a superuser."""

    opened: int
    left_out: int
    """Pages for which there was no time."""
    seconds: float
    failures: tuple[PageFailure, ...]


@dataclass(frozen=True)
class Stage:
    """A stage of a rehearsal."""

    name: str
    seconds: float
    problem: str = ""
    """Why it could not be carried out. Empty if it was."""


@dataclass(frozen=True)
class Rehearsal:
    """An upgrade on a copy of the data, as far as it was carried out."""

    run: str
    """A name that no other rehearsal has."""
    target: str
    stages: tuple[Stage, ...]
    planned: tuple[str, ...] | Unavailable
    """The migrations that were expected."""
    copy: Copy | Unavailable
    isolation: Isolation | Unavailable
    forward: MigrateRun | Unavailable
    restore: Restore | Unavailable
    reverse: Reverse | Unavailable | None
    """None if there is nothing that could be reversed."""
    comparison: Comparison | Unavailable = NOT_COMPARED
    pages: Pages | Unavailable = NOT_OPENED
    assumed_apps: tuple[str, ...] | None = None
    """The Apps that were enabled without the configuration of the installation. None if that
    configuration was used."""
    start_failure: str = ""
    """Why the target does not start on the upgraded copy. Empty if it does, or if it was not tried.
    """
    leftover: str = ""
    """What could not be removed at the end, and why. Empty for nothing."""
    predicted_stops: tuple[str, ...] = ()
    """The migrations that rows were predicted to stop, in the order of the upgrade."""
    predicted_seconds: tuple[float, float] | None = None
    """Lower and upper bound of the migrations, as Preflight estimates it."""
    window_seconds: float | None = None
    """The maintenance window of the operator. None if it is unknown."""
    cores: int = 0
    load: float = 0.0
    """The load of the host before the migrations."""


@dataclass(frozen=True)
class RehearsalRecord:
    """A rehearsal, and the state on which its outcome depends.

    A later run uses the outcome as long as that state has not changed.
    """

    instance: str
    created: str
    """ISO 8601, UTC."""
    problems: tuple[str, ...]
    """The findings that stop the upgrade."""
    packages: dict[str, str]
    """The package set of the target: the version of each distribution."""
    recorded: tuple[str, ...]
    """The migrations that were applied before the upgrade."""
    row_counts: dict[str, int]
    """Rows of each table before the upgrade. Of large tables, the server's estimate."""
    violations: dict[str, int]
    """Rows of the copy that violated a precondition, by precondition. A rehearsal that succeeded
    shows that migrations change these rows."""
    rehearsal: Rehearsal
