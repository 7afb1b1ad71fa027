"""Migrations on disk and migrations recorded."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Operation:
    """One operation of a migration, and what of the schema it alters."""

    kind: str
    """Its class, such as ``AddField``."""
    changes: tuple[str, ...] = ()
    """``table`` or ``table.field`` that comes or is altered, with ``-`` before what goes and
    ``old>new`` for another name; ``table.`` for an index or a constraint."""
    name: str = ""
    """Of the index or the constraint that it adds or removes, where the code names it."""


@dataclass(frozen=True)
class Migration:
    """One migration file of an installed App."""

    key: str
    """``app_label.name``."""
    dependencies: tuple[str, ...]
    """Keys it depends on; ``__first__`` and ``__latest__`` already resolved."""
    replaces: tuple[str, ...]
    operations: tuple[Operation, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """What its operations alter, all together."""
        return tuple(sorted({change for one in self.operations for change in one.changes}))

    @property
    def app_label(self) -> str:
        """The App's label."""
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class Migrations:
    """Both sides of the migration history."""

    on_disk: tuple[Migration, ...]
    recorded: tuple[str, ...]
    """Keys in ``django_migrations``, in the order they were recorded."""
    app_labels: tuple[str, ...]
    """Labels of all enabled Django apps, those without migrations included."""
    unpackaged: dict[str, str] = field(default_factory=dict)
    """Keys of migrations to their files, that lie in the folder of a distribution that did not
    bring them."""
