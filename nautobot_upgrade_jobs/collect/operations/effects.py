"""The columns that the Python or SQL code of a migration may write."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ...facts.migration_code import CodeRequirement
from ...facts.preconditions import PreconditionKind


@dataclass
class CodeEffects:
    """The columns that code may write, according to its source text."""

    fields: set[str] = field(default_factory=set)
    """Names of the fields or columns that the code assigns, of any model."""
    bound_fields: set[tuple[str, str]] = field(default_factory=set)
    """Fields that the code assigns by an update of all rows of one model: model, field."""
    writes_unknown_fields: bool = False
    """Whether the code also writes fields that its text does not name."""
    adds_rows: bool = False
    deletes_rows: bool = False
    changes_relations: bool = False
    """Whether the code may change a many-to-many relation."""
    saves: bool = False
    changes_schema: bool = False
    raises: list[str] = field(default_factory=list)
    """The exceptions that its own statements raise, each with the conditions around it."""

    requirements: list[CodeRequirement] = field(default_factory=list)
    """The rows and values without which its own statements stop."""

    @property
    def changes_rows(self) -> bool:
        """Whether the code may change or delete existing rows."""
        return self.saves or self.deletes_rows or self.writes_unknown_fields

    @property
    def may_change_rows(self) -> bool:
        """Whether the code may change which rows satisfy a precondition."""
        return self.changes_rows or self.adds_rows

    @property
    def writes(self) -> bool:
        """Whether the code may write anything."""
        return self.changes_rows or self.adds_rows or self.changes_relations

    def add(self, other: CodeEffects) -> None:
        """Add what other code may write and raise."""
        self.fields |= other.fields
        self.bound_fields |= other.bound_fields
        self.writes_unknown_fields |= other.writes_unknown_fields
        self.adds_rows |= other.adds_rows
        self.deletes_rows |= other.deletes_rows
        self.changes_relations |= other.changes_relations
        self.saves |= other.saves
        self.changes_schema |= other.changes_schema
        self.raises += other.raises
        self.requirements += other.requirements

    @property
    def field_names(self) -> set[str]:
        """The names of all fields that the code assigns."""
        return self.fields | {name for _, name in self.bound_fields}

    def may_fix(
        self,
        kind: PreconditionKind,
        names: Iterable[str],
        models: Collection[str] = (),
        *,
        with_deletions: bool = True,
    ) -> bool:
        """Return whether the code may change rows so that they satisfy a precondition.

        Args:
            kind: The kind of the precondition.
            names: The names of its fields and columns.
            models: The names of its model, in lower case. Empty if any model may be meant.
            with_deletions: Whether to count the removal of rows.
        """
        if self.writes_unknown_fields or (with_deletions and self.deletes_rows):
            return True
        if kind is PreconditionKind.FOREIGN_KEY and self.adds_rows:
            return True
        fields = self.fields | {
            name for model, name in self.bound_fields if not models or model in models
        }
        return not fields.isdisjoint(names)
