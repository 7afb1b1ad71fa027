"""Validate user content against the running code, one validator per kind.

Each row begins with the key and the name of the object. A validator receives the other columns, and
yields the defects of the object.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from celery.schedules import ParseException
from django.apps import apps
from django.db.models import Model, Q
from django.urls import NoReverseMatch, reverse
from graphql import GraphQLError
from jinja2 import TemplateSyntaxError
from nautobot.core.api.exceptions import SerializerNotFound
from nautobot.core.api.utils import get_serializer_for_model
from nautobot.core.utils.lookup import get_filterset_for_model, get_model_for_view_name
from nautobot.extras.models import ScheduledJob
from nautobot.extras.registry import registry

from ...common.urls import REDACTED
from ...facts.customizations import Defect, DefectCode
from ..context import guard
from .graphql import get_running_schema, validate_query
from .model_queries import lookup_defects
from .templates import (
    PayloadObject,
    TemplateObject,
    TemplateValue,
    closest_name,
    find_template_problems,
)

GRAPHQL_TEXT = re.compile(r'"[^"\n]+"')
"""In a query, only values are quoted. In a message, names of fields are quoted as well."""
NON_FILTER_PARAMS = frozenset(
    {
        *("all_filters_removed", "clear_view", "display", "expanded_subtree", "export", "face"),
        *("page", "per_page", "q", "reverse", "saved_view", "sort", "table"),
        *("table_changes_pending", "view"),
    }
)
"""Query parameters of a list view that are not filters."""
JOB_PARAMS = frozenset({"_task_queue", "_job_queue", "_profile"})
"""Arguments of a scheduled Job that are not variables of the Job."""
MAX_QUOTED_TEMPLATE = 60
"""Number of characters."""

Validator = Callable[..., Iterator[Defect]]


def graphql_query_validator() -> Validator:
    """Return a validator of GraphQL queries. It yields only the first error of a query."""
    schema = get_running_schema()

    def validate(query: str) -> Iterator[Defect]:
        try:
            errors = validate_query(query, schema)
        except GraphQLError as error:
            errors = [error]
        yield from (_graphql_defect(error, query) for error in errors[:1])

    return validate


def _graphql_defect(error: GraphQLError, query: str) -> Defect:
    """Describe an error. Its message can quote texts of the query, which can be secrets."""
    message = error.message.splitlines()[0]
    for text in GRAPHQL_TEXT.findall(query):
        message = message.replace(text, f'"{REDACTED}"')
    return Defect(
        DefectCode.INVALID_QUERY,
        line=error.locations[0].line if error.locations else 0,
        detail=message,
    )


def template_validator(name: str, *, many: bool) -> Validator:
    """Return a validator of Jinja templates.

    Args:
        name: The template variable with an object of the content type.
        many: Whether the variable is a queryset of such objects.
    """

    def validate(model: type[Model], *texts: str) -> Iterator[Defect]:
        return _template_defects(texts, {name: TemplateObject(model, many)})

    return for_content_type(validate)


def validate_webhook(model: type[Model], *texts: str) -> Iterator[Defect]:
    """Yield the defects of the templates of a webhook.

    Their variable ``data`` is the object as the REST API serializes it, with related objects.
    See ``serialize_object_v2`` in ``nautobot.core.models.utils``.
    """
    try:
        serializer = get_serializer_for_model(model)(
            context={"request": None, "depth": 1, "exclude_m2m": False}
        )
        scope = {"data": PayloadObject(serializer, f"The webhook data of {model._meta.label}")}
    except SerializerNotFound:
        scope = {}
    return _template_defects(texts, scope)


def _template_defects(texts: Iterable[str], scope: Mapping[str, TemplateValue]) -> Iterator[Defect]:
    for text in texts:
        try:
            yield from find_template_problems(text or "", scope)
        except TemplateSyntaxError as error:
            yield Defect(DefectCode.INVALID_TEMPLATE, line=error.lineno, detail=str(error.message))


def for_content_type(validator: Validator) -> Validator:
    """Return a validator for rows that begin with a content type.

    It yields a defect if the model does not exist. Otherwise it passes the model on.

    Args:
        validator: A function of the model and the remaining columns.
    """

    def validate(app_label: str, model_name: str, *columns: Any) -> Iterator[Defect]:
        try:
            model = apps.get_model(app_label, model_name)
        except LookupError:
            yield Defect(DefectCode.MISSING_MODEL, f"{app_label}.{model_name}")
        else:
            yield from validator(model, *columns)

    return validate


def validate_dynamic_group(model: type[Model], stored: Any) -> Iterator[Defect]:
    """Yield each invalid filter of a dynamic group: its model lacks it or refuses its value."""
    yield from _validate_filters(model, _parse_json(stored) or {})


def _validate_filters(model: type[Model], used: Mapping[str, Any]) -> Iterator[Defect]:
    """Yield the unknown filters, and the filters that do not accept their value.

    The values are validated as Nautobot validates them. Some fields look for the value in the
    database.
    """
    filterset_class = get_filterset_for_model(model)
    if filterset_class is None:
        yield Defect(DefectCode.NOT_FILTERABLE, owner=model._meta.label)
        return
    filterset = filterset_class(dict(used), model._default_manager.none())
    owner = model._meta.label
    yield from _unknown_names(DefectCode.MISSING_FILTER, used, set(filterset.filters), owner)
    errors: Mapping[str, list[str]] = {}
    with guard():  # A field of an App can raise any exception.
        errors = filterset.form.errors
    for name in sorted(set(used) & set(errors)):
        detail = " ".join(map(str, errors[name]))
        yield Defect(DefectCode.INVALID_FILTER_VALUE, name, owner, detail=detail)


def _unknown_names(
    code: DefectCode, used: Iterable[str], existing: set[str], owner: str
) -> Iterator[Defect]:
    for name in sorted(set(used) - existing):
        yield Defect(code, name, owner, suggestion=closest_name(name, existing))


def validate_object_permission(model: type[Model], stored: Any) -> Iterator[Defect]:
    """Yield the lookups in constraints that the model does not support. No query is sent."""
    constraints = _parse_json(stored)
    for constraint in constraints if isinstance(constraints, list) else [constraints or {}]:
        for lookup, value in constraint.items():
            yield from validate_lookup(model, lookup, value)


def validate_lookup(model: type[Model], lookup: str, value: Any) -> Iterator[Defect]:
    """Yield the defect of a lookup of a stored constraint that the model does not support.

    Args:
        model: The model.
        lookup: The lookup, such as ``device__name__in``.
        value: Its value. Errors about the value are ignored.
    """
    return lookup_defects(
        model, lookup, lambda: model._default_manager.filter(Q(**{lookup: value}))
    )


def validate_saved_view(view: str, stored: Any) -> Iterator[Defect]:
    """Yield the page of a saved view if it does not exist. Otherwise its invalid filters."""
    try:
        reverse(view)
    except NoReverseMatch:
        yield Defect(DefectCode.MISSING_PAGE, view)
        return
    parameters: Mapping[str, Any] = (_parse_json(stored) or {}).get("filter_params") or {}
    model = get_model_for_view_name(view)
    if model is not None:
        used = {name: v for name, v in parameters.items() if name not in NON_FILTER_PARAMS}
        yield from _validate_filters(model, used)


def validate_scheduled_job(task: str, crontab: str, stored: Any) -> Iterator[Defect]:
    """Yield the unknown arguments of a schedule, and an error if its Job requires others.

    Args:
        task: Name of the Job's class.
        crontab: Empty if the schedule uses none. A wrong one keeps the schedule from running.
        stored: The arguments, as stored.
    """
    if crontab:
        try:
            ScheduledJob.get_crontab(crontab)
        except (ValueError, ParseException) as error:
            yield Defect(DefectCode.INVALID_CRONTAB, crontab, detail=str(error))
    job = registry["jobs"].get(task)
    if job is None:
        yield Defect(DefectCode.MISSING_JOB, task)
        return
    arguments = _parse_json(stored) or {}
    variables = set(job._get_vars())
    yield from _unknown_names(
        DefectCode.MISSING_VARIABLE, set(arguments) - JOB_PARAMS, variables, task
    )
    known = {name: value for name, value in arguments.items() if name in variables}
    try:
        inspect.signature(job.run).bind(None, **known)
    except TypeError as error:
        yield Defect(DefectCode.INVALID_ARGUMENTS, owner=task, detail=str(error))


def validate_config_context(stored: Any) -> Iterator[Defect]:
    """Yield the templates in the values of a config context that do not compile.

    The variables of these templates are unknown, so attributes are not checked.
    """
    for text in _find_strings(_parse_json(stored)):
        if "{{" in text or "{%" in text:
            try:
                find_template_problems(text, {})
            except TemplateSyntaxError as error:
                yield Defect(
                    DefectCode.INVALID_TEMPLATE,
                    text[:MAX_QUOTED_TEMPLATE],
                    detail=str(error.message),
                )


def _find_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _find_strings(item)


def _parse_json(stored: Any) -> Any:
    """Return the value of a JSON column. Some database drivers return the column already parsed."""
    return json.loads(stored) if isinstance(stored, (str, bytes)) else stored
