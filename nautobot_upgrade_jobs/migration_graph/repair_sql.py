"""Statements that make a difference of the schema undone; shown, never run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..facts.expected_schema import ExpectedColumn, ExpectedConstraint, ExpectedTable
from ..facts.migrations import Operation
from .schema_diff import LiveTable, SchemaDifference


def repair(one: SchemaDifference, model: ExpectedTable, vendor: str) -> tuple[str, ...]:
    """Return the statements that bring back what the migrations made, for a server of a vendor."""
    writer = _PostgreSQL() if vendor == "postgresql" else _MySQL()
    column = next((each for each in model.columns if each.name == one.subject), None)
    if one.what == "table":
        return (model.sql, *(key.sql for key in model.constraints if _beside_the_table(key, model)))
    if one.what == "column":
        if column is None:
            return (writer.drop_column(one.table, one.subject),)
        keys = [key for key in model.constraints if _is_over(key, column.name)]
        return (*writer.add_column(one.table, column), *(key.sql for key in keys))
    if column is not None:
        return (writer.alter_column(one.table, column, one.what),)
    if one.how == "invalid":
        return (writer.rebuild(one),)
    if one.how == "not validated":
        return (writer.validate(one),)
    statements = () if one.key is None else (one.key.sql,)
    if one.how in ("extra", "other"):
        is_index = one.what == "index" or one.found.startswith("CREATE ")
        return (writer.drop_key(one.table, one.subject, one.what, is_index), *statements)
    return statements


def taken_back(
    done: Sequence[Operation], live: Mapping[str, LiveTable], filled: Collection[str], vendor: str
) -> tuple[str, ...]:
    """Return the statements that take back operations which only made something new.

    Args:
        done: The operations.
        live: The schema.
        filled: Tables that hold rows, and must not be dropped.
        vendor: Of the database server.

    Returns:
        The statements, the last operation first; nothing if one removed or renamed something, or
        made a table that holds rows by now.
    """
    writer = _PostgreSQL() if vendor == "postgresql" else _MySQL()
    statements: list[str] = []
    for one in reversed(done):
        tables = [change for change in one.changes if "." not in change]
        for change in tables or one.changes:
            if ">" in change or change.startswith("-") or one.kind.startswith("Remove"):
                return ()
            table, dot, field = change.partition(".")
            if not dot and table in filled:
                return ()
            if not dot:
                statements.append(f"DROP TABLE {writer.quote(table)};")
            elif one.name:
                key = live[table].key(one.name)
                is_index = key.text.startswith("CREATE ")
                statements.append(writer.drop_key(table, key.name, key.kind, is_index))
            else:
                statements += writer.take_column(table, live[table].column_of(field), live[table])
    return tuple(statements)


def _beside_the_table(key: ExpectedConstraint, model: ExpectedTable) -> bool:
    """Tell whether a key is no part of CREATE TABLE."""
    if key.kind == "unique":
        return (key.identified_by_name or len(key.columns) > 1) and f'"{key.name}"' not in model.sql
    return key.kind in ("index", "foreign")


def _is_over(key: ExpectedConstraint, column: str) -> bool:
    return any(name.partition(" ")[0] == column for name in key.columns)


class _PostgreSQL:
    """How PostgreSQL says it."""

    @staticmethod
    def quote(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def add_column(self, table: str, column: ExpectedColumn) -> tuple[str, ...]:
        place = f"ALTER TABLE {self.quote(table)}"
        name = self.quote(column.name)
        added = f"{place} ADD COLUMN {name} {column.type};"
        if column.nullable:
            return (added,)
        filled = f"UPDATE {self.quote(table)} SET {name} = …;"  # noqa: S608 - shown, never run
        return (added, filled, self.alter_column(table, column, "nullability"))

    def drop_column(self, table: str, column: str) -> str:
        return f"ALTER TABLE {self.quote(table)} DROP COLUMN {self.quote(column)};"

    def take_column(self, table: str, column: str, live: LiveTable) -> tuple[str, ...]:
        """Drop a column with what hangs on it; PostgreSQL does so by itself."""
        return (self.drop_column(table, column),)

    def alter_column(self, table: str, column: ExpectedColumn, what: str) -> str:
        name = self.quote(column.name)
        place = f"ALTER TABLE {self.quote(table)} ALTER COLUMN {name}"
        if what == "type":
            return f"{place} TYPE {column.type} USING {name}::{column.type};"
        return f"{place} {'DROP' if column.nullable else 'SET'} NOT NULL;"

    def drop_key(self, table: str, name: str, kind: str, is_index: bool) -> str:
        if is_index:
            return f"DROP INDEX {self.quote(name)};"
        return f"ALTER TABLE {self.quote(table)} DROP CONSTRAINT {self.quote(name)};"

    def rebuild(self, one: SchemaDifference) -> str:
        return f"REINDEX INDEX {self.quote(one.subject)};"

    def validate(self, one: SchemaDifference) -> str:
        return f"ALTER TABLE {self.quote(one.table)} VALIDATE CONSTRAINT {self.quote(one.subject)};"


class _MySQL(_PostgreSQL):
    """How MySQL says it."""

    @staticmethod
    def quote(name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def alter_column(self, table: str, column: ExpectedColumn, what: str) -> str:
        null = "NULL" if column.nullable else "NOT NULL"
        place = f"ALTER TABLE {self.quote(table)} MODIFY {self.quote(column.name)}"
        return f"{place} {column.type} {null};"

    def take_column(self, table: str, column: str, live: LiveTable) -> tuple[str, ...]:
        keys = [key for key in live.keys if (key.kind, key.columns) == ("foreign", (column,))]
        first = tuple(self.drop_key(table, key.name, key.kind, False) for key in keys)
        return (*first, self.drop_column(table, column))

    def drop_key(self, table: str, name: str, kind: str, is_index: bool) -> str:
        word = {"foreign": "FOREIGN KEY", "check": "CHECK"}.get(kind, "INDEX")
        return f"ALTER TABLE {self.quote(table)} DROP {word} {self.quote(name)};"

    def rebuild(self, one: SchemaDifference) -> str:
        return f"ALTER TABLE {self.quote(one.table)} ENGINE = InnoDB;"

    def validate(self, one: SchemaDifference) -> str:
        return (
            f"ALTER TABLE {self.quote(one.table)} ALTER CHECK {self.quote(one.subject)} ENFORCED;"
        )
