"""The tables that models have, in the words of the server's own catalog.

Django's schema editor says what belongs to a model; nothing is executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import models

from ...facts.models import ModelColumn, ModelKey, ModelTable

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Django's words for a type, and the server's.
WORDS = {
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


def tables_of(registry: Apps, connection: BaseDatabaseWrapper) -> Iterator[tuple[str, ModelTable]]:
    """Yield the name and the shape of every table that the models of a registry manage.

    Args:
        registry: Django's apps, the running ones or those of a migration state.
        connection: Says in which server's words; it is not asked for anything.
    """
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    editor.deferred_sql = []
    for model in registry.get_models(include_auto_created=True, include_swapped=False):
        meta = model._meta
        if meta.managed and not meta.proxy:
            yield (
                meta.db_table,
                ModelTable(
                    app=meta.app_label,
                    columns=tuple(_columns(model, connection)),
                    keys=tuple(_keys(model, editor, connection)),
                    sql=_statement(editor.table_sql(model)[0]),
                ),
            )


def _columns(model: type[models.Model], connection: BaseDatabaseWrapper) -> Iterator[ModelColumn]:
    for field in model._meta.local_fields:
        if kind := field.db_parameters(connection)["type"]:
            yield ModelColumn(field.column, _as_the_server_says(kind, connection), field.null)


def _as_the_server_says(kind: str, connection: BaseDatabaseWrapper) -> str:
    text = kind.lower()
    for pattern, word in WORDS[connection.vendor]:
        text = re.sub(pattern, word, text)
    return text


def _keys(
    model: type[models.Model], editor: BaseDatabaseSchemaEditor, connection: BaseDatabaseWrapper
) -> Iterator[ModelKey]:
    for field in model._meta.local_fields:
        if field.db_parameters(connection)["type"]:
            yield from _of_field(model, field, editor, connection)
    yield from _of_model(model, editor)


def _of_field(
    model: type[models.Model],
    field: Any,
    editor: BaseDatabaseSchemaEditor,
    connection: BaseDatabaseWrapper,
) -> Iterator[ModelKey]:
    """Yield what a column brings: primary key, uniqueness, index, foreign key, check."""
    column = field.column
    if field.primary_key:
        yield _key("primary", (column,), editor._create_primary_key_sql(model, field))
    elif field.unique:
        yield _key("unique", (column,), editor._create_unique_sql(model, [field]))
    if editor._field_should_be_indexed(model, field):
        yield _key("index", (column,), editor._create_index_sql(model, fields=[field]))
    like = getattr(editor, "_create_like_index_sql", None)
    if like and (statement := like(model, field)):
        operators = str(statement).rpartition(")")[0].rpartition(" ")[2]
        yield _key("index", (f"{column} {operators}",), statement)
    if field.remote_field and field.db_constraint:
        remote = field.remote_field.model._meta.db_table
        made = editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")
        yield _key("foreign", (column,), made, target=remote)
    if check := field.db_parameters(connection)["check"]:
        name = editor._create_index_name(model._meta.db_table, [column], suffix="_check")
        yield _key("check", (column,), editor._create_check_sql(model, name, check))


def _of_model(model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Iterator[ModelKey]:
    """Yield what the model states for several columns."""
    meta = model._meta
    for names in meta.unique_together:
        fields = [meta.get_field(name) for name in names]
        made = editor._create_unique_sql(model, fields)
        yield _key("unique", tuple(field.column for field in fields), made)
    for names in getattr(meta, "index_together", ()):
        fields = [meta.get_field(name) for name in names]
        made = editor._create_index_sql(model, fields=fields, suffix="_idx")
        yield _key("index", tuple(field.column for field in fields), made)
    for index in meta.indexes:
        columns = tuple(
            f"{meta.get_field(name).column} {order}".strip() for name, order in index.fields_orders
        )
        plain = not (index.expressions or index.condition or index.opclasses)
        made = index.create_sql(model, editor)
        yield _key("index", columns, made, index.name, plain=plain)
    for one in meta.constraints:
        made = one.create_sql(model, editor)
        if made is None:
            continue  # this server cannot have it, and Django leaves it out
        if isinstance(one, models.UniqueConstraint):
            columns = tuple(meta.get_field(name).column for name in one.fields)
            plain = not (one.condition or getattr(one, "expressions", ()))
            yield _key("unique", columns, made, one.name, plain=plain)
        else:
            kind = "check" if isinstance(one, models.CheckConstraint) else "index"
            yield _key(kind, (), made, one.name, plain=False)


def _key(  # noqa: PLR0913 - the parts of one record
    kind: str,
    columns: tuple[str, ...],
    made: Any,
    name: str = "",
    *,
    plain: bool = True,
    target: str = "",
) -> ModelKey:
    sql = _statement(made)
    named = name or _name_in(sql)
    return ModelKey(kind, columns, named, by_name=not plain, target=target, sql=sql)


def _name_in(sql: str) -> str:
    """Return the name that a statement gives to the index or constraint."""
    found = re.search(r'(?:CONSTRAINT|INDEX) [`"]([^`"]+)[`"]', sql)
    return found[1] if found else ""


def _statement(made: Any) -> str:
    return f"{str(made).rstrip(';')};"
