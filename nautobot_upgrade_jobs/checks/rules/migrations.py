"""The migration history: is today's release fully and only what it says?"""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import Database, ExpectedSchema, Migrations, Schema, Tables, require
from ...migration_graph.history import History
from ...migration_graph.partial_migration import Progress, begun
from ...migration_graph.repair_sql import taken_back
from ...migration_graph.schema_diff import live_tables
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import plural, truncate_list

UPGRADING = "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/upgrading/"
RESTORE = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/"
    "database-backup/"
)


@check(stage="both")
def unapplied(migrations: Migrations) -> Iterator[Finding]:
    """All migrations of the installed code are applied.

    Why: the last upgrade did not finish; the next one would do two steps in one, and a failure
        could belong to either.
    Fix: finish the last upgrade with `nautobot-server post_upgrade`, then look again.
    """
    missing = History(migrations).unapplied
    if missing:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="django_migrations",
            message=f"{plural(len(missing), 'migration')} of the installed release not applied.",
            remediation="Take a backup, finish the upgrade that they belong to, and run Preflight "
            "again. If new code was installed just now, do what target.database_behind_code says "
            "first.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=("nautobot-server post_upgrade",),
            evidence=truncate_list(missing),
            references=(UPGRADING,),
        )


@check(stage="both")
def unpackaged_files(migrations: Migrations) -> Iterator[Finding]:
    """Every migration came with the release of its App.

    Why: one that `makemigrations` has written into an installed package is in the way of those
        that the next release brings: two leaf nodes, or a column that is there already.
    Fix: take it back if it was applied, and delete its file. What it was made for is the App's
        bug, or a change of the schema that an App of one's own should make.
    """
    for key, path in migrations.unpackaged.items():
        app, _, name = key.partition(".")
        applied = key in migrations.recorded
        before = next(
            (
                parent.partition(".")[2]
                for one in migrations.on_disk
                if one.key == key
                for parent in one.dependencies
                if parent.startswith(f"{app}.")
            ),
            "zero",
        )
        back = (f"nautobot-server migrate {app} {before}",) if applied else ()
        yield Finding(
            severity=Severity.WARNING,
            subject=key,
            message=f"No release of its App has the migration {name}; "
            f"it {'was applied' if applied else 'is not applied'}.",
            remediation="Run the commands, after a backup: "
            + ("the first takes back what it did, with its data." if applied else "nothing has it.")
            + " Do not run makemigrations to silence a warning of Nautobot.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=(*back, f"rm {path}"),
            evidence=(path,),
            references=(UPGRADING,),
        )


@check(stage="verify")
def partially_applied(
    migrations: Migrations,
    schema: Schema,
    models: ExpectedSchema,
    tables: Tables,
    database: Database,
) -> Iterator[Finding]:
    """No migration is in the schema in part, or without its record.

    Why: on MySQL a migration that fails in the middle stays so, and the next `migrate` stops at
        what is there already ("table already exists"), which hides the first error.
    Fix: take back what it did, or do by hand what it did not, and let `migrate` go on.
    """
    history, live = History(migrations), live_tables(schema)
    filled = {table.name for table in tables.tables if table.rows}
    for one in begun(history, live, require(models.tables)):
        done = [one.migration.operations[place] for place in one.done]
        undo = taken_back(done, live, filled, database.vendor)
        whole = not one.left and (
            not one.unseen
            or database.vendor == "postgresql"  # it takes back what fails
            or history.has_applied_children(one.migration.key)
        )
        remedy, commands = _build_remediation(one, history, () if whole else undo, whole)
        unseen = f" {plural(one.unseen, 'operation')} of it cannot be seen in a schema."
        yield Finding(
            severity=Severity.BLOCKER,
            subject=one.migration.key,
            message=f"{one.migration.key} is not recorded as applied, but "
            f"{len(one.done)} of its {plural(len(one.migration.operations), 'operation')} "
            "can be seen in the schema" + (f", {len(one.left)} not." if one.left else "."),
            remediation=remedy + unseen * bool(one.unseen),
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=commands,
            evidence=truncate_list(tuple(_describe_operations(one))),
            references=(UPGRADING,),
        )


def _build_remediation(
    one: Progress, history: History, undo: tuple[str, ...], whole: bool
) -> tuple[str, tuple[str, ...]]:
    """Return what to do, and its commands.

    Args:
        one: How far it has come.
        history: What else is applied.
        undo: Statements that take it back; none if that cannot be done.
        whole: All of it is there.
    """
    app, _, name = one.migration.key.partition(".")
    record = f"nautobot-server migrate --fake {app} {name}"
    if history.has_applied_children(one.migration.key):  # migrate would reverse them
        record = (
            "INSERT INTO django_migrations (app, name, applied) "  # noqa: S608 - shown, never run
            f"VALUES ('{app}', '{name}', now());"
        )
    if whole:
        return (
            "All of it that can be seen is there. If its data operations ran, too, record it; if "
            "you do not know, restore the backup.",
            (record, "nautobot-server post_upgrade"),
        )
    if undo:
        return (
            "Take a backup. What it made is new: take it back by the statements below, in psql or "
            "mysql, and upgrade again. The first error that migrate prints then is the one to "
            "mend.",
            (*undo, "nautobot-server post_upgrade"),
        )
    return (
        "Restore the backup and begin again; or do by hand, in the order of sqlmigrate, what is "
        "left, and record the migration.",
        (f"nautobot-server sqlmigrate {app} {name}", record, "nautobot-server post_upgrade"),
    )


