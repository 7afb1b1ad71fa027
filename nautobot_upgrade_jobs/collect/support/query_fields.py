"""Find the fields on which the result of a query depends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import Field, ForeignObjectRel

if TYPE_CHECKING:
    from django.db.models import QuerySet


def query_fields(queryset: QuerySet[Any]) -> tuple[str, ...]:
    """Return the fields in the conditions and joins of a query, as ``app_label.model.field``.

    Django has no public interface for this. It reads the same attributes as the SQL compiler.
    """
    return tuple(sorted(set(_fields_of(queryset.query))))


def _fields_of(node: Any) -> Iterator[str]:
    """Yield the fields of a query, or of an expression or a condition in it."""
    for join in getattr(node, "alias_map", {}).values():
        yield from _describe(getattr(join, "join_field", None))
    yield from _describe(getattr(node, "target", None))
    parts = [getattr(node, name, None) for name in ("where", "query", "lhs", "rhs")]
    parts += getattr(node, "combined_queries", ())
    parts += getattr(node, "children", ())
    if hasattr(node, "get_source_expressions"):
        parts += node.get_source_expressions()
    for part in parts:
        if hasattr(part, "__dict__") and not isinstance(part, (Field, type)):
            yield from _fields_of(part)


def _describe(field: Any) -> Iterator[str]:
    if isinstance(field, ForeignObjectRel):
        field = field.field
    if isinstance(field, Field):
        yield f"{field.model._meta.label_lower}.{field.name}"
