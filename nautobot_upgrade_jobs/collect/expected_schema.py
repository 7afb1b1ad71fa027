"""Models beside migrations, and the schema that the applied migrations should have made.

Nothing is asked of the server but which migrations are recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from nautobot.core.management.commands import custom_deconstruct

from ..facts import ExpectedSchema, Unavailable
from ..facts.expected_schema import ExpectedTable
from . import Context, explain
from .operations.expected_tables import build_expected_tables

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def collect(context: Context) -> ExpectedSchema:
    """Compute both from the files of the running code."""
    loader = MigrationLoader(context.connection, ignore_no_migrations=True)
    newest = loader.project_state()
    return ExpectedSchema(
        missing_migrations=_detect_missing_migrations(loader, newest),
        tables=_build_expected_tables(loader, newest, context.connection),
    )


def _detect_missing_migrations(
    loader: MigrationLoader, newest: ProjectState
) -> dict[str, tuple[str, ...]] | Unavailable:
    """Return what ``makemigrations`` would write."""
    if conflicts := loader.detect_conflicts():
        return Unavailable(f"conflicting leaf nodes in {', '.join(sorted(conflicts))}")
    with _use_nautobot_deconstruct():
        detector = MigrationAutodetector(newest, ProjectState.from_apps(apps))
        found = detector.changes(graph=loader.graph)
    return {
        label: tuple(one.describe() for migration in migrations for one in migration.operations)
        for label, migrations in sorted(found.items())
    }


@contextmanager
def _use_nautobot_deconstruct() -> Iterator[None]:
    """Let this thread compare fields as Nautobot's ``makemigrations`` does.

    That leaves out choices, help texts and names for people; by plain Django's rules a pristine
    3.2.7 has 516 changes.
    """
    thread, deconstruct = get_ident(), models.Field.deconstruct

    def by_thread(field: models.Field[Any, Any]) -> Any:
        return custom_deconstruct(field) if get_ident() == thread else deconstruct(field)

    models.Field.deconstruct = by_thread
    try:
        yield
    finally:
        models.Field.deconstruct = deconstruct


def _build_expected_tables(
    loader: MigrationLoader, newest: ProjectState, connection: BaseDatabaseWrapper
) -> dict[str, ExpectedTable] | Unavailable:
    """Return all tables of the state that the applied migrations lead to."""
    applied = [key for key in loader.graph.nodes if key in loader.applied_migrations]
    try:
        finished = len(applied) == len(loader.graph.nodes)
        state = newest if finished else loader.project_state(applied)
        return dict(build_expected_tables(state.apps, connection))
    except Exception as error:  # noqa: BLE001 - a state that cannot be built is a fact
        return Unavailable(f"the state of the applied migrations cannot be built: {explain(error)}")
