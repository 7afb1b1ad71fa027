"""The migration history: is the installed release migrated completely and consistently?"""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import Database, ExpectedSchema, Migrations, Schema, Tables, require
from ...facts.migrations import SchemaChange
from ...migration_graph.history import MigrationHistory
from ...migration_graph.partial_migration import PartialMigration
from ...migration_graph.partial_migration import partially_applied as find_partially_applied
from ...migration_graph.repair_sql import undo_statements
from ...migration_graph.schema_diff import actual_tables
from ..build import blocker, finding, warning
from ..findings import Finding, Impact, Phase, Severity
from ..references import DATABASE_BACKUP, MIGRATIONS, UPGRADING
from ..registry import check
from ..remediation import Command, shell, sql
from ..text import name_constraint_kind, plural, quote_literal, truncate_list


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(UPGRADING,))
def unapplied(migrations: Migrations) -> Iterator[Finding]:
    """All migrations of the installed code are applied.

    Why: the last upgrade did not finish. The next one would run two upgrades at once, and a failure
        could belong to either.
    Fix: finish the last upgrade with `migrate` and `post_upgrade`.
    """
    missing = MigrationHistory(migrations).unapplied
    if missing:
        yield blocker(
            "django_migrations",
            f"{plural(len(missing), 'migration')} of the installed release "
            f"{_is_or_are(missing)} not applied.",
            fix="If you have just installed new code, first follow target.database_behind_code. "
            "Take a backup. After each of the commands, run Verify Migrations.",
            commands=(shell("nautobot-server migrate"), shell("nautobot-server post_upgrade")),
            evidence=truncate_list(missing),
        )


def _is_or_are(items: tuple[str, ...]) -> str:
    return "is" if len(items) == 1 else "are"


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(UPGRADING,))
def unpackaged_files(migrations: Migrations) -> Iterator[Finding]:
    """Every migration file belongs to the release of its App.

    Why: a file that `makemigrations` wrote into an installed package collides with the migrations
        of the next release: there are two leaf nodes, or a column exists already.
    Fix: reverse the migration if it was applied, and delete its file. If the file was
        needed, the App has a bug, or the change belongs in an App of your own.
    """
    for key, path in migrations.unpackaged.items():
        app, _, name = key.partition(".")
        applied = key in migrations.recorded
        reverse = shell("nautobot-server migrate {} {}", app, _previous_migration(migrations, key))
        yield warning(
            key,
            f"The migration {name} is in no release of its App and "
            f"{'was applied' if applied else 'is not applied'}.",
            fix=(
                "Take a backup and run the commands. The first one reverses the migration and "
                "removes its data."
                if applied
                else "Take a backup and run the command. No data depends on the migration."
            )
            + " Do not run makemigrations to silence a warning of Nautobot.",
            commands=(*((reverse,) if applied else ()), shell("rm {}", path)),
            evidence=(path,),
        )


def _previous_migration(migrations: Migrations, key: str) -> str:
    """Return the name of the App's migration that this one depends on, or ``zero``."""
    app = key.partition(".")[0]
    previous = (
        dependency.partition(".")[2]
        for migration in migrations.on_disk
        if migration.key == key
        for dependency in migration.dependencies
        if dependency.startswith(f"{app}.")
    )
    return next(previous, "zero")


@check(stage="verify", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(UPGRADING,))
def partially_applied(
    migrations: Migrations,
    schema: Schema,
    models: ExpectedSchema,
    tables: Tables,
    database: Database,
) -> Iterator[Finding]:
    """No migration is applied in part, or applied without being recorded.

    Why: on MySQL a migration that fails half-way stays partially applied. The next `migrate`
        stops at what exists already ("table already exists"), which hides the first error.
    Fix: undo what it did, or do manually what is missing, and run `migrate` again.
    """
    history, live = MigrationHistory(migrations), actual_tables(schema)
    filled = {table.name for table in tables.tables if table.rows}
    for progress in find_partially_applied(history, live, require(models.tables)):
        begun = sorted((*progress.applied, *progress.incomplete))
        done = [progress.migration.operations[index] for index in begun]
        complete = not (progress.pending or progress.incomplete) and (
            not progress.unobservable
            or database.vendor == "postgresql"  # a failed migration is rolled back
            or history.has_applied_children(progress.migration.key)
        )
        # If only constraints are missing, the column may be in use.
        in_use = progress.incomplete and not progress.pending
        undo = () if complete or in_use else undo_statements(done, live, filled, database.vendor)
        yield _build_partial_finding(progress, history, undo, complete)


