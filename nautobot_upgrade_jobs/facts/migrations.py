"""Migration files and recorded migrations."""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import TextEnum


class SchemaChangeKind(TextEnum):
    """The effect of an operation on a table or a field."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    ALTERED = "altered"


@dataclass(frozen=True)
class FieldConstraint:
    """A constraint or an index that belongs to an added field."""

    field: str
    kind: str
    """``foreign``, ``unique`` or ``index``."""


@dataclass(frozen=True)
class SchemaChange:
    """One change of the schema by an operation."""

    kind: SchemaChangeKind
    table: str
    column: str = ""
    """Name of the model field. Empty if the change is about the table itself. An altered table has
    changed indexes, constraints or options."""
    new_name: str = ""
    """New name of a renamed table or field."""
    constraints: tuple[FieldConstraint, ...] = ()
    """Constraints and indexes of the fields that are added."""

    @property
    def name(self) -> str:
        """``table`` or ``table.field``. For a rename, the name before it."""
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def is_about_table(self) -> bool:
        """Whether the whole table is added, removed or renamed."""
        return not self.column and self.kind is not SchemaChangeKind.ALTERED


@dataclass(frozen=True)
class Operation:
    """One operation of a migration and its schema changes."""

    kind: str
    """Class of the operation, such as ``AddField``."""
    changes: tuple[SchemaChange, ...] = ()
    name: str = ""
    """Name of the added or removed index or constraint, if the code names it."""
    unique_together: tuple[tuple[str, ...], ...] | None = None
    """The sets of fields that are unique afterwards. None if the operation does not set them."""
    is_observable: bool = True
    """False if some of the changes exist only in the models, not in the schema."""


@dataclass(frozen=True)
class Migration:
    """One migration file of an installed App."""

    key: str
    """``app_label.name``."""
    dependencies: tuple[str, ...]
    """Keys of the migrations it depends on, with ``__first__`` and ``__latest__`` resolved."""
    replaces: tuple[str, ...]
    operations: tuple[Operation, ...] = ()

    @property
    def changes(self) -> tuple[SchemaChange, ...]:
        """The changes of all operations of the migration, each once."""
        return tuple(
            dict.fromkeys(change for operation in self.operations for change in operation.changes)
        )

    @property
    def app_label(self) -> str:
        """Label of the app."""
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class Migrations:
    """The migration files, and the migrations that the database records as applied."""

    on_disk: tuple[Migration, ...]
    recorded: tuple[str, ...]
    """Keys in ``django_migrations``, in the order of recording."""
    app_labels: tuple[str, ...]
    """Labels of all enabled Django apps, including those without migrations."""
    unpackaged: dict[str, str] = field(default_factory=dict)
    """By key: the file of a migration in the folder of a distribution that does not contain it."""
