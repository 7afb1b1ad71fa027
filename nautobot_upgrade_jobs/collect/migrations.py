"""Collect the migration files and the recorded migrations."""

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
    AddField,
    AlterUniqueTogether,
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
from ..facts.migrations import SchemaChangeKind as Kind
from ..upgrade.installed_packages import list_migration_files
from .context import Context, attempt
from .db.sql import list_recorded_migrations


def collect(context: Context) -> Migrations:
    """Read the migration files of the running code and the rows of ``django_migrations``."""
    # Without a connection, the loader runs no query and raises no InconsistentMigrationHistory.
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
        recorded=list_recorded_migrations(context.connection),
        app_labels=tuple(sorted(config.label for config in apps.get_app_configs())),
        unpackaged=dict(_find_unpackaged_migrations(loader)),
    )


def _invert_run_before(loader: MigrationLoader) -> Mapping[str, set[str]]:
    """Return, for each migration, the migrations that name it in their ``run_before``."""
    earlier: dict[str, set[str]] = defaultdict(set)
    for (app, name), migration in loader.disk_migrations.items():
        for later in _resolve_dependencies(loader, app, migration.run_before):
            earlier[later].add(f"{app}.{name}")
    return earlier


def _find_unpackaged_migrations(loader: MigrationLoader) -> Iterator[tuple[str, str]]:
    """Yield migrations that are in a distribution's folder but not part of it, with their files."""
    packaged = list_migration_files()
    # Editable installations list no migration files.
    folders = {path.parent for path in packaged}
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        path = Path(str(sys.modules[migration.__module__].__file__))
        if path.parent in folders and path not in packaged:
            yield f"{app}.{name}", str(path)


def _build_operation(app: str, operation: Operation) -> facts.Operation:
    changed = getattr(operation, "constraint", None) or getattr(operation, "index", None)
    is_named = isinstance(operation, IndexOperation) and not isinstance(operation, RenameIndex)
    return facts.Operation(
        kind=type(operation).__name__,
        changes=tuple(dict.fromkeys(_list_schema_changes(app, [operation]))),
        name=str(getattr(changed or operation, "name", "") or "") if is_named else "",
        unique_together=(
            tuple(sorted(map(tuple, operation.unique_together)))
            if isinstance(operation, AlterUniqueTogether)
            else None
        ),
        is_observable=_is_observable(app, operation),
    )


def _is_observable(app: str, operation: Operation) -> bool:
    """Return whether the schema shows all changes of an operation.

    An App that moves a model from another App changes only the models: the table exists before.
    """
    if not isinstance(operation, SeparateDatabaseAndState):
        return True
    in_schema = set(_list_schema_changes(app, operation.database_operations))
    return in_schema == set(_list_schema_changes(app, [operation]))


def _list_schema_changes(app: str, operations: Sequence[Operation]) -> Iterator[facts.SchemaChange]:
    """Yield the schema changes of operations, with table names of the running code.

    For a model that the running code lacks, the name is the one that Django gives by default.
    """
    table_name = partial(_resolve_table_name, app)
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            inner = [*operation.database_operations, *operation.state_operations]
            yield from _list_schema_changes(app, inner)
        elif isinstance(operation, RenameField):
            table = table_name(operation.model_name)
            yield facts.SchemaChange(Kind.RENAMED, table, operation.old_name, operation.new_name)
        elif isinstance(operation, FieldOperation):
            table = table_name(operation.model_name)
            if not getattr(operation.field, "many_to_many", False):
                fields = [(operation.name, operation.field)]
                yield facts.SchemaChange(
                    _field_change_kind(operation),
                    table,
                    operation.name,
                    constraints=(
                        tuple(_list_constraints(fields)) if isinstance(operation, AddField) else ()
                    ),
                )
            yield from _list_m2m_tables(table, [(operation.name, operation.field)])
        elif isinstance(operation, RenameModel):
            new_name = table_name(operation.new_name)
            yield facts.SchemaChange(
                Kind.RENAMED, table_name(operation.old_name), new_name=new_name
            )
        elif isinstance(operation, DeleteModel):
            yield facts.SchemaChange(Kind.REMOVED, table_name(operation.name))
        elif isinstance(operation, CreateModel):
            yield from _list_created_tables(table_name(operation.name), operation)
        elif isinstance(operation, (ModelOperation, IndexOperation)):
            model = getattr(operation, "model_name", "") or operation.name
            yield facts.SchemaChange(Kind.ALTERED, table_name(model))


