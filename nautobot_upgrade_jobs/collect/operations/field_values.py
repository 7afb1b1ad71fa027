"""Derive as SQL which value a new field has in the existing rows."""

from __future__ import annotations

from django.db import connection
from django.db.models import Field

from ..db.column_types import is_mysql

NULL = "NULL"
SAME_VALUE = "the default of the new field"
"""Stands for a default that is a function, which is not called here."""


def has_uniform_default(field: Field) -> bool:
    """Return whether Django writes the same value for a new column into all existing rows.

    See ``_effective_default`` in ``django.db.backends.base.schema``. The default may be a function.
    It is not called here. Django calls it once for all rows.
    """
    if field.has_default():
        return field.default is not None
    blank = not field.null and field.blank and field.empty_strings_allowed
    return bool(blank or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def has_database_default(field: Field) -> bool:
    """Return whether a field has a default in the database, which Django supports since 5.0."""
    return bool(getattr(field, "has_db_default", bool)())


def backfills_nulls(field: Field) -> bool:
    """Return whether Django replaces the NULLs of a column that becomes NOT NULL.

    For ``blank=True``, Django fills a new column with the empty string, but not an existing column.
    See ``_alter_field`` in ``django.db.backends.base.schema``.
    """
    return bool(field.has_default() or has_database_default(field))


def new_value(field: Field) -> str | None:
    """Return the SQL of the value that a new field has in all rows. None if it is unknown."""
    if field.many_to_many:
        return None
    if has_database_default(field) or has_uniform_default(field):
        return _default_literal(field)
    return NULL if field.null else None


def backfilled(expression: str, field: Field) -> str:
    """Return the SQL of a value after Django has replaced the NULLs by the default of a field.

    Args:
        expression: The value before.
        field: The field that becomes NOT NULL.
    """
    literal = _default_literal(field)
    if literal is not None:
        return literal if expression == NULL else f"COALESCE({expression}, {literal})"
    return with_equal_nulls(expression)


def with_equal_nulls(expression: str) -> str:
    """Return the SQL of a value, with one text for all NULLs."""
    text = "CHAR" if is_mysql() else "text"
    return f"COALESCE(CAST({expression} AS {text}), '{SAME_VALUE}')"


def _default_literal(field: Field) -> str | None:
    """Return the default of a field as SQL. None if it is computed or has no SQL here."""
    if has_database_default(field):
        value = field.db_default
        value = getattr(value, "value", value)  # a constant in an expression
    elif field.has_default():
        value = field.default
    else:
        is_empty = field.blank and field.empty_strings_allowed
        return "''" if is_empty and not getattr(field, "auto_now", False) else None
    if callable(value) or hasattr(value, "resolve_expression"):
        return None
    try:
        if not field.is_relation:
            value = field.get_db_prep_save(value, connection)
        return str(connection.schema_editor().quote_value(value))
    except Exception:  # noqa: BLE001 - a field of an App can raise any exception
        return None
