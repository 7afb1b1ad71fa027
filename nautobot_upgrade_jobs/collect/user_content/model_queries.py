"""Build queries with the running models, and return the errors. No query is sent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Model, Q, QuerySet

from ...facts.customizations import Defect, DefectCode
from ..context import guard
from .model_uses import CREATING_METHODS, FieldUse, UseKind
from .templates import closest_name

ANY_VALUE = "x"
"""A value of a lookup. Errors about the value are ignored."""
ANNOTATION = "upgrade_jobs_value"


def find_query_defects(model: type[Model], use: FieldUse) -> Iterator[Defect]:
    """Yield the defect of one use of a field that the model does not support.

    A model of Nautobot can accept a removed field as a keyword of ``filter``, and refuse it
    everywhere else. So each use is built as the code builds it.

    Args:
        model: The model.
        use: The use of the field.
    """
    if use.kind is UseKind.CREATION and _replaces_creation(model):
        return
    if use.kind is UseKind.PREFETCH:
        yield from _prefetch_defects(model, use.name)
    elif use.kind is UseKind.FIELD:
        if not _has_field(model, use.name):
            yield _missing(DefectCode.MISSING_FIELD, model, use.name)
    else:
        yield from lookup_defects(model, use.name, lambda: _build_query(model, use))


def lookup_defects(
    model: type[Model], lookup: str, build: Callable[[], QuerySet[Any]]
) -> Iterator[Defect]:
    """Yield the defect of a lookup, if a query with it cannot be built.

    Args:
        model: The model.
        lookup: The lookup, such as ``device__name__in``.
        build: Builds the query. Errors other than those about fields are ignored.
    """
    error = None
    with guard():  # Values such as $user are known only later.
        try:
            build().query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        except (FieldError, FieldDoesNotExist) as found:
            error = found
    if error is None:
        return
    first, _, _ = lookup.partition("__")
    if first in {*_field_names(model), "pk"}:
        detail, _, _ = str(error).partition(" Choices are: ")
        yield Defect(DefectCode.INVALID_LOOKUP, lookup, model._meta.label, detail=detail)
    else:
        yield _missing(DefectCode.MISSING_FIELD, model, lookup)


def _build_query(model: type[Model], use: FieldUse) -> QuerySet[Any]:
    manager = model._default_manager
    if use.kind is UseKind.CONDITION:
        return manager.filter(Q(**{use.name: ANY_VALUE}))
    if use.kind is UseKind.EXPRESSION:
        return manager.annotate(**{ANNOTATION: F(use.name)})
    if use.kind is UseKind.NAME:
        method = "order_by" if use.method == "distinct" else use.method
        query: QuerySet[Any] = getattr(manager, method)(use.name)
        return query
    return manager.filter(**{use.name: ANY_VALUE})


def _prefetch_defects(model: type[Model], name: str) -> Iterator[Defect]:
    """Yield the defect of the path of a relation, by its first part.

    A property can be part of a path. It cannot be its end, because Django prefetches relations.
    """
    first, _, rest = name.partition("__")
    if not hasattr(model, first):
        suggestion = closest_name(first, dir(model))
        label = model._meta.label
        yield Defect(DefectCode.MISSING_ATTRIBUTE, first, label, suggestion=suggestion)
    elif not rest and isinstance(inspect.getattr_static(model, first), property):
        detail = f"'{first}' is a property, and Django prefetches relations only"
        yield Defect(DefectCode.INVALID_LOOKUP, first, model._meta.label, detail=detail)


def _missing(code: DefectCode, model: type[Model], name: str) -> Defect:
    suggestion = closest_name(name.partition("__")[0], _field_names(model))
    return Defect(code, name, model._meta.label, suggestion=suggestion)


def _field_names(model: type[Model]) -> set[str]:
    return {field.name for field in model._meta.get_fields()}


def _replaces_creation(model: type[Model]) -> bool:
    """Return whether the model creates rows by code of its own, with any arguments."""
    queryset_class = type(model._default_manager.get_queryset())
    return any(
        getattr(queryset_class, method) is not getattr(QuerySet, method)
        for method in CREATING_METHODS
    )


def _has_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return any(getattr(field, "attname", "") == name for field in model._meta.get_fields())
    return True
