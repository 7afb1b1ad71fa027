"""The database server, and what the migrating role may do in it."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from ...catalog.target_release import Target
from ...facts import Database, require
from ...facts.database import IdSequence
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check
from ..text import MAX_LISTED, VENDOR_DISPLAY_NAMES, plural, truncate_list

INSTALLATION = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/installation/"
)
POSTGRESQL = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/"
    "postgresql/"
)


@check(stage="both")
def unsupported_server_version(database: Database, target: Target) -> Iterator[Finding]:
    """The database server is new enough for the target.

    Why: Django refuses the connection to a server that is too old, so no command of the new release
        works, `migrate` included.
    Fix: upgrade the database server in a maintenance window of its own, before Nautobot; the
        installed release keeps working on the newer server.
    """
    release = require(target.release)
    if database.vendor == "mariadb":
        raise NotApplicable("MariaDB is judged by database.unsupported_mariadb")
    minimum = release.postgresql if database.vendor == "postgresql" else release.mysql
    if minimum is not None and Version(database.version) >= Version(minimum):
        return
    product = VENDOR_DISPLAY_NAMES[database.vendor]
    need = f"{product} {minimum} or newer" if minimum else "PostgreSQL"
    yield Finding(
        severity=Severity.BLOCKER,
        subject=database.vendor,
        message=f"Nautobot {target.version} needs {need}; the server is {database.version}.",
        remediation=(
            f"Upgrade the server to {need} first, in a window of its own, and take a "
            "backup that you have restored once."
        ),
        phase=Phase.BOOT,
        impact=Impact.OUTAGE,
        references=(POSTGRESQL if database.vendor == "postgresql" else INSTALLATION,),
    )


@check(stage="both")
def unsupported_mariadb(database: Database) -> Iterator[Finding]:
    """The database server is not MariaDB.

    Why: Nautobot does not support it, but nothing stops it: migrations written for MySQL fail or
        do something else half-way.
    Fix: move the data to PostgreSQL or MySQL before the upgrade.
    """
    if database.vendor == "mariadb":
        yield Finding(
            severity=Severity.BLOCKER,
            subject="mariadb",
            message=(
                f"The database server is MariaDB {database.version}, which Nautobot does not "
                "support."
            ),
            remediation="Move to PostgreSQL or MySQL before any upgrade.",
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
            references=(INSTALLATION,),
        )


@check(stage="both")
def wrong_character_set(database: Database) -> Iterator[Finding]:
    """All text is stored in one suitable character set.

    Why: on MySQL a new foreign key to a column of another collation is refused in the middle of a
        migration, which MySQL cannot roll back; an encoding other than UTF-8 loses characters.
    Fix: convert the database and its tables to one utf8mb4 collation before the upgrade.
    """
    encoding = require(database.encoding)
    if encoding.lower().replace("-", "") not in ("utf8", "utf8mb4"):
        yield Finding(
            severity=Severity.WARNING,
            subject="encoding",
            message=f"The database is encoded in {encoding}, not in UTF-8.",
            remediation="Dump it, create a database with UTF-8 (utf8mb4 on MySQL) and restore.",
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
            references=(INSTALLATION,),
        )
    collations = require(database.collations_in_use)
    foreign = {name: n for name, n in collations.items() if not name.startswith("utf8mb4")}
    if len(collations) > 1 or foreign:
        listing = tuple(
            f"{name}: {plural(count, 'table')}" for name, count in sorted(collations.items())
        )
        yield Finding(
            severity=Severity.BLOCKER,
            subject="collations",
            message=(
                f"The tables use {len(collations)} collations; new foreign keys between them "
                "will be refused."
            ),
            remediation="Convert every table to the database's own utf8mb4 collation.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=(
                (
                    "ALTER TABLE <table> CONVERT TO CHARACTER SET utf8mb4 COLLATE "
                    f"{require(database.collation)};"
                ),
            ),
            evidence=truncate_list(listing),
            references=(INSTALLATION,),
        )


@check()
def missing_privileges(database: Database) -> Iterator[Finding]:
    """The migrating role may create tables and owns the existing ones.

    Why: migrations commit one by one; a role that may not alter a table stops the upgrade in the
        middle, typically after a restore made as another role.
    Fix: grant what is missing before the upgrade.
    """
    role, reference = database.role, (INSTALLATION,)
    if not require(database.can_create_tables):
        yield Finding(
            severity=Severity.BLOCKER,
            subject="create",
            message=f"The role {role} may not create tables in the database {database.name}.",
            remediation="Grant it the right to, as the owner of the database.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=(
                (
                    (
                        f"GRANT CREATE ON SCHEMA {_quote_identifier(require(database.schema))} TO"
                        f" {_quote_identifier(role)};"
                    ),
                )
                if database.vendor == "postgresql"
                else (f"GRANT ALL ON `{database.name}`.* TO '{role}'@'%';",)
            ),
            references=reference,
        )
    others = require(database.tables_not_owned)
    if others:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="ownership",
            message=(
                f"{plural(len(others), 'table')} of others than the role {role}: the first "
                "migration that alters one of them will be refused."
            ),
            remediation=(
                "Give the tables to the role that migrates; the commands name the first of them."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=tuple(
                f"ALTER TABLE {_quote_identifier(name)} OWNER TO {_quote_identifier(role)};"
                for name in others[:MAX_LISTED]
            ),
            evidence=truncate_list(others),
            references=reference,
        )


@check(stage="both")
def sequence_behind(database: Database) -> Iterator[Finding]:
    """Every numbered primary key has a sequence that is not behind its rows.

    Why: after a partial restore a sequence hands out numbers that are taken, or none is left to
        hand out any; where it is the one of django_migrations, not even the first migration can be
        recorded.
    Fix: set the sequence to the highest number in use; give a key without one an identity.
    """
    for sequence in require(database.sequences):
        if sequence.name and sequence.last_value >= sequence.max_id:
            continue
        key = f"{sequence.table}.{sequence.column}"
        yield Finding(
            severity=Severity.BLOCKER,
            subject=key,
            message=(
                f"The sequence {sequence.name} is at {sequence.last_value}, but {key} already "
                f"holds {sequence.max_id}: the next inserts will fail as duplicates."
                if sequence.name
                else f"Nothing numbers {key}: every insert will fail."
            ),
            remediation=(
                "Move the sequence past the highest value."
                if sequence.name
                else "Make the column an identity that begins after its highest value."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=(_sequence_repair_statement(sequence),),
            references=(POSTGRESQL,),
        )


def _sequence_repair_statement(sequence: IdSequence) -> str:
    if sequence.name:
        name = sequence.name.replace("'", "''")
        return f"SELECT setval('{name}', {sequence.max_id});"
    return (
        f"ALTER TABLE {_quote_identifier(sequence.table)} ALTER COLUMN"
        f" {_quote_identifier(sequence.column)} ADD GENERATED BY DEFAULT AS IDENTITY (START WITH"
        f" {sequence.max_id + 1});"
    )


def _quote_identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@check()
def dependent_views(database: Database, target: Target) -> Iterator[Finding]:
    """No view reads Nautobot's tables.

    Why: PostgreSQL refuses to change a column that a view reads, which stops the migration in the
        middle; a column that is removed takes every view on it along, without a word. On MySQL
        such a view stays behind, broken.
    Fix: save the definition of each view, drop it before the upgrade, and create it again
        afterwards, adapted to the new tables.
    """
    found = require(database.views)
    if found and target.version != target.installed:
        postgresql = database.vendor == "postgresql"
        yield Finding(
            severity=Severity.BLOCKER if postgresql else Severity.WARNING,
            subject="views",
            message=(
                f"{plural(len(found), 'view')} on Nautobot's tables: the upgrade may stop at "
                "them, or drop them."
            ),
            remediation=(
                "Save their definitions, drop them before the upgrade, and create them "
                "again afterwards."
            ),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE if postgresql else Impact.FEATURE_LOSS,
            evidence=truncate_list(found),
            references=(POSTGRESQL if postgresql else INSTALLATION,),
        )


@check()
def long_transactions(database: Database) -> Iterator[Finding]:
    """No other session holds a transaction open for long.

    Why: ALTER TABLE waits for every open transaction that has touched the table, and all other
        queries queue up behind it: the upgrade hangs and the site with it.
    Fix: find out what the session does and end it, or wait, before the upgrade.
    """
    postgresql = database.vendor == "postgresql"
    for transaction in require(database.transactions):
        end = "SELECT pg_terminate_backend({});" if postgresql else "KILL {};"
        yield Finding(
            severity=Severity.WARNING,
            subject=transaction.application or "unnamed session",
            message=(
                f"Session {transaction.pid} ({transaction.application or 'unnamed'}) holds a "
                f"transaction open for {transaction.age_seconds} seconds ({transaction.state})."
            ),
            remediation="Stop web, workers and beat before migrating, and end what is left.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=(end.format(transaction.pid),),
        )
