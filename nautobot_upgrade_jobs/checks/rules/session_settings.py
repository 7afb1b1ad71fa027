"""Settings that the database server gives to each new session, and the replica that is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import inf

from ...facts import Database, Unavailable, require
from ...facts.database import IN_RECOVERY, SessionSetting
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..references import MYSQL_VARIABLES, SESSION_SETTINGS
from ..registry import NotApplicable, check
from ..remediation import Command, When, sql
from ..text import quote_identifier

CANCEL = "cancel each statement that takes longer"
CANCEL_WAIT = "cancel each statement that waits longer for a lock"
CLOSE_IDLE = "close each session that is idle for longer"
CLOSE_IDLE_TRANSACTION = "close each session that is idle in a transaction for longer"
TIME_LIMITS = {
    "idle_in_transaction_session_timeout": CLOSE_IDLE_TRANSACTION,
    "idle_session_timeout": CLOSE_IDLE,
    "innodb_lock_wait_timeout": CANCEL_WAIT,
    "lock_timeout": CANCEL_WAIT,
    "lock_wait_timeout": CANCEL_WAIT,
    "max_execution_time": "cancel each SELECT that takes longer",
    "statement_timeout": CANCEL,
    "transaction_timeout": "close each session whose transaction takes longer",
    "wait_timeout": CLOSE_IDLE,
}
"""The time limits, and what they make the server do."""
SAFE_MILLISECONDS = {CLOSE_IDLE: 300_000, CLOSE_IDLE_TRANSACTION: 300_000, CANCEL_WAIT: 10_000}
"""The shortest limits that stop no ``migrate``. Between two statements it can compute for a minute,
and autovacuum holds its locks for about a second."""
MYSQL_DEFAULTS = {
    "innodb_lock_wait_timeout": 50,
    "lock_wait_timeout": 31_536_000,
    "wait_timeout": 28_800,
}
"""Those that are not 0."""
READ_ONLY = (
    "default_transaction_read_only",
    "read_only",
    "super_read_only",
    "transaction_read_only",
)
ON = ("on", "true", "yes", "1")
IGNORES_FOREIGN_KEYS = {
    "session_replication_role": ("replica",),
    "foreign_key_checks": ("off", "false", "no", "0"),
}
MAX_LAG_SECONDS = 10
SEE = (SESSION_SETTINGS, MYSQL_VARIABLES)


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=SEE, when=When.WINDOW)
def read_only(database: Database) -> Iterator[Finding]:
    """New sessions of Nautobot may write.

    Why: a standby, or a setting that an administrator left behind, refuses every write. `migrate`
        stops at its first write.
    Fix: connect Nautobot to the primary server, or remove the setting.
    """
    for setting in _select(database, (IN_RECOVERY, *READ_ONLY)):
        if setting.name == IN_RECOVERY:
            yield blocker(
                setting.name,
                "The database server is a standby. It refuses every write, and `migrate` stops at "
                "its first write.",
                fix="Set HOST in DATABASES to the primary server.",
                when=When.NOW,
            )
        elif str(setting.value).lower() in ON:
            yield blocker(
                setting.name,
                f"The setting {_describe(setting, database)} makes new sessions read-only. "
                "`migrate` stops at its first write.",
                fix=_fix(setting),
                commands=_commands(setting, database, "off"),
            )


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.UNKNOWN)
def lagging_replica(database: Database) -> Iterator[Finding]:
    """A replica that is read has all changes of the primary.

    Why: with `database_alias`, the rows can come from a replica. What it has not replayed yet is
        missing in the facts, such as a correction of a row or the end of a migration.
    Fix: wait until the replica has caught up, or read the primary.
    """
    if database.replica_lag_seconds is None:
        raise NotApplicable("no replica is read")
    lag = require(database.replica_lag_seconds)
    if lag > MAX_LAG_SECONDS:
        yield warning(
            "replica",
            f"The rows come from a replica that is {lag:.0f} seconds behind its primary.",
            fix="Wait until the replica has caught up, and run this again. Or remove "
            "`database_alias` from the settings of nautobot-upgrade-jobs.",
        )


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=SEE)
def ignored_foreign_keys(database: Database) -> Iterator[Finding]:
    """New sessions of Nautobot respect foreign keys.

    Why: with `session_replication_role = replica` or `foreign_key_checks = 0` the server accepts
        rows that refer to rows that do not exist. A migration that validates such a reference
        stops, and a page that follows it fails.
    Fix: remove the setting. Then find and correct such rows.
    """
    for setting in _select(database, IGNORES_FOREIGN_KEYS):
        if str(setting.value).lower() in IGNORES_FOREIGN_KEYS[setting.name]:
            yield warning(
                setting.name,
                f"The server ignores foreign keys because of {_describe(setting, database)}.",
                fix="Remove the setting, and restart Nautobot. Then find rows that refer to "
                "missing rows, and correct or delete these rows.",
            )


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=SEE, when=When.WINDOW)
def time_limits(database: Database) -> Iterator[Finding]:
    """No time limit of the server can stop `migrate`.

    Why: a limit that protects the web service also applies to `migrate`. A migration that rewrites
        a large table can take longer, and the migrations before it are already committed.
    Fix: remove the limit for the maintenance window.
    """
    for setting in _select(database, TIME_LIMITS):
        effect, milliseconds = TIME_LIMITS[setting.name], setting.milliseconds
        if milliseconds and milliseconds < SAFE_MILLISECONDS.get(effect, inf):
            yield warning(
                setting.name,
                f"The setting {_describe(setting, database)} makes the server {effect}. It can "
                "stop `migrate`.",
                fix=_fix(setting),
                commands=_commands(setting, database, str(MYSQL_DEFAULTS.get(setting.name, 0))),
            )


def _select(database: Database, names: Collection[str]) -> Iterator[SessionSetting]:
    """Yield the settings of these names, and those with an unknown value last.

    What is known is then reported also if something is unknown.
    """
    found = [one for one in require(database.session_settings) if one.name in names]
    for setting in sorted(found, key=lambda one: isinstance(one.value, Unavailable)):
        require(setting.value)
        yield setting


def _describe(setting: SessionSetting, database: Database) -> str:
    owner = {
        "options": "OPTIONS of DATABASES",
        "role": f"role {_account(database)}",
        "role in database": f"role {_account(database)} in the database {database.name}",
        "database": f"database {database.name}",
        "server": "server",
    }[setting.source]
    unit = setting.unit if setting.name in TIME_LIMITS and str(setting.value).isdigit() else ""
    return f"{setting.name} = {setting.value}{unit and ' '}{unit} (set for: {owner})"


def _account(database: Database) -> str:
    return database.account or database.role


def _fix(setting: SessionSetting) -> str:
    if setting.source == "options":
        return (
            "Remove the setting from OPTIONS of DATABASES before `migrate`. Add it again after the "
            "upgrade."
        )
    return (
        "Run the commands as an administrator of the database server: the last one after the "
        "upgrade, because it restores the setting, and the others before `migrate`."
    )


def _commands(setting: SessionSetting, database: Database, value: str) -> tuple[Command, ...]:
    """Return the statements that give a setting a value, and the one that restores it."""
    if setting.source == "options":
        return ()
    if database.vendor != "postgresql":
        return tuple(sql(f"SET GLOBAL {setting.name} = {v};") for v in (value, setting.value))
    role = quote_identifier(_account(database))
    target = f"ALTER ROLE {role} IN DATABASE {quote_identifier(database.name)}"
    restored = f"SET {setting.name} = '{setting.value}'"
    if setting.source != "role in database":
        restored = f"RESET {setting.name}"
    # The session of the administrator can be read-only as well.
    writable = [f"SET {setting.name} = {value};"] if setting.name in READ_ONLY else []
    changed = f"{target} SET {setting.name} = '{value}';"
    return tuple(map(sql, (*writable, changed, f"{target} {restored};")))
