"""Build SQL statements that repair a schema. They are only displayed, never run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from ..facts.expected_schema import ExpectedColumn, ExpectedConstraint, ExpectedTable
from ..facts.migrations import Operation, SchemaChange, SchemaChangeKind
from ..facts.schema_conflicts import ObjectKind, SchemaObject
from .schema_diff import ActualTable, SchemaDrift

OLD_SUFFIX = "_before_upgrade"
"""Suffix of the name of an object that makes room for a pending migration."""
DESTRUCTIVE_CHANGES = (SchemaChangeKind.REMOVED, SchemaChangeKind.RENAMED)


def repair_statements(drift: SchemaDrift, model: ExpectedTable, vendor: str) -> tuple[str, ...]:
    """Return the statements that restore the expected schema, for the database vendor."""
    writer = _PostgresWriter() if vendor == "postgresql" else _MysqlWriter()
    column = next((each for each in model.columns if each.name == drift.subject), None)
    if drift.aspect == "table":
        if drift.kind != "missing":
            return ()
        separate = (each.sql for each in model.constraints if _needs_own_statement(each, model))
        return (model.sql, *separate)
    if drift.aspect == "column":
        if drift.blocks_inserts:
            nullable = ExpectedColumn(drift.subject, drift.actual.removesuffix(" not null"), True)
            return (writer.alter_column(drift.table, nullable, "nullability"),)
        if column is None:
            return (writer.drop_column(drift.table, drift.subject),)
        constraints = [each for each in model.constraints if _covers_column(each, column.name)]
        return (
            *writer.add_column(drift.table, column),
            *(constraint.sql for constraint in constraints),
        )
    if column is not None:
        return (writer.alter_column(drift.table, column, drift.aspect),)
    return _constraint_statements(drift, writer)


def _constraint_statements(drift: SchemaDrift, writer: _PostgresWriter) -> tuple[str, ...]:
    if drift.kind == "invalid":
        return (writer.rebuild(drift),)
    if drift.kind == "not validated":
        return (writer.validate(drift),)
    statements = () if drift.constraint is None else (drift.constraint.sql,)
    if drift.kind in ("extra", "other"):
        drop = writer.drop_constraint(drift.table, drift.subject, drift.aspect, drift.is_index)
        return (drop, *statements)
    return statements


def undo_statements(
    applied: Sequence[Operation],
    actual: Mapping[str, ActualTable],
    tables_with_rows: Collection[str],
    vendor: str,
) -> tuple[str, ...]:
    """Return the statements that undo operations. Nothing that was removed can be undone.

    Args:
        applied: The operations to undo.
        actual: The actual schema.
        tables_with_rows: Tables that contain rows. They must not be dropped.
        vendor: Vendor of the database server.

    Returns:
        The statements, the last operation first. Empty if an operation has removed or renamed
        something, or has created a table that contains rows.
    """
    writer = _PostgresWriter() if vendor == "postgresql" else _MysqlWriter()
    statements: list[str] = []
    for operation in reversed(applied):
        changes = _changes_to_undo(operation)
        if not all(_can_undo(operation, change, tables_with_rows) for change in changes):
            return ()
        for change in changes:
            statements += _undo_change(operation, change, actual, writer)
    return tuple(statements)


def rename_statements(target: SchemaObject, vendor: str) -> tuple[str, ...]:
    """Return the statements that give an object another name, so that its name is free.

    Args:
        target: The object that has the name.
        vendor: ``postgresql`` or ``mysql``.

    Returns:
        Empty if the server cannot rename an object of this kind.
    """
    writer = _PostgresWriter() if vendor == "postgresql" else _MysqlWriter()
    name = target.name or target.table
    new_name = f"{name[: writer.max_name_length - len(OLD_SUFFIX)]}{OLD_SUFFIX}"
    if target.kind not in writer.renames:
        return ()
    table, name, new_name = map(writer.quote, (target.table, name, new_name))
    return (writer.renames[target.kind].format(table=table, name=name, new=new_name),)


def _changes_to_undo(operation: Operation) -> Sequence[SchemaChange]:
    """Return the changes of whole tables, or all changes if no whole table changes."""
    tables = [change for change in operation.changes if change.is_about_table]
    return tables or operation.changes


def _can_undo(
    operation: Operation, change: SchemaChange, tables_with_rows: Collection[str]
) -> bool:
    if change.kind in DESTRUCTIVE_CHANGES or operation.kind.startswith("Remove"):
        return False
    if operation.unique_together is not None:  # It can have removed a constraint.
        return False
    return not (change.is_about_table and change.table in tables_with_rows)


def _undo_change(
    operation: Operation,
    change: SchemaChange,
    actual: Mapping[str, ActualTable],
    writer: _PostgresWriter,
) -> Iterator[str]:
    table = change.table
    if change.is_about_table:
        yield f"DROP TABLE {writer.quote(table)};"
    elif operation.name:
        constraint = actual[table].constraint(operation.name)
        kind, is_index = constraint.kind, constraint.is_index
        yield writer.drop_constraint(table, constraint.name, kind, is_index)
    else:
        column = actual[table].column_of(change.column)
        yield from writer.drop_column_with_constraints(table, column, actual[table])


def _needs_own_statement(constraint: ExpectedConstraint, model: ExpectedTable) -> bool:
    """Return whether CREATE TABLE does not contain a constraint."""
    if constraint.kind == "unique":
        is_separate = constraint.identified_by_name or len(constraint.columns) > 1
        return is_separate and f'"{constraint.name}"' not in model.sql
    return constraint.kind in ("index", "foreign")


def _covers_column(constraint: ExpectedConstraint, column: str) -> bool:
    return any(name.partition(" ")[0] == column for name in constraint.columns)


class _PostgresWriter:
    """Statements for PostgreSQL."""

    max_name_length = 63
    renames: Mapping[ObjectKind, str] = MappingProxyType(
        {
            ObjectKind.TABLE: "ALTER TABLE {table} RENAME TO {new};",
            ObjectKind.COLUMN: "ALTER TABLE {table} RENAME COLUMN {name} TO {new};",
            ObjectKind.INDEX: "ALTER INDEX {name} RENAME TO {new};",
            ObjectKind.CONSTRAINT: "ALTER TABLE {table} RENAME CONSTRAINT {name} TO {new};",
            # Also for a materialized view, which ALTER VIEW refuses.
            ObjectKind.VIEW: "ALTER TABLE {table} RENAME TO {new};",
            ObjectKind.SEQUENCE: "ALTER SEQUENCE {name} RENAME TO {new};",
            ObjectKind.FOREIGN_TABLE: "ALTER FOREIGN TABLE {name} RENAME TO {new};",
            ObjectKind.TYPE: "ALTER TYPE {name} RENAME TO {new};",
        }
    )

    @staticmethod
    def quote(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def add_column(self, table: str, column: ExpectedColumn) -> tuple[str, ...]:
        alter_table = f"ALTER TABLE {self.quote(table)}"
        name = self.quote(column.name)
        added = f"{alter_table} ADD COLUMN {name} {column.type};"
        if column.nullable:
            return (added,)
        filled = f"UPDATE {self.quote(table)} SET {name} = …;"  # noqa: S608 - shown, never run
        return (added, filled, self.alter_column(table, column, "nullability"))

    def drop_column(self, table: str, column: str) -> str:
        return f"ALTER TABLE {self.quote(table)} DROP COLUMN {self.quote(column)};"

    def drop_column_with_constraints(
        self, table: str, column: str, actual: ActualTable
    ) -> tuple[str, ...]:
        """Drop a column. PostgreSQL also drops the foreign keys of the column."""
        return (self.drop_column(table, column),)

    def alter_column(self, table: str, column: ExpectedColumn, aspect: str) -> str:
        name = self.quote(column.name)
        alter_column = f"ALTER TABLE {self.quote(table)} ALTER COLUMN {name}"
        if aspect == "type":
            return f"{alter_column} TYPE {column.type} USING {name}::{column.type};"
        return f"{alter_column} {'DROP' if column.nullable else 'SET'} NOT NULL;"

    def drop_constraint(self, table: str, name: str, kind: str, is_index: bool) -> str:
        if is_index:
            return f"DROP INDEX {self.quote(name)};"
        return f"ALTER TABLE {self.quote(table)} DROP CONSTRAINT {self.quote(name)};"

    def rebuild(self, drift: SchemaDrift) -> str:
        return f"REINDEX INDEX {self.quote(drift.subject)};"

    def validate(self, drift: SchemaDrift) -> str:
        name = self.quote(drift.subject)
        return f"ALTER TABLE {self.quote(drift.table)} VALIDATE CONSTRAINT {name};"


class _MysqlWriter(_PostgresWriter):
    """Statements for MySQL."""

    max_name_length = 64
    renames = MappingProxyType(
        {
            ObjectKind.TABLE: "ALTER TABLE {table} RENAME TO {new};",
            ObjectKind.COLUMN: "ALTER TABLE {table} RENAME COLUMN {name} TO {new};",
            ObjectKind.INDEX: "ALTER TABLE {table} RENAME INDEX {name} TO {new};",
            ObjectKind.VIEW: "RENAME TABLE {name} TO {new};",
        }
    )

    @staticmethod
    def quote(name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def alter_column(self, table: str, column: ExpectedColumn, aspect: str) -> str:
        null = "NULL" if column.nullable else "NOT NULL"
        modify = f"ALTER TABLE {self.quote(table)} MODIFY {self.quote(column.name)}"
        return f"{modify} {column.type} {null};"

    def drop_column_with_constraints(
        self, table: str, column: str, actual: ActualTable
    ) -> tuple[str, ...]:
        foreign_keys = tuple(
            self.drop_constraint(table, constraint.name, constraint.kind, False)
            for constraint in actual.constraints
            if (constraint.kind, constraint.columns) == ("foreign", (column,))
        )
        return (*foreign_keys, self.drop_column(table, column))

    def drop_constraint(self, table: str, name: str, kind: str, is_index: bool) -> str:
        keyword = {"foreign": "FOREIGN KEY", "check": "CHECK"}.get(kind, "INDEX")
        return f"ALTER TABLE {self.quote(table)} DROP {keyword} {self.quote(name)};"

    def rebuild(self, drift: SchemaDrift) -> str:
        return f"ALTER TABLE {self.quote(drift.table)} ENGINE = InnoDB;"

    def validate(self, drift: SchemaDrift) -> str:
        name = self.quote(drift.subject)
        return f"ALTER TABLE {self.quote(drift.table)} ALTER CHECK {name} ENFORCED;"
