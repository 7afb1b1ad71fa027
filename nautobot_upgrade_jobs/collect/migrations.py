"""Both sides of the migration history."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from django.apps import apps
from django.db import connection
from django.db.backends.utils import truncate_name
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameIndex,
    RenameModel,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOperation
from django.db.models import Field

from ..facts import Migrations
from ..facts import migrations as facts
from ..facts.migrations import Migration
from . import Context
from .db.sql import fetch_rows
from .support.distributions import list_migration_files


def collect(context: Context) -> Migrations:
    """Read the migration files of the running code and the rows of ``django_migrations``."""
    # Without a connection the loader neither queries nor raises about an inconsistent history.
    loader = MigrationLoader(None, ignore_no_migrations=True, load=False)
    loader.load_disk()
    earlier = _invert_run_before(loader)
    return Migrations(
        on_disk=tuple(
            Migration(
                key=f"{app}.{name}",
                dependencies=tuple(
                    sorted(
                        {
                            *_resolve_dependencies(loader, app, migration.dependencies),
                            *earlier[f"{app}.{name}"],
                        }
                    )
                ),
                replaces=tuple(f"{label}.{name}" for label, name in migration.replaces),
                operations=tuple(map(partial(_build_operation, app), migration.operations)),
            )
            for (app, name), migration in sorted(loader.disk_migrations.items())
        ),
        recorded=tuple(
            f"{app}.{name}"
            for app, name in fetch_rows(
                context.connection, "SELECT app, name FROM django_migrations ORDER BY id"
            )
        ),
        app_labels=tuple(sorted(config.label for config in apps.get_app_configs())),
        unpackaged=dict(_find_unpackaged_migrations(loader)),
    )


def _invert_run_before(loader: MigrationLoader) -> Mapping[str, set[str]]:
    """Return the migrations that others want to run before, with these others."""
    earlier: dict[str, set[str]] = defaultdict(set)
    for (app, name), migration in loader.disk_migrations.items():
        for later in _resolve_dependencies(loader, app, migration.run_before):
            earlier[later].add(f"{app}.{name}")
    return earlier


def _find_unpackaged_migrations(loader: MigrationLoader) -> Iterator[tuple[str, str]]:
    """Yield migrations that somebody put into the folder of a distribution, with their files."""
    brought = list_migration_files()
    folders = {path.parent for path in brought}  # not those of an editable installation
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        path = Path(str(sys.modules[migration.__module__].__file__))
        if path.parent in folders and path not in brought:
            yield f"{app}.{name}", str(path)


def _build_operation(app: str, one: Operation) -> facts.Operation:
    name = getattr(one, "constraint", None) or getattr(one, "index", None) or one
    named = isinstance(one, IndexOperation) and not isinstance(one, RenameIndex)
    return facts.Operation(
        kind=type(one).__name__,
        changes=tuple(dict.fromkeys(_list_schema_changes(app, [one]))),
        name=str(getattr(name, "name", "") or "") if named else "",
    )


def _list_schema_changes(app: str, operations: Sequence[Operation]) -> Iterator[str]:
    """Yield what the operations alter, by the names that tables have today or would have."""
    for one in operations:
        if isinstance(one, SeparateDatabaseAndState):
            yield from _list_schema_changes(app, [*one.database_operations, *one.state_operations])
        elif isinstance(one, RenameField):
            table = _resolve_table_name(app, one.model_name)
            yield f"{table}.{one.old_name}>{table}.{one.new_name}"
        elif isinstance(one, FieldOperation):
            table, gone = _resolve_table_name(app, one.model_name), isinstance(one, RemoveField)
            if not getattr(one.field, "many_to_many", False):
                yield f"{'-' if gone else ''}{table}.{one.name}"
            yield from _list_m2m_tables(table, [(one.name, one.field)])
        elif isinstance(one, RenameModel):
            yield (
                f"{_resolve_table_name(app, one.old_name)}>{_resolve_table_name(app, one.new_name)}"
            )
        elif isinstance(one, DeleteModel):
            yield f"-{_resolve_table_name(app, one.name)}"
        elif isinstance(one, CreateModel):
            yield _resolve_table_name(app, one.name)
            yield from _list_m2m_tables(_resolve_table_name(app, one.name), one.fields)
        elif isinstance(one, (ModelOperation, IndexOperation)):
            yield f"{_resolve_table_name(app, getattr(one, 'model_name', '') or one.name)}."


def _list_m2m_tables(table: str, fields: Iterable[tuple[str, Field]]) -> Iterator[str]:
    """Yield the tables that many-to-many fields have of their own."""
    longest = connection.ops.max_name_length()
    for name, field in fields:
        if getattr(field, "many_to_many", False) and not getattr(
            field.remote_field, "through", None
        ):
            yield getattr(field, "db_table", None) or truncate_name(f"{table}_{name}", longest)


def _resolve_table_name(app: str, model: str) -> str:
    try:
        return str(apps.get_model(app, model)._meta.db_table)
    except LookupError:
        return f"{app}_{model.lower()}"


def _resolve_dependencies(
    loader: MigrationLoader, app: str, dependencies: Iterable[tuple[str, str]]
) -> list[str]:
    """Return dependencies as keys; ``__first__`` and ``__latest__`` become the file they mean."""
    found = []
    for label, name in dependencies:
        if name in ("__first__", "__latest__"):
            if label == app:
                continue  # Django ignores a dependency of an App on itself
            names = sorted(key for lbl, key in loader.disk_migrations if lbl == label)
            if not names and label in {config.label for config in apps.get_app_configs()}:
                continue  # an App without migrations
            if not names:
                found.append(f"{label}.{name}")
                continue  # an App that is not there: Django refuses this
            name = names[0] if name == "__first__" else names[-1]
        found.append(f"{label}.{name}")
    return found
