"""Derive the names of tables and columns from models, as Django does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.backends.utils import truncate_name
from django.db.models import Field

if TYPE_CHECKING:
    from .schema_tracker import TableRef


def has_table(options: Mapping[str, Any]) -> bool:
    """Return whether migrations create a table for a model with these options."""
    return bool(options.get("managed", True) and not options.get("proxy"))


def build_table_name(app: str, model: str, options: Mapping[str, Any]) -> str:
    """Return the table name of a model with these options."""
    table = str(options.get("db_table") or f"{app}_{model}")
    return str(truncate_name(table, connection.ops.max_name_length()))


def build_m2m_table_name(table_ref: TableRef, name: str, field: Field) -> str:
    """Return the name of a many-to-many field's automatic table."""
    table = field.db_table or f"{table_ref.table}_{name}"
    return str(truncate_name(table, connection.ops.max_name_length()))


def has_own_m2m_table(field: Field) -> bool:
    """Return whether Django itself creates the table of a many-to-many field."""
    return bool(field.many_to_many and not getattr(field.remote_field, "through", None))


def get_column_name(name: str, field: Field) -> str:
    """Return the name of a field's column."""
    relation = field.is_relation and not field.many_to_many
    return str(field.db_column or (f"{name}_id" if relation else name))
