"""Both sides of the migration history."""

from __future__ import annotations

from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from ..facts import Migrations
from ..facts.migrations import Migration
from . import Context
from .sql import rows


def collect(context: Context) -> Migrations:
    """Read the migration files of the running code and the rows of ``django_migrations``."""
    # Without a connection the loader neither queries nor raises about an inconsistent history.
    loader = MigrationLoader(None, ignore_no_migrations=True, load=False)
    loader.load_disk()
    return Migrations(
        on_disk=tuple(
            Migration(
                key=f"{app}.{name}",
                dependencies=tuple(sorted(_resolved(loader, app, migration.dependencies))),
                replaces=tuple(f"{label}.{name}" for label, name in migration.replaces),
            )
            for (app, name), migration in sorted(loader.disk_migrations.items())
        ),
        recorded=tuple(
            f"{app}.{name}"
            for app, name in rows(
                context.connection, "SELECT app, name FROM django_migrations ORDER BY id"
            )
        ),
        labels=tuple(sorted(config.label for config in apps.get_app_configs())),
    )


def _resolved(loader: MigrationLoader, app: str, dependencies: list[tuple[str, str]]) -> list[str]:
    """Return dependencies as keys; ``__first__`` and ``__latest__`` become the file they mean."""
    found = []
    for label, name in dependencies:
        if name in ("__first__", "__latest__"):
            if label == app:
                continue  # Django ignores a dependency of an App on itself
            names = sorted(key for lbl, key in loader.disk_migrations if lbl == label)
            if not names:
                continue  # an App without migrations
            name = names[0] if name == "__first__" else names[-1]
        found.append(f"{label}.{name}")
    return found