def _build_partial_finding(
    progress: PartialMigration, history: MigrationHistory, undo: tuple[str, ...], complete: bool
) -> Finding:
    fix, commands = _partial_remediation(progress, history, undo, complete)
    if progress.unobservable:
        verb = "leaves" if progress.unobservable == 1 else "leave"
        fix += f" {plural(progress.unobservable, 'operation')} of it {verb} no trace in a schema."
    return blocker(
        progress.migration.key,
        f"{progress.migration.key} is not recorded as applied, but the schema contains "
        f"{len(progress.applied)} of its {plural(len(progress.migration.operations), 'operation')}"
        + (f", {len(progress.incomplete)} without constraints" if progress.incomplete else "")
        + (f" and lacks {len(progress.pending)}." if progress.pending else "."),
        fix=fix,
        commands=commands,
        evidence=truncate_list(tuple(_describe_operations(progress))),
    )


def _partial_remediation(
    progress: PartialMigration, history: MigrationHistory, undo: tuple[str, ...], complete: bool
) -> tuple[str, tuple[Command, ...]]:
    """Return the remediation and its commands.

    Args:
        progress: The progress of the migration.
        history: The recorded migrations.
        undo: Statements that undo the migration. None if that is not possible.
        complete: Whether all operations that a schema shows are done.
    """
    app, _, name = progress.migration.key.partition(".")
    record = shell("nautobot-server migrate --fake {} {}", app, name)
    if history.has_applied_children(progress.migration.key):  # migrate would reverse them
        record = sql(
            "INSERT INTO django_migrations (app, name, applied) "  # noqa: S608 - shown, never run
            f"VALUES ({quote_literal(app)}, {quote_literal(name)}, now());"
        )
    if complete:
        return (
            "Every operation that the schema shows is done. If you know that the other operations "
            "ran too, record the migration with the commands. Otherwise restore the backup.",
            (record, shell("nautobot-server post_upgrade")),
        )
    if undo:
        return (
            "Take a backup. The migration only added new objects. Remove them with the statements "
            "below in psql or mysql, and upgrade again. Then fix the first error that migrate "
            "prints.",
            (*map(sql, undo), shell("nautobot-server post_upgrade")),
        )
    return (
        "Restore the backup and repeat the upgrade. Or run the statements of the missing operations"
        " in the order in which the first command prints them. Then run the other commands.",
        (
            shell("nautobot-server sqlmigrate {} {}", app, name),
            record,
            shell("nautobot-server post_upgrade"),
        ),
    )


def _describe_operations(progress: PartialMigration) -> Iterator[str]:
    """Yield each operation with its state."""
    operations = progress.migration.operations
    states = dict.fromkeys(progress.applied, "done") | dict.fromkeys(progress.pending, "missing")
    for index, missing in progress.incomplete.items():
        names = (f"{name_constraint_kind(one.kind)} of {one.field}" for one in missing)
        states[index] = f"incomplete, without the {', the '.join(names)}"
    for index, operation in enumerate(operations):
        state = states.get(index, "leaves no trace")
        text = " ".join(
            (operation.kind, *map(_describe_schema_change, operation.changes), operation.name)
        ).strip()
        yield f"{index + 1} of {len(operations)}: {text}: {state}"