def _list_created_tables(table: str, operation: CreateModel) -> Iterator[facts.SchemaChange]:
    """Yield the tables of a new model. Django creates none for a proxy or an unmanaged model."""
    if operation.options.get("proxy") or not operation.options.get("managed", True):
        return
    constraints = tuple(_list_constraints(operation.fields))
    yield facts.SchemaChange(Kind.ADDED, table, constraints=constraints)
    yield from _list_m2m_tables(table, operation.fields)


def _list_constraints(fields: Iterable[tuple[str, Field]]) -> Iterator[facts.FieldConstraint]:
    """Yield what Django adds for fields after their table or column, each by its own statement."""
    for name, field in fields:
        # Fields of Apps may lack any attribute, also because they are not bound to a model.
        if getattr(field, "many_to_many", False) or getattr(field, "primary_key", True):
            continue
        if getattr(field, "remote_field", None) and getattr(field, "db_constraint", False):
            yield facts.FieldConstraint(name, "foreign")
        if getattr(field, "unique", False):
            yield facts.FieldConstraint(name, "unique")
        elif getattr(field, "db_index", False) and not _is_never_indexed(field):
            yield facts.FieldConstraint(name, "index")


def _is_never_indexed(field: Field) -> bool:
    """Return whether Django creates no index for the type of a field, such as text on MySQL."""
    if field.remote_field:
        return False
    kind = attempt(lambda: field.db_type(connection), expected=Exception)
    return kind in getattr(connection, "_limited_data_types", ())


def _field_change_kind(operation: FieldOperation) -> facts.SchemaChangeKind:
    if isinstance(operation, AddField):
        return Kind.ADDED
    return Kind.REMOVED if isinstance(operation, RemoveField) else Kind.ALTERED


def _list_m2m_tables(
    table: str, fields: Iterable[tuple[str, Field]]
) -> Iterator[facts.SchemaChange]:
    """Yield the tables of many-to-many fields without a through model."""
    max_length = connection.ops.max_name_length()
    for name, field in fields:
        if getattr(field, "many_to_many", False) and not getattr(
            field.remote_field, "through", None
        ):
            m2m_table = getattr(field, "db_table", None) or truncate_name(
                f"{table}_{name}", max_length
            )
            yield facts.SchemaChange(Kind.ADDED, m2m_table)


def _resolve_table_name(app: str, model: str) -> str:
    try:
        return str(apps.get_model(app, model)._meta.db_table)
    except LookupError:
        return f"{app}_{model.lower()}"


def _resolve_dependencies(
    loader: MigrationLoader, app: str, dependencies: Iterable[tuple[str, str]]
) -> list[str]:
    """Return dependencies as keys, with ``__first__`` and ``__latest__`` resolved."""
    keys = []
    for label, name in dependencies:
        if name in ("__first__", "__latest__"):
            if label == app:
                continue  # Django ignores the dependency of an app on itself.
            names = sorted(key for app_label, key in loader.disk_migrations if app_label == label)
            if not names and label in {config.label for config in apps.get_app_configs()}:
                continue  # The app has no migrations.
            if not names:
                keys.append(f"{label}.{name}")
                continue  # The app does not exist, and Django refuses the dependency.
            name = names[0] if name == "__first__" else names[-1]
        keys.append(f"{label}.{name}")
    return keys
