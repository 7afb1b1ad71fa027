"""What it takes to say whether one user-made thing works on the running code, kind by kind.

Each judge takes what stands in the row behind its key and its name, and yields what is wrong.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldError
from django.db.models import Model, Q
from django.urls import NoReverseMatch, reverse
from graphql import GraphQLError
from jinja2 import TemplateSyntaxError
from nautobot.core.utils.lookup import get_filterset_for_model, get_model_for_view_name
from nautobot.extras.registry import registry

from .graphql import get_running_schema, validate_query
from .templates import HINT, TemplateObject, find_template_problems

NON_FILTER_PARAMS = frozenset(
    {
        *("all_filters_removed", "clear_view", "display", "expanded_subtree", "export", "face"),
        *("page", "per_page", "q", "reverse", "saved_view", "sort", "table"),
        *("table_changes_pending", "view"),
    }
)
"""What a list's address may have beside its filters."""

Validator = Callable[..., Iterator[str]]


def graphql_query_validator() -> Validator:
    """Judge queries by the schema."""
    schema = get_running_schema()

    def judge(query: str) -> Iterator[str]:
        try:
            errors = validate_query(query, schema)
        except GraphQLError as error:
            errors = [error]
        yield from (_describe_graphql_error(one) for one in errors[:1])

    return judge


def _describe_graphql_error(error: GraphQLError) -> str:
    place = f"line {error.locations[0].line}: " if error.locations else ""
    return f"{place}{error.message.splitlines()[0]}".rstrip(".")


def template_validator(name: str, *, many: bool) -> Validator:
    """Return what judges templates in which a name stands for objects of the content type."""

    def judge(model: type[Model], *texts: str) -> Iterator[str]:
        for text in texts:
            try:
                yield from find_template_problems(text or "", {name: TemplateObject(model, many)})
            except TemplateSyntaxError as error:
                yield f"line {error.lineno}: {error.message}"

    return for_content_type(judge)


def for_content_type(judge: Validator) -> Validator:
    """Return what judges rows that begin with a content type, where its model is there."""

    def look_up(app: str, label: str, *rest: Any) -> Iterator[str]:
        try:
            model = apps.get_model(app, label)
        except LookupError:
            yield f"there is no model {app}.{label}"
        else:
            yield from judge(model, *rest)

    return look_up


def validate_dynamic_group(model: type[Model], stored: Any) -> Iterator[str]:
    """Judge a filter by the filters that there are."""
    yield from _find_unknown_filters(model, _parse_json(stored) or {})


def _find_unknown_filters(model: type[Model], given: Mapping[str, Any]) -> Iterator[str]:
    filters = get_filterset_for_model(model)
    if filters is None:
        yield f"{model._meta.label} has no filters"
        return
    known = set(filters().filters)
    for name in sorted(set(given) - known):
        yield f"{model._meta.label} has no filter {name}{_suggest_name(name, known)}"


def validate_object_permission(model: type[Model], stored: Any) -> Iterator[str]:
    """Yield lookups of constraints that lead nowhere; they are put together and never sent."""
    constraints = _parse_json(stored)
    for one in constraints if isinstance(constraints, list) else [constraints or {}]:
        for lookup, value in one.items():
            try:
                model._default_manager.filter(Q(**{lookup: value}))
            except FieldError as error:
                said, _, choices = str(error).partition(" Choices are: ")
                first = lookup.partition("__")[0]
                yield f"{lookup}: {said.rstrip('.')}{_suggest_name(first, choices.split(', '))}"
            except Exception:  # noqa: BLE001, S112 - a value such as $user is known at run time only
                continue


def validate_saved_view(view: str, stored: Any) -> Iterator[str]:
    """Judge a view by the page and the filters that there are."""
    try:
        reverse(view)
    except NoReverseMatch:
        yield f"there is no page {view}"
        return
    given = (_parse_json(stored) or {}).get("filter_params") or {}
    model = get_model_for_view_name(view)
    if model is not None:
        yield from _find_unknown_filters(
            model, {name: value for name, value in given.items() if name not in NON_FILTER_PARAMS}
        )


def model_exists(_: type[Model]) -> Iterator[str]:
    """Yield nothing: what needs its model, and no more."""
    yield from ()


def validate_scheduled_job(task: str, stored: Any) -> Iterator[str]:
    """Judge the arguments of a schedule by the Job that it runs."""
    job = registry["jobs"].get(task)
    if job is None:
        yield f"there is no Job {task}"
        return
    given = _parse_json(stored) or {}
    variables = set(job._get_vars())
    for name in sorted(set(given) - variables - {"_task_queue", "_job_queue", "_profile"}):
        yield f"{task} has no variable {name}{_suggest_name(name, variables)}"
    known = {name: value for name, value in given.items() if name in variables}
    try:
        inspect.signature(job.run).bind(None, **known)
    except TypeError as error:
        yield f"{task}: {error}"


def validate_config_context(stored: Any) -> Iterator[str]:
    """Judge the templates among the values of a config context; what they use is not known."""
    for text in _find_strings(_parse_json(stored)):
        if "{{" in text or "{%" in text:
            try:
                find_template_problems(text, {})
            except TemplateSyntaxError as error:
                yield f"{error.message} (in {text[:60]!r})"


def _find_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _find_strings(one)


def _parse_json(stored: Any) -> Any:
    """Return what JSON in a column means; drivers differ in whether they have parsed it."""
    return json.loads(stored) if isinstance(stored, (str, bytes)) else stored


def _suggest_name(name: str, names: Any) -> str:
    near = get_close_matches(name, names, 1)
    return f"{HINT}{near[0]}?" if near else ""
