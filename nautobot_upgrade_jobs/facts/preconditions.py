"""Preconditions of pending migrations, and the rows that violate them."""

from __future__ import annotations

from dataclasses import dataclass

from .base import TextEnum, Unavailable
from .content_type_cascade import ContentTypeCascade
from .migration_code import MigrationCode
from .schema_conflicts import SchemaConflict
from .schema_dependents import AffectedDependent


class PreconditionKind(TextEnum):
    """Requirements of an operation on existing rows, and effects on their values."""

    UNIQUE = "unique"
    NOT_NULL = "not null"
    MAX_LENGTH = "max length"
    NUMERIC_RANGE = "numeric range"
    """Numbers must fit the new type."""
    FOREIGN_KEY = "foreign key"
    CHECK = "check"
    EXTENSION = "extension"
    """The server must have an extension, or the role must be able to create it."""
    INDEX_SIZE = "index size"
    """Values must fit into an index."""
    UNTESTED = "untested"
    """No query can test the requirement."""
    TRUNCATES = "truncates"
    """The operation cuts longer texts."""
    DROPS = "drops"
    """The operation removes values."""


NON_BLOCKING = (PreconditionKind.TRUNCATES, PreconditionKind.DROPS)
"""Kinds whose affected rows do not stop the migration."""


class CostKind(TextEnum):
    """Expensive parts of an operation. Other operations only change the server's catalog."""

    TABLE_REWRITE = "rewrite"
    """Every row is rewritten."""
    FULL_SCAN = "scan"
    """Every row is read."""
    INDEX_BUILD = "index"
    """An index is built."""
    DATA_MIGRATION = "code"
    """A function or statements process the rows."""


class Lock(TextEnum):
    """Statements of other sessions that wait while a statement runs, most severe first."""

    READS_AND_WRITES = "reads and writes"
    WRITES = "writes"
    UNKNOWN = "unknown"


class Statement(TextEnum):
    """Statements of an operation that lock a table."""

    ADD_COLUMN = "add column"
    DROP_COLUMN = "drop column"
    ALTER_TYPE = "alter type"
    ALTER_NULLABILITY = "alter nullability"
    ADD_CHECK = "add check"
    ADD_UNIQUE = "add unique"
    ADD_FOREIGN_KEY = "add foreign key"
    CREATE_INDEX = "create index"


STATEMENT_LOCKS: dict[str, dict[Statement, Lock]] = {
    "postgresql": {
        Statement.ADD_COLUMN: Lock.READS_AND_WRITES,
        Statement.DROP_COLUMN: Lock.READS_AND_WRITES,
        Statement.ALTER_TYPE: Lock.READS_AND_WRITES,
        Statement.ALTER_NULLABILITY: Lock.READS_AND_WRITES,
        Statement.ADD_CHECK: Lock.READS_AND_WRITES,
        Statement.ADD_UNIQUE: Lock.READS_AND_WRITES,
        Statement.ADD_FOREIGN_KEY: Lock.WRITES,
        Statement.CREATE_INDEX: Lock.WRITES,
    },
    "mysql": {
        Statement.ALTER_TYPE: Lock.WRITES,
        Statement.ADD_FOREIGN_KEY: Lock.WRITES,
    },
}
"""Locks by vendor. PostgreSQL takes ACCESS EXCLUSIVE, but SHARE ROW EXCLUSIVE for a foreign key and
SHARE for an index. MySQL copies the table for a new type and for a foreign key, and writes wait.
MySQL can run the other statements without a lock, so their lock is unknown."""


def statement_lock(vendor: str, statement: Statement) -> Lock:
    """Return the lock that a statement takes on its table."""
    return STATEMENT_LOCKS.get(vendor, {}).get(statement, Lock.UNKNOWN)


