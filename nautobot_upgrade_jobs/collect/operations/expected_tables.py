"""Build the definitions of the models' tables, in the notation of the server's catalog.

Django's schema editor generates the statements for each model. They are not executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import models

from ...facts.expected_schema import ExpectedColumn, ExpectedConstraint, ExpectedTable

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Names of types in Django, and in the server's catalog.
TYPE_ALIASES = {
    "postgresql": (
        (r"^varchar", "character varying"),
        (r"^char\b", "character"),
        (r"^bigserial$", "bigint"),
        (r"^smallserial$", "smallint"),
        (r"^serial$", "integer"),
        (r"^time$", "time without time zone"),
        (r", ", ","),
    ),
    "mysql": (
        (r" auto_increment$", ""),
        (r"^bool$", "tinyint(1)"),
        (r"^integer", "int"),
        (r"^double precision$", "double"),
        (r"^numeric", "decimal"),
        (r", ", ","),
    ),
}


def build_expected_tables(
    registry: Apps, connection: BaseDatabaseWrapper
) -> Iterator[tuple[str, ExpectedTable]]:
    """Yield the name and the definition of every table that the models of a registry manage.

    Args:
        registry: Django's app registry, of the running code or of a migration state.
        connection: Determines the server's notation. It is not queried.
    """
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    editor.deferred_sql = []
    for model in registry.get_models(include_auto_created=True, include_swapped=False):
        meta = model._meta
        if meta.managed and not meta.proxy:
            yield (
                meta.db_table,
                ExpectedTable(
                    app_label=meta.app_label,
                    columns=tuple(_build_columns(model, connection)),
                    constraints=tuple(_build_constraints(model, editor, connection)),
                    sql=_format_statement(editor.table_sql(model)[0]),
                ),
            )


def _build_columns(
    model: type[models.Model], connection: BaseDatabaseWrapper
) -> Iterator[ExpectedColumn]:
    for field in model._meta.local_fields:
        if db_type := field.db_parameters(connection)["type"]:
            yield ExpectedColumn(field.column, _canonical_type(db_type, connection), field.null)


def _canonical_type(db_type: str, connection: BaseDatabaseWrapper) -> str:
    text = db_type.lower()
    for pattern, alias in TYPE_ALIASES[connection.vendor]:
        text = re.sub(pattern, alias, text)
    return text


def _build_constraints(
    model: type[models.Model], editor: BaseDatabaseSchemaEditor, connection: BaseDatabaseWrapper
) -> Iterator[ExpectedConstraint]:
    for field in model._meta.local_fields:
        if field.db_parameters(connection)["type"]:
            yield from _build_field_constraints(model, field, editor, connection)
    yield from _build_model_constraints(model, editor)


def _build_field_constraints(
    model: type[models.Model],
    field: Any,
    editor: BaseDatabaseSchemaEditor,
    connection: BaseDatabaseWrapper,
) -> Iterator[ExpectedConstraint]:
    """Yield the constraints of a column: primary key, unique, index, foreign key and check."""
    column = field.column
    if field.primary_key:
        yield _build_constraint("primary", (column,), editor._create_primary_key_sql(model, field))
    elif field.unique:
        yield _build_constraint("unique", (column,), editor._create_unique_sql(model, [field]))
    if editor._field_should_be_indexed(model, field):
        yield _build_constraint("index", (column,), editor._create_index_sql(model, fields=[field]))
    like = getattr(editor, "_create_like_index_sql", None)
    if like and (statement := like(model, field)):
        operators = str(statement).rpartition(")")[0].rpartition(" ")[2]
        yield _build_constraint("index", (f"{column} {operators}",), statement)
    if field.remote_field and field.db_constraint:
        remote = field.remote_field.model._meta.db_table
        statement = editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")
        yield _build_constraint("foreign", (column,), statement, target=remote)
    if check := field.db_parameters(connection)["check"]:
        name = editor._create_index_name(model._meta.db_table, [column], suffix="_check")
        yield _build_constraint("check", (column,), editor._create_check_sql(model, name, check))


def _build_model_constraints(
    model: type[models.Model], editor: BaseDatabaseSchemaEditor
) -> Iterator[ExpectedConstraint]:
    """Yield the constraints and indexes in the options of a model."""
    meta = model._meta
    for names in meta.unique_together:
        fields = [meta.get_field(name) for name in names]
        statement = editor._create_unique_sql(model, fields)
        yield _build_constraint("unique", tuple(field.column for field in fields), statement)
    for names in getattr(meta, "index_together", ()):
        fields = [meta.get_field(name) for name in names]
        statement = editor._create_index_sql(model, fields=fields, suffix="_idx")
        yield _build_constraint("index", tuple(field.column for field in fields), statement)
    for index in meta.indexes:
        columns = tuple(
            f"{meta.get_field(name).column} {order}".strip() for name, order in index.fields_orders
        )
        plain = not (index.expressions or index.condition or index.opclasses)
        statement = index.create_sql(model, editor)
        yield _build_constraint("index", columns, statement, index.name, plain=plain)
    for constraint in meta.constraints:
        statement = constraint.create_sql(model, editor)
        if statement is None:
            continue  # Django omits constraints that the server does not support.
        if isinstance(constraint, models.UniqueConstraint):
            columns = tuple(meta.get_field(name).column for name in constraint.fields)
            plain = not (constraint.condition or getattr(constraint, "expressions", ()))
            yield _build_constraint("unique", columns, statement, constraint.name, plain=plain)
        else:
            kind = "check" if isinstance(constraint, models.CheckConstraint) else "index"
            yield _build_constraint(kind, (), statement, constraint.name, plain=False)


def _build_constraint(  # noqa: PLR0913 - the parts of one record
    kind: str,
    columns: tuple[str, ...],
    statement: Any,
    name: str = "",
    *,
    plain: bool = True,
    target: str = "",
) -> ExpectedConstraint:
    sql = _format_statement(statement)
    constraint_name = name or _parse_constraint_name(sql)
    return ExpectedConstraint(
        kind,
        columns,
        constraint_name,
        identified_by_name=not plain,
        referenced_table=target,
        sql=sql,
    )


def _parse_constraint_name(sql: str) -> str:
    """Return the name of the index or constraint in a statement."""
    match = re.search(r'(?:CONSTRAINT|INDEX) [`"]([^`"]+)[`"]', sql)
    return match[1] if match else ""


def _format_statement(statement: Any) -> str:
    return f"{str(statement).rstrip(';')};"
