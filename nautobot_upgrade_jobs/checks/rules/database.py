"""The database server, and the privileges of the role that migrates."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from ...catalog.target_release import Target
from ...facts import Database, require
from ...facts.database import IdSequence
from ..build import blocker, warning
from ..findings import Finding, Impact, Phase
from ..references import EVENT_TRIGGERS, INSTALLATION, POSTGRESQL, POSTGRESQL_SCHEMAS
from ..registry import NotApplicable, check
from ..remediation import When, sql
from ..text import (
    MAX_LISTED,
    VENDOR_DISPLAY_NAMES,
    plural,
    quote_identifier,
    quote_literal,
    truncate_list,
)


@check(stage="both", phase=Phase.BOOT, impact=Impact.OUTAGE)
def unsupported_server_version(database: Database, target: Target) -> Iterator[Finding]:
    """The database server is new enough for the target.

    Why: Django refuses to connect to a server that is too old, so no command of the new release
        works, `migrate` included.
    Fix: upgrade the database server in its own maintenance window, before Nautobot. The installed
        release also works on the newer server.
    """
    release = require(target.release)
    if database.vendor == "mariadb":
        raise NotApplicable("database.unsupported_mariadb reports MariaDB")
    minimum = release.postgresql if database.vendor == "postgresql" else release.mysql
    if minimum is not None and Version(database.version) >= Version(minimum):
        return
    product = VENDOR_DISPLAY_NAMES[database.vendor]
    required = f"{product} {minimum} or newer" if minimum else "PostgreSQL"
    yield blocker(
        database.vendor,
        f"Nautobot {target.version} requires {required}, but the server is {database.version}.",
        fix="Take a backup and restore it once to test it. Then upgrade the server to "
        f"{required} in a separate maintenance window, before you upgrade Nautobot.",
        see=(POSTGRESQL if database.vendor == "postgresql" else INSTALLATION,),
    )


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=(INSTALLATION,))
def unsupported_mariadb(database: Database) -> Iterator[Finding]:
    """The database server is not MariaDB.

    Why: Nautobot does not support MariaDB, but nothing prevents its use. Migrations written for
        MySQL fail on it, or have other effects.
    Fix: move the data to PostgreSQL or MySQL before the upgrade.
    """
    if database.vendor == "mariadb":
        yield blocker(
            "mariadb",
            f"The database server is MariaDB {database.version}, which Nautobot does not support.",
            fix="Move the data to PostgreSQL or MySQL.",
        )


@check(stage="both", phase=Phase.MIGRATE, see=(INSTALLATION,), when=When.WINDOW)
def wrong_character_set(database: Database) -> Iterator[Finding]:
    """All text is stored as UTF-8, and all tables of MySQL use one utf8mb4 collation.

    Why: in the middle of a migration, MySQL refuses a new foreign key to a column of another
        collation. It cannot roll the migration back. A new table gets the default collation of the
        database. An encoding other than UTF-8 loses characters.
    Fix: convert the database and its tables to one utf8mb4 collation before the upgrade.
    """
    encoding = require(database.encoding)
    if encoding.lower().replace("-", "") not in ("utf8", "utf8mb4"):
        yield warning(
            "encoding",
            f"The encoding of the database is {encoding}, not UTF-8.",
            fix="In a separate maintenance window before the upgrade, stop Nautobot and dump the "
            "database. "
            + (
                "Create a new database with the encoding UTF-8, and restore the dump into it."
                if database.vendor == "postgresql"
                else "Convert the database and each table to the character set utf8mb4."
            ),
            when=When.NOW,
            impact=Impact.DATA_LOSS,
        )
    yield from _judge_collations(database)


def _judge_collations(database: Database) -> Iterator[Finding]:
    collations = require(database.collations_in_use)
    is_utf8mb4 = all(name.startswith("utf8mb4") for name in collations)
    differs = database.vendor != "postgresql" and require(database.collation) not in collations
    if len(collations) > 1 or (differs and not is_utf8mb4):
        yield blocker(
            "collations",
            f"The collation of new tables is {require(database.collation)}, but tables use "
            f"{', '.join(collations)}. The server will refuse a foreign key between two "
            "collations.",
            fix="Stop Nautobot and take a backup. In one session, run `SET foreign_key_checks = "
            "0`, and then convert each table that the first command lists. Without the setting, "
            "MySQL refuses to convert a column with a foreign key.",
            impact=Impact.OUTAGE,
            commands=(
                sql(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = "  # noqa: S608 - only shown
                    f"database() AND table_collation <> '{require(database.collation)}';"
                ),
                sql(
                    "ALTER TABLE <table> CONVERT TO CHARACTER SET utf8mb4 COLLATE "
                    f"{require(database.collation)};"
                ),
            ),
            evidence=truncate_list(
                tuple(f"{name}: {plural(n, 'table')}" for name, n in sorted(collations.items()))
            ),
        )
    elif differs:
        (in_use,) = collations
        yield blocker(
            "default collation",
            f"The default collation of the database is {require(database.collation)}, but all "
            f"tables use {in_use}. The server will refuse a foreign key of a new table (error "
            "3780).",
            fix="Change the default. The statement changes no table.",
            when=When.NOW,
            impact=Impact.OUTAGE,
            commands=(sql(f"ALTER DATABASE `{database.name}` COLLATE {in_use};"),),
        )
    elif not is_utf8mb4:
        yield warning(
            "collations",
            f"All tables use the collation {', '.join(collations)}, which does not belong to the "
            "character set utf8mb4.",
            fix="In a separate maintenance window before the upgrade, convert the database and all "
            "tables to one utf8mb4 collation.",
            when=When.NOW,
            impact=Impact.DATA_LOSS,
        )


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(POSTGRESQL_SCHEMAS,))
def tables_in_two_schemas(database: Database) -> Iterator[Finding]:
    """The server creates new tables in the schema of Nautobot's tables.

    Why: the default search path begins with a schema that is named after the role. If this schema
        is created later, new tables go there. A dump of one schema then lacks the tables of the
        other.
    Fix: set the search path of the role to the schema of the tables, before the upgrade.
    """
    schema, elsewhere = require(database.schema), require(database.creation_schema)
    if schema == elsewhere:
        return
    role = quote_identifier(database.role)
    yield warning(
        "search_path",
        f"The tables of Nautobot are in the schema {schema}, but "
        + (
            f"new tables are created in the schema {elsewhere}."
            if elsewhere
            else "the search path contains no schema in which new tables can be created."
        ),
        fix=f"Set the search path of the role {database.role} to {schema} before the upgrade, and "
        "restart all services."
        + (f" If the schema {elsewhere} is empty, you can drop it instead." if elsewhere else ""),
        commands=(sql(f"ALTER ROLE {role} SET search_path = {quote_identifier(schema)};"),),
    )


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(EVENT_TRIGGERS,), when=When.WINDOW)
def event_triggers(database: Database) -> Iterator[Finding]:
    """No event trigger runs when a migration changes the schema.

    Why: an event trigger can refuse a change, and `migrate` then stops. Preflight does not
        read its function.
    Fix: read the function. If it can refuse a change, disable the trigger in the window.
    """
    for trigger in require(database.event_triggers):
        name = quote_identifier(trigger.name)
        yield warning(
            str(trigger),
            f"The event trigger '{trigger.name}' (event {trigger.event}, function "
            f"{trigger.function}) runs at each change of the schema, and can stop `migrate`.",
            fix="Read its function. If it can refuse a change, disable the trigger before "
            "`migrate`, and enable it afterwards. Both require a superuser.",
            commands=(
                sql(f"ALTER EVENT TRIGGER {name} DISABLE;"),
                sql(f"ALTER EVENT TRIGGER {name} ENABLE;"),
            ),
        )


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(INSTALLATION,))
def missing_privileges(database: Database) -> Iterator[Finding]:
    """The migrating role may create tables and owns the existing ones.

    Why: each migration commits on its own. If the role may not alter a table, the upgrade stops in
        the middle. The usual cause is that another role restored the database.
    Fix: before the upgrade, grant the missing privileges or change the owner of the tables.
    """
    role = database.role
    if not require(database.can_create_tables):
        yield blocker(
            "create",
            f"The role {role} may not create tables in the database {database.name}.",
            fix="Run the command as a superuser, or as the owner of the schema.",
            commands=(sql(_grant_create_statement(database)),),
        )
    others = require(database.tables_not_owned)
    if others:
        verb = "is" if len(others) == 1 else "are"
        yield blocker(
            "ownership",
            f"{plural(len(others), 'table')} {verb} not owned by the role {role}. The first "
            "migration that alters such a table will fail.",
            fix=f"As a superuser, change the owner of the tables to the role {role}."
            + (
                f" The commands cover the first {MAX_LISTED} tables. Then run Preflight again."
                if len(others) > MAX_LISTED
                else ""
            ),
            commands=tuple(
                sql(f"ALTER TABLE {quote_identifier(name)} OWNER TO {quote_identifier(role)};")
                for name in others[:MAX_LISTED]
            ),
            evidence=truncate_list(others),
        )


def _grant_create_statement(database: Database) -> str:
    if database.vendor == "postgresql":
        schema, role = require(database.schema), database.role
        return f"GRANT CREATE ON SCHEMA {quote_identifier(schema)} TO {quote_identifier(role)};"
    return f"GRANT ALL ON `{database.name}`.* TO '{database.role}'@'%';"


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(POSTGRESQL,))
def sequence_behind(database: Database) -> Iterator[Finding]:
    """Every generated primary key has a sequence that is not behind its rows.

    Why: after a partial restore a sequence returns numbers that are in use, or a key has no
        sequence at all. If the table is django_migrations, not even the first migration can be
        recorded.
    Fix: set the sequence to the highest number in use. Make a key without a sequence an identity.
    """
    for sequence in require(database.sequences):
        if sequence.name and sequence.last_value >= sequence.max_id:
            continue
        key = f"{sequence.table}.{sequence.column}"
        yield blocker(
            key,
            f"The sequence {sequence.name} is at {sequence.last_value}, but {key} already contains "
            f"{sequence.max_id}. The next insert will fail with a duplicate key error."
            if sequence.name
            else f"The key {key} has no sequence. Every insert will fail.",
            fix="Set the sequence to the highest value in use."
            if sequence.name
            else "Make the column an identity that starts after its highest value.",
            commands=(sql(_sequence_repair_statement(sequence)),),
        )


def _sequence_repair_statement(sequence: IdSequence) -> str:
    if sequence.name:
        return f"SELECT setval({quote_literal(sequence.name)}, {sequence.max_id});"
    return (
        f"ALTER TABLE {quote_identifier(sequence.table)} ALTER COLUMN"
        f" {quote_identifier(sequence.column)} ADD GENERATED BY DEFAULT AS IDENTITY (START WITH"
        f" {sequence.max_id + 1});"
    )


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, when=When.WINDOW)
def long_transactions(database: Database) -> Iterator[Finding]:
    """No other session has had a transaction open for long.

    Why: ALTER TABLE waits for every open transaction that has used the table, and all other queries
        queue up behind it. The upgrade hangs, and the site with it.
    Fix: find out what the session does. End it or wait for it before the upgrade.
    """
    statement = (
        "SELECT pg_terminate_backend({});" if database.vendor == "postgresql" else "KILL {};"
    )
    for transaction in require(database.transactions):
        yield warning(
            transaction.application or "unnamed session",
            f"Session {transaction.pid} ({transaction.application or 'unnamed'}) has had a "
            f"transaction open for {transaction.age_seconds} seconds ({transaction.state}).",
            fix="Stop web, workers and beat before you migrate, and end the remaining sessions.",
            commands=(sql(statement.format(transaction.pid)),),
        )