COST_TEXTS: dict[CostKind, dict[Lock, str]] = {
    CostKind.TABLE_REWRITE: {
        Lock.READS_AND_WRITES: "rewrites every row while reads and writes wait",
        Lock.WRITES: "rewrites every row while writes wait",
        Lock.UNKNOWN: "rewrites every row while reads and writes may wait",
    },
    CostKind.FULL_SCAN: {
        Lock.READS_AND_WRITES: "reads every row while reads and writes wait",
        Lock.WRITES: "reads every row while writes wait",
        Lock.UNKNOWN: "reads every row while reads and writes may wait",
    },
    CostKind.INDEX_BUILD: {
        Lock.READS_AND_WRITES: "builds an index while reads and writes wait",
        Lock.WRITES: "builds an index while writes wait",
        Lock.UNKNOWN: "builds an index while reads and writes may wait",
    },
    CostKind.DATA_MIGRATION: {
        Lock.READS_AND_WRITES: "runs code over rows while reads and writes wait",
        Lock.WRITES: "runs code over rows while writes wait",
        Lock.UNKNOWN: "runs code over rows while reads and writes may wait",
    },
}
"""Texts for costs and locks. The finding, the overview and the charts use the same texts."""


@dataclass(frozen=True)
class Precondition:
    """One thing that an operation requires of the rows of a table, or does to their values."""

    kind: PreconditionKind
    migration: str
    operation: str
    """Class of the operation, such as ``AlterField``."""
    table: str
    """Current name of the table."""
    columns: tuple[str, ...] = ()
    """Current names of the columns. Empty if the whole table is concerned."""
    bound: str = ""
    """Depends on the kind. ``MAX_LENGTH`` and ``TRUNCATES``: number of characters. ``INDEX_SIZE``:
    number of bytes. ``FOREIGN_KEY``: ``table.column``. ``CHECK``, ``NUMERIC_RANGE`` and a partial
    ``UNIQUE``: SQL condition. ``UNTESTED``: reason."""
    name: str = ""
    """Name of the new field or constraint, if ``columns`` does not identify the precondition."""
    possibly_fixed_by: tuple[str, ...] = ()
    """Earlier pending migrations whose code may change these rows."""
    migrations_before: int = 0
    """Number of pending migrations that run before this migration."""
    expressions: tuple[str, ...] = ()
    """SQL of the values, in the order of ``columns``, if the plan changes them before. For a new
    ``FOREIGN_KEY``, its default."""


@dataclass(frozen=True)
class PreconditionResult:
    """The result of testing the existing rows against a precondition."""

    precondition: Precondition
    affected_rows: int
    """Number of violating rows. For ``UNIQUE``, number of values that occur more than once."""
    sample: tuple[str, ...] = ()
    """Primary keys of some affected rows."""
    unknown_reason: str = ""
    """Why the number is unknown. Empty if it is known."""

    @property
    def is_blocking(self) -> bool:
        """Whether existing rows make the migration fail."""
        return bool(self.affected_rows) and self.precondition.kind not in NON_BLOCKING


@dataclass(frozen=True)
class OperationCost:
    """One expensive part of an operation."""

    kind: CostKind
    migration: str
    operation: str
    table: str = ""
    """Current name of the table. For ``DATA_MIGRATION``, a table that the code names, or empty if
    the code names none."""
    lock: Lock = Lock.UNKNOWN
    """The most severe lock that this part of the operation takes on the table. Earlier operations
    of the same migration may hold other locks until the commit."""


@dataclass(frozen=True)
class RunningCodeConflict:
    """An operation that the installed release does not tolerate while it runs."""

    migration: str
    operation: str
    """Class of the operation, such as ``RemoveField``."""
    reason: str


@dataclass(frozen=True)
class Preconditions:
    """Preconditions of pending migrations that are violated or could not be tested."""

    violated: tuple[PreconditionResult, ...] = ()
    tested: int = 0
    """Number of tested preconditions."""
    migrations_planned: int = 0
    """Number of pending migrations."""
    operation_costs: tuple[OperationCost, ...] = ()
    schema_conflicts: tuple[SchemaConflict, ...] | Unavailable = ()
    """Operations that the actual schema refuses, in the order of the plan."""
    affected_dependents: tuple[AffectedDependent, ...] | Unavailable = ()
    """Objects without a migration that the plan drops or breaks, or that stop it, in its order."""
    code: tuple[MigrationCode, ...] = ()
    """The code that the plan runs on the rows, in its order."""
    plan: tuple[str, ...] = ()
    """Keys of the pending migrations, in order. Empty if they are only counted."""
    cascades: tuple[ContentTypeCascade, ...] | Unavailable = ()
    """Rows that ``post_upgrade`` deletes with the content types of the models that the plan
    removes."""
    running_code: tuple[RunningCodeConflict, ...] = ()
    """Operations that the installed release does not tolerate, in the order of the plan."""
