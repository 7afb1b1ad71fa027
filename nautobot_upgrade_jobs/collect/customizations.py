"""What users have made: parsed and compiled against the running code, never run.

Rows are read by plain SQL, in columns that every supported release has: in the target, the code is
newer than the tables.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import graphql
from celery.exceptions import SoftTimeLimitExceeded
from django.apps import apps
from django.core.exceptions import FieldError
from django.db import Error as DatabaseError
from django.db.models import Model, Q
from django.urls import NoReverseMatch, reverse
from graphene_django.settings import graphene_settings
from graphql import GraphQLError
from jinja2 import TemplateSyntaxError
from nautobot.core.utils.lookup import get_filterset_for_model, get_model_for_view_name

from ..facts.customizations import Customizations, Problem
from . import Context, explain
from .job_files import broken_files_of_jobs
from .secrets import scrub
from .sql import rows
from .template_names import HINT, Objects, problems

QUERIES = {
    "GraphQL query": "SELECT id, name, query FROM extras_graphqlquery ORDER BY name",
    "computed field": "SELECT c.id, c.label, t.app_label, t.model, c.template "
    "FROM extras_computedfield c "
    "JOIN django_content_type t ON t.id = c.content_type_id ORDER BY c.label",
    "custom link": "SELECT c.id, c.name, t.app_label, t.model, c.text, c.target_url "
    "FROM extras_customlink c "
    "JOIN django_content_type t ON t.id = c.content_type_id ORDER BY c.name",
    "job button": "SELECT b.id, b.name, t.app_label, t.model, b.text FROM extras_jobbutton b "
    "JOIN extras_jobbutton_content_types j ON j.jobbutton_id = b.id "
    "JOIN django_content_type t ON t.id = j.contenttype_id ORDER BY b.name",
    "export template": "SELECT e.id, e.name, t.app_label, t.model, e.template_code "
    "FROM extras_exporttemplate e "
    "JOIN django_content_type t ON t.id = e.content_type_id ORDER BY e.name",
    "dynamic group": "SELECT d.id, d.name, t.app_label, t.model, d.filter "
    "FROM extras_dynamicgroup d "
    "JOIN django_content_type t ON t.id = d.content_type_id "
    "WHERE d.group_type = 'dynamic-filter' ORDER BY d.name",
    "object permission": "SELECT p.id, p.name, t.app_label, t.model, p.constraints "
    "FROM users_objectpermission p "
    "JOIN users_objectpermission_object_types o ON o.objectpermission_id = p.id "
    "JOIN django_content_type t ON t.id = o.contenttype_id ORDER BY p.name",
    "saved view": "SELECT id, name, view, config FROM extras_savedview ORDER BY name",
    "webhook": "SELECT w.id, w.name, t.app_label, t.model FROM extras_webhook w "
    "JOIN extras_webhook_content_types c ON c.webhook_id = w.id "
    "JOIN django_content_type t ON t.id = c.contenttype_id ORDER BY w.name",
}
PAGES = {
    "GraphQL query": "/extras/graphql-queries/",
    "computed field": "/extras/computed-fields/",
    "custom link": "/extras/custom-links/",
    "job button": "/extras/job-buttons/",
    "export template": "/extras/export-templates/",
    "dynamic group": "/extras/dynamic-groups/",
    "object permission": "/admin/users/objectpermission/",
    "saved view": "/extras/saved-views/",
    "webhook": "/extras/webhooks/",
}
NOT_FILTERS = frozenset(
    {
        *("all_filters_removed", "clear_view", "display", "expanded_subtree", "export", "face"),
        *("page", "per_page", "q", "reverse", "saved_view", "sort", "table"),
        *("table_changes_pending", "view"),
    }
)
"""What a list's address may have beside its filters."""
JOB_FILE = "file of Jobs"


def collect(context: Context) -> Customizations:
    """Look at everything that is parsed here and used later."""
    looked_at: dict[str, int] = {}
    found: list[Problem] = []
    unread: dict[str, str] = {}
    for kind, query in QUERIES.items():
        try:
            records = rows(context.connection, query)
            judge = _JUDGES[kind]()
            found += (
                Problem(kind, str(name), f"{PAGES[kind]}{key}/", *_with_hint(told))
                for key, name, *rest in records
                for told in judge(*rest)
            )
            looked_at[kind] = len({key for key, *_ in records})
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001 - one kind must not hide the others
            unread[kind] = explain(error)
    try:
        files = list(broken_files_of_jobs(context.connection))
        found += (Problem(JOB_FILE, one.path, f"{one.path}:{one.line}", one.error) for one in files)
    except (OSError, DatabaseError) as error:
        unread[JOB_FILE] = explain(error)
    return Customizations(looked_at, tuple(dict.fromkeys(found)), unread)