def _describe_schema_change(change: SchemaChange) -> str:
    renamed = f" to {change.new_name}" if change.new_name else ""
    return f"{change.kind.value} {change.name}{renamed}"


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(MIGRATIONS,))
def inconsistent_history(migrations: Migrations) -> Iterator[Finding]:
    """Every applied migration has its dependencies applied.

    Why: Django refuses to migrate such a history (InconsistentMigrationHistory). The cause is an
        App that was disabled during an upgrade and enabled again, or a `migrate --fake`.
    Fix: apply what is missing with code that lacks the other migration, or restore a backup.
    """
    for child, parent in MigrationHistory(migrations).inconsistencies:
        yield blocker(
            f"{child} -> {parent}",
            f"{child} is applied, but its dependency {parent} is not.",
            fix=f"If the schema contains all changes of {parent}, insert the missing row into "
            f"django_migrations. If not, apply {parent} with a release that does not contain "
            f"{child}, because Django refuses to migrate with it. Or restore a consistent backup.",
            commands=(shell("nautobot-server showmigrations --plan"),),
        )


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(MIGRATIONS,))
def conflicting_leaf_nodes(migrations: Migrations) -> Iterator[Finding]:
    """Every App has one leaf migration.

    Why: with two leaf nodes `migrate` stops with "Conflicting migrations detected". The second one
        usually comes from a local `makemigrations` or from an installation copied over another.
    Fix: remove the file that the App's distribution does not own.
    """
    for app, leaves in MigrationHistory(migrations).conflicts:
        yield blocker(
            app,
            f"The App {app} has {len(leaves)} leaf nodes: {', '.join(leaves)}.",
            fix="In a clean environment, reinstall the package that contains the App. Or delete "
            "the migration file that does not belong to the package.",
        )


@check(stage="both", phase=Phase.RUNTIME, impact=Impact.OUTAGE, see=(DATABASE_BACKUP,))
def database_ahead_of_code(migrations: Migrations, catalog: Catalog) -> Iterator[Finding]:
    """The database is not newer than the code.

    Why: `migrate --check` and `health_check` report old code on a newer schema as healthy. It then
        fails on the first page that uses a changed table, and can write data in the old format.
    Fix: install the release that the database belongs to, or restore the backup of the
        installed release.
    """
    newer = tuple(
        sorted(
            set(MigrationHistory(migrations).recorded_without_file) & catalog.all_core_migrations
        )
    )
    if newer:
        releases = catalog.match_releases(migrations.recorded)
        origin = f"Nautobot {releases[0]} to {releases[-1]}" if releases else "an unknown release"
        yield blocker(
            "database",
            f"The database contains {plural(len(newer), 'core migration')} that the installed code "
            f"does not have. These migrations belong to {origin}.",
            fix="Install the release that migrated the database. The tag of its image or a log of "
            "pip can name it. Or restore the backup that belongs to the installed release.",
            evidence=truncate_list(newer),
        )


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.UNKNOWN, see=(UPGRADING,))
def recorded_without_file(migrations: Migrations, catalog: Catalog) -> Iterator[Finding]:
    """Every recorded migration of an enabled App has a file.

    Why: a migration that is in no release comes from a pre-release, a local `makemigrations` or a
        newer release of an App. A later migration can collide with what it did.
    Fix: find out where each comes from. Install the App's matching release, or restore the backup.
    """
    unknown = [
        key
        for key in MigrationHistory(migrations).recorded_without_file
        if key not in catalog.all_core_migrations
    ]
    for app in sorted({key.partition(".")[0] for key in unknown}):
        names = tuple(key for key in unknown if key.partition(".")[0] == app)
        pre_releases = sorted(
            {catalog.pre_release_names[key] for key in names if key in catalog.pre_release_names}
        )
        pronoun = "It comes" if len(names) == 1 else "They come"
        origin = f" {pronoun} from a pre-release ({', '.join(pre_releases)})."
        yield finding(
            Severity.BLOCKER if app in catalog.core_apps else Severity.WARNING,
            app,
            f"{plural(len(names), 'recorded migration')} of {app} "
            f"{'has' if len(names) == 1 else 'have'} no file.{origin if pre_releases else ''}",
            fix="Find the release of Nautobot or of the App that contains the migrations, and "
            "install it. If the migrations were created locally and their files are lost, run "
            "Verify Migrations. Run the statements below only if schema.drift then reports no "
            "difference. They delete the records.",
            commands=tuple(sql(_delete_record_statement(name)) for name in names),
            evidence=truncate_list(names),
        )


def _delete_record_statement(key: str) -> str:
    app, _, name = map(quote_literal, key.partition("."))
    return f"DELETE FROM django_migrations WHERE app = {app} AND name = {name};"  # noqa: S608