def _describe_operations(one: Progress) -> Iterator[str]:
    """Tell of each operation whether it is done."""
    for place, operation in enumerate(one.migration.operations):
        state = "done" if place in one.done else "left" if place in one.left else "cannot be seen"
        what = " ".join((operation.kind, *operation.changes, operation.name)).strip()
        yield f"{place + 1} of {len(one.migration.operations)}: {what}: {state}"


@check(stage="both")
def inconsistent_history(migrations: Migrations) -> Iterator[Finding]:
    """Every applied migration has its dependencies applied.

    Why: Django refuses to migrate such a history at all (InconsistentMigrationHistory); it comes
        from an App that was disabled during an upgrade and enabled again, or from faked rows.
    Fix: apply what is missing with the release that it belongs to, or restore a consistent backup.
    """
    for child, parent in History(migrations).inconsistencies:
        yield Finding(
            severity=Severity.BLOCKER,
            subject=f"{child} -> {parent}",
            message=f"{child} is applied, but {parent}, on which it depends, is not.",
            remediation="Find out which of the two is true of the schema. Do not fake a migration "
            "whose operations are not in the schema.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            commands=("nautobot-server showmigrations --plan",),
            references=("https://docs.djangoproject.com/en/5.2/topics/migrations/",),
        )


@check(stage="both")
def conflicting_leaf_nodes(migrations: Migrations) -> Iterator[Finding]:
    """Every App has one newest migration.

    Why: with two leaf nodes `migrate` stops with "Conflicting migrations detected"; the second one
        is usually made by `makemigrations` on the spot or left behind by a copied-over install.
    Fix: remove the file that the App's distribution does not own.
    """
    for app, leaves in History(migrations).conflicts:
        yield Finding(
            severity=Severity.BLOCKER,
            subject=app,
            message=f"The App {app} has {len(leaves)} leaf nodes: {', '.join(leaves)}.",
            remediation="Reinstall the App into a clean environment; delete migrations that were "
            "made locally.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            references=("https://docs.djangoproject.com/en/5.2/topics/migrations/",),
        )


@check(stage="both")
def database_ahead_of_code(migrations: Migrations, catalog: Catalog) -> Iterator[Finding]:
    """The database is not newer than the code.

    Why: `migrate --check` and `health_check` call old code on a newer schema healthy; it then fails
        on the first page that touches a changed table, and can write by the old rules.
    Fix: install the release that the database belongs to, or restore the backup of this release.
    """
    newer = tuple(sorted(set(History(migrations).unknown) & catalog.all_core_migrations))
    if newer:
        releases = catalog.match_releases(migrations.recorded)
        belongs = f"of Nautobot {releases[0]} to {releases[-1]}" if releases else "unknown"
        yield Finding(
            severity=Severity.BLOCKER,
            subject="database",
            message=f"The database holds {plural(len(newer), 'core migration')} that the installed "
            f"code does not have; its migration set is {belongs}.",
            remediation="Install the release that the database belongs to, or restore the backup "
            "that belongs to the installed release.",
            phase=Phase.RUNTIME,
            impact=Impact.OUTAGE,
            evidence=truncate_list(newer),
            references=(RESTORE,),
        )


@check(stage="both")
def recorded_without_file(migrations: Migrations, catalog: Catalog) -> Iterator[Finding]:
    """Every recorded migration of an enabled App exists on disk.

    Why: names that no release has come from a pre-release, a local `makemigrations` or a newer
        release of an App; a later migration can collide with what they did.
    Fix: find out where each comes from; install the App's matching release, or restore.
    """
    unknown = [key for key in History(migrations).unknown if key not in catalog.all_core_migrations]
    for app in sorted({key.partition(".")[0] for key in unknown}):
        names = tuple(key for key in unknown if key.partition(".")[0] == app)
        pre = sorted(
            {catalog.pre_release_names[key] for key in names if key in catalog.pre_release_names}
        )
        origin = f" They belong to the pre-release {', '.join(pre)}." if pre else ""
        yield Finding(
            severity=Severity.BLOCKER if app in catalog.core_apps else Severity.WARNING,
            subject=app,
            message=f"{plural(len(names), 'recorded migration')} of {app} on no disk here.{origin}",
            remediation="Install the release of the App that has them. If they were made locally "
            "and their files are gone for good, run Verify Migrations: if schema.drift finds no "
            "difference, nothing is left of them but their records, which the statements remove.",
            phase=Phase.MIGRATE,
            impact=Impact.UNKNOWN,
            commands=tuple(map(_delete_record_statement, names)),
            evidence=truncate_list(names),
            references=(UPGRADING,),
        )


def _delete_record_statement(key: str) -> str:
    app, _, name = (part.replace("'", "''") for part in key.partition("."))
    return f"DELETE FROM django_migrations WHERE app = '{app}' AND name = '{name}';"  # noqa: S608