def _with_hint(told: str) -> tuple[str, str]:
    reason, _, hint = scrub(told).partition(HINT)
    return reason, hint.rstrip("?")


Judge = Callable[..., Iterator[str]]


def _graphql() -> Judge:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # making the schema is full of Graphene's deprecations
        schema = graphene_settings.SCHEMA
    schema = getattr(schema, "graphql_schema", schema)  # wrapped since Nautobot 3.0

    def judge(query: str) -> Iterator[str]:
        try:
            errors = graphql.validate(schema, graphql.parse(query))
        except GraphQLError as error:
            errors = [error]
        yield from (_on_line(one) for one in errors[:1])

    return judge


def _on_line(error: GraphQLError) -> str:
    place = f"line {error.locations[0].line}: " if error.locations else ""
    return f"{place}{error.message.splitlines()[0]}".rstrip(".")


def _templates(name: str, *, many: bool) -> Callable[[], Judge]:
    """Return what judges templates in which a name stands for objects of the content type."""

    def judge(model: type[Model], *texts: str) -> Iterator[str]:
        for text in texts:
            try:
                yield from problems(text or "", {name: Objects(model, many)})
            except TemplateSyntaxError as error:
                yield f"line {error.lineno}: {error.message}"

    return lambda: _of_a_model(judge)


def _of_a_model(judge: Judge) -> Judge:
    """Return what judges rows that begin with a content type, where its model is there."""

    def look_up(app: str, label: str, *rest: Any) -> Iterator[str]:
        try:
            model = apps.get_model(app, label)
        except LookupError:
            yield f"there is no model {app}.{label}"
        else:
            yield from judge(model, *rest)

    return look_up


def _group(model: type[Model], stored: Any) -> Iterator[str]:
    yield from _unknown_filters(model, _loaded(stored) or {})


def _unknown_filters(model: type[Model], given: Mapping[str, Any]) -> Iterator[str]:
    filters = get_filterset_for_model(model)
    if filters is None:
        yield f"{model._meta.label} has no filters"
        return
    known = set(filters().filters)
    for name in sorted(set(given) - known):
        yield f"{model._meta.label} has no filter {name}{_meant(name, known)}"


def _permission(model: type[Model], stored: Any) -> Iterator[str]:
    """Yield lookups of constraints that lead nowhere; they are put together and never sent."""
    constraints = _loaded(stored)
    for one in constraints if isinstance(constraints, list) else [constraints or {}]:
        for lookup, value in one.items():
            try:
                model._default_manager.filter(Q(**{lookup: value}))
            except FieldError as error:
                said, _, choices = str(error).partition(" Choices are: ")
                first = lookup.partition("__")[0]
                yield f"{lookup}: {said.rstrip('.')}{_meant(first, choices.split(', '))}"
            except Exception:  # noqa: BLE001, S112 - a value such as $user is known at run time only
                continue


def _saved_view(view: str, stored: Any) -> Iterator[str]:
    try:
        reverse(view)
    except NoReverseMatch:
        yield f"there is no page {view}"
        return
    given = (_loaded(stored) or {}).get("filter_params") or {}
    model = get_model_for_view_name(view)
    if model is not None:
        yield from _unknown_filters(
            model, {name: value for name, value in given.items() if name not in NOT_FILTERS}
        )


def _webhook(_: type[Model]) -> Iterator[str]:
    """Yield nothing: a webhook needs its model, and no more."""
    yield from ()


_JUDGES: dict[str, Callable[[], Judge]] = {
    "GraphQL query": _graphql,
    "computed field": _templates("obj", many=False),
    "custom link": _templates("obj", many=False),
    "job button": _templates("obj", many=False),
    "export template": _templates("queryset", many=True),
    "dynamic group": lambda: _of_a_model(_group),
    "object permission": lambda: _of_a_model(_permission),
    "saved view": lambda: _saved_view,
    "webhook": lambda: _of_a_model(_webhook),
}


def _loaded(stored: Any) -> Any:
    """Return what JSON in a column means; drivers differ in whether they have parsed it."""
    return json.loads(stored) if isinstance(stored, (str, bytes)) else stored


def _meant(name: str, names: Any) -> str:
    near = get_close_matches(name, names, 1)
    return f"{HINT}{near[0]}?" if near else ""
