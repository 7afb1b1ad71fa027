"""Statements that make a difference of the schema undone; shown, never run."""

from __future__ import annotations

from ..facts.models import ModelColumn, ModelTable
from .structure import SchemaDifference


def repair(one: SchemaDifference, model: ModelTable, vendor: str) -> tuple[str, ...]:
    """Return the statements that bring back what the migrations made, for a server of a vendor."""
    writer = _PostgreSQL() if vendor == "postgresql" else _MySQL()
    column = next((each for each in model.columns if each.name == one.subject), None)
    if one.what == "table":
        return (model.sql, *(key.sql for key in model.keys if _beside_the_table(key.kind)))
    if one.what == "column":
        return writer.drop_column(one) if column is None else writer.add_column(one.table, column)
    if column is not None:
        return (writer.alter_column(one.table, column, one.what),)
    if one.how == "invalid":
        return (writer.rebuild(one),)
    if one.how == "not validated":
        return (writer.validate(one),)
    statements = () if one.key is None else (one.key.sql,)
    if one.how in ("extra", "other"):
        return (writer.drop_key(one), *statements)
    return statements


def _beside_the_table(kind: str) -> bool:
    """Tell whether a key is no part of CREATE TABLE; its checks and primary key are."""
    return kind in ("index", "foreign")


class _PostgreSQL:
    """How PostgreSQL says it."""

    @staticmethod
    def quote(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def add_column(self, table: str, column: ModelColumn) -> tuple[str, ...]:
        place = f"ALTER TABLE {self.quote(table)}"
        name = self.quote(column.name)
        added = f"{place} ADD COLUMN {name} {column.type};"
        if column.nullable:
            return (added,)
        filled = f"UPDATE {self.quote(table)} SET {name} = …;"  # noqa: S608 - shown, never run
        return (added, filled, self.alter_column(table, column, "nullability"))

    def drop_column(self, one: SchemaDifference) -> tuple[str, ...]:
        return (f"ALTER TABLE {self.quote(one.table)} DROP COLUMN {self.quote(one.subject)};",)

    def alter_column(self, table: str, column: ModelColumn, what: str) -> str:
        name = self.quote(column.name)
        place = f"ALTER TABLE {self.quote(table)} ALTER COLUMN {name}"
        if what == "type":
            return f"{place} TYPE {column.type} USING {name}::{column.type};"
        return f"{place} {'DROP' if column.nullable else 'SET'} NOT NULL;"

    def drop_key(self, one: SchemaDifference) -> str:
        if one.what == "index" or one.found.startswith("CREATE "):
            return f"DROP INDEX {self.quote(one.subject)};"
        return f"ALTER TABLE {self.quote(one.table)} DROP CONSTRAINT {self.quote(one.subject)};"

    def rebuild(self, one: SchemaDifference) -> str:
        return f"REINDEX INDEX {self.quote(one.subject)};"

    def validate(self, one: SchemaDifference) -> str:
        return f"ALTER TABLE {self.quote(one.table)} VALIDATE CONSTRAINT {self.quote(one.subject)};"


class _MySQL(_PostgreSQL):
    """How MySQL says it."""

    @staticmethod
    def quote(name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def alter_column(self, table: str, column: ModelColumn, what: str) -> str:
        null = "NULL" if column.nullable else "NOT NULL"
        place = f"ALTER TABLE {self.quote(table)} MODIFY {self.quote(column.name)}"
        return f"{place} {column.type} {null};"

    def drop_key(self, one: SchemaDifference) -> str:
        kind = {"foreign": "FOREIGN KEY", "check": "CHECK"}.get(one.what, "INDEX")
        return f"ALTER TABLE {self.quote(one.table)} DROP {kind} {self.quote(one.subject)};"

    def rebuild(self, one: SchemaDifference) -> str:
        return f"ALTER TABLE {self.quote(one.table)} ENGINE = InnoDB;"

    def validate(self, one: SchemaDifference) -> str:
        return (
            f"ALTER TABLE {self.quote(one.table)} ALTER CHECK {self.quote(one.subject)} ENFORCED;"
        )
