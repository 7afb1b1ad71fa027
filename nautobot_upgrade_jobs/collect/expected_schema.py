"""Collect missing migrations, and the schema that the applied migrations should have created.

Only the recorded migrations are read from the database.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from ..facts import ExpectedSchema, Unavailable
from ..facts.expected_schema import ExpectedTable
from .context import Context, attempt
from .db.django_patches import use_nautobot_deconstruct
from .operations.expected_tables import build_expected_tables

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


_computed: dict[Hashable, ExpectedSchema] = {}
"""The last result, by what it depends on. A worker process runs many Jobs."""


def collect(context: Context) -> ExpectedSchema:
    """Compute missing migrations and expected tables from the running code's migration files."""
    connection = context.connection
    loader = MigrationLoader(connection, ignore_no_migrations=True)
    applied = [key for key in loader.graph.nodes if key in loader.applied_migrations]
    code = frozenset((key, type(migration)) for key, migration in loader.graph.nodes.items())
    server = (connection.vendor, connection.get_database_version())
    dependencies = (code, frozenset(applied), server)
    if dependencies in _computed:
        return _computed[dependencies]
    newest = loader.project_state()
    missing = _detect_missing_migrations(loader, newest)
    tables = _build_expected_tables(loader, newest, applied, connection)
    _computed.clear()
    computed = ExpectedSchema(missing, tables)
    if not isinstance(missing, Unavailable) and not isinstance(tables, Unavailable):
        _computed[dependencies] = computed
    return computed


def _detect_missing_migrations(
    loader: MigrationLoader, newest: ProjectState
) -> dict[str, tuple[str, ...]] | Unavailable:
    """Return the operations that ``makemigrations`` would write."""
    if conflicts := loader.detect_conflicts():
        return Unavailable(f"conflicting leaf nodes in {', '.join(sorted(conflicts))}")
    with use_nautobot_deconstruct():
        detector = MigrationAutodetector(newest, ProjectState.from_apps(apps))
        changes = detector.changes(graph=loader.graph)
    return {
        label: tuple(
            operation.describe() for migration in migrations for operation in migration.operations
        )
        for label, migrations in sorted(changes.items())
    }


def _build_expected_tables(
    loader: MigrationLoader,
    newest: ProjectState,
    applied: Collection[tuple[str, str]],
    connection: BaseDatabaseWrapper,
) -> dict[str, ExpectedTable] | Unavailable:
    """Return the definitions of all tables after the applied migrations, by name."""

    def build() -> dict[str, ExpectedTable]:
        complete = len(applied) == len(loader.graph.nodes)
        state = newest if complete else loader.project_state(applied)
        return dict(build_expected_tables(state.apps, connection))

    tables = attempt(build, expected=Exception)
    if isinstance(tables, Unavailable):
        reason = f"the state of the applied migrations cannot be built: {tables.reason}"
        return Unavailable(reason)
    return tables
