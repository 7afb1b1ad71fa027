"""What the rows mean to the running code: filters are run, templates rendered, queries validated.

Here the models are used, because it is the code's view that counts. Everything runs in the session
that cannot write; what does not work is said of the one object, not of its kind.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count
from nautobot.core.utils.data import render_jinja2
from nautobot.core.utils.permissions import qs_filter_from_constraints
from nautobot.dcim.models import CablePath, Device
from nautobot.extras.models import (
    ComputedField,
    CustomField,
    DynamicGroup,
    ExportTemplate,
    GraphQLQuery,
    Relationship,
    RelationshipAssociation,
    Role,
    SavedView,
    StaticGroupAssociation,
    Status,
    Tag,
)
from nautobot.users.models import ObjectPermission

from ..facts import DerivedState, Listing, Unavailable
from . import Context, explain
from .support.redaction import digest
from .user_content.graphql import get_running_schema, validate_query

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

SAMPLE_OBJECTS = 5
SAMPLE_DEVICES = 20
BUDGET_SECONDS = 300
"""For all kinds together; filters and templates can be as slow as their authors made them."""
USER_TOKEN = "$user"  # noqa: S105 - what stands in a constraint for the user who asks

Items = Iterable[tuple[str, str]]


def collect(_: Context) -> DerivedState:
    """Evaluate every object whose effect is computed."""
    end = time.monotonic() + BUDGET_SECONDS
    return DerivedState(
        dynamic_groups=_collect_listing(_evaluate_dynamic_groups, end),
        object_permissions=_collect_listing(_evaluate_object_permissions, end),
        user_groups=_collect_listing(_count_user_group_members, end),
        custom_fields=_collect_listing(_count_custom_field_values, end),
        relationships=_collect_listing(_describe_relationships, end),
        computed_fields=_collect_listing(_evaluate_computed_fields, end),
        export_templates=_collect_listing(_evaluate_export_templates, end),
        graphql_queries=_collect_listing(_validate_graphql_queries, end),
        saved_views=_collect_listing(_digest_saved_views, end),
        config_contexts=_collect_listing(_evaluate_config_contexts, end),
        content_type_assignments=_collect_listing(_list_content_type_assignments, end),
        model_permissions=_collect_listing(_list_model_permissions, end),
        cable_paths=_collect_listing(_count_cable_paths, end),
    )


def _collect_listing(items: Callable[[], Items], end: float) -> Listing | Unavailable:
    """Return all objects of a kind; what keeps one kind from being read leaves the others."""
    found = {}
    try:
        for name, text in items():
            if time.monotonic() > end:
                return Unavailable(f"the budget of {BUDGET_SECONDS} seconds was used up")
            found[name] = text
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - schemas and models of Apps are other people's code
        return Unavailable(explain(error))
    return Listing(found)


def _evaluate_or_error(function: Callable[[], str]) -> str:
    """Return what the function says, or what went wrong: that, too, is what an object means."""
    try:
        return function()
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - filters and templates are other people's code
        return f"error: {explain(error)}"[:300]


def describe_members(queryset: QuerySet[Any], key: str = "pk") -> str:
    """Return number and digest of the keys; neither order nor number of rows matters to memory."""
    number = mark = 0
    keys = queryset.order_by().values_list(key, flat=True).distinct()
    for one in keys.iterator(chunk_size=2000):
        number += 1
        mark ^= int.from_bytes(blake2b(str(one).encode(), digest_size=8).digest(), "big")
    return f"{number} members, {mark:016x}"


def _format_content_type(kind: ContentType | None) -> str:
    return f"{kind.app_label}.{kind.model}" if kind else "nothing"


def _select_oldest(model: type[Model], number: int) -> list[Any]:
    """Return a sample that new rows do not change."""
    names = {field.name for field in model._meta.get_fields()}
    order = ("created", "pk") if "created" in names else ("pk",)
    return list(model._default_manager.order_by(*order)[:number])


def _evaluate_dynamic_groups() -> Items:
    for group in DynamicGroup.objects.order_by("name"):
        yield group.name, _evaluate_or_error(lambda group=group: _describe_dynamic_group(group))


def _describe_dynamic_group(group: Any) -> str:
    return (
        f"{_format_content_type(group.content_type)}, {group.group_type}:"
        f" {_describe_group_members(group)}"
    )


def _describe_group_members(group: Any) -> str:
    if group.group_type == "static":
        found = StaticGroupAssociation.all_objects.filter(dynamic_group=group)
        return describe_members(found, "associated_object_id")
    # What Nautobot fills its own cache of members from; `generate_query` is for display by now.
    return describe_members(group._get_group_queryset())


def _evaluate_object_permissions() -> Items:
    for permission in ObjectPermission.objects.order_by("name"):
        groups = sorted(permission.groups.values_list("name", flat=True))
        users = sorted(permission.users.values_list("username", flat=True))
        granted = f"groups: {', '.join(groups) or 'none'}; users: {', '.join(users) or 'none'}"
        yield f"{permission.name}: granted", granted
        state = "enabled" if permission.enabled else "disabled"
        actions = ", ".join(sorted(permission.actions))
        for kind in permission.object_types.all():
            what = _evaluate_or_error(
                lambda one=permission, kind=kind: _describe_permitted_objects(one, kind)
            )
            yield f"{permission.name}: {_format_content_type(kind)}", f"{state}, {actions}: {what}"


def _describe_permitted_objects(permission: Any, kind: ContentType) -> str:
    constraints = permission.list_constraints()
    model = kind.model_class()
    if model is None:
        return "the model is gone"
    if not all(constraints):
        return "all objects"
    if USER_TOKEN in json.dumps(constraints):
        return f"depends on the user, constraint {digest(constraints)}"
    return describe_members(model._default_manager.filter(qs_filter_from_constraints(constraints)))


def _count_user_group_members() -> Items:
    for name, number in Group.objects.values_list("name").annotate(Count("user")):
        yield name, f"{number} members"


def _count_custom_field_values() -> Items:
    for field in CustomField.objects.order_by("key"):
        for kind in field.content_types.all():
            yield (
                f"{_format_content_type(kind)}.{field.key}",
                _evaluate_or_error(
                    lambda kind=kind, key=field.key: f"{_count_rows_with_value(kind, key)} values"
                ),
            )


def _count_rows_with_value(kind: ContentType, key: str) -> int:
    path = f"_custom_field_data__{key}"
    found = kind.model_class()._default_manager.filter(**{f"{path}__isnull": False})
    return int(found.exclude(**{path: None}).count())


def _describe_relationships() -> Items:
    numbers = Counter(RelationshipAssociation.objects.values_list("relationship_id", flat=True))
    for one in Relationship.objects.order_by("key"):
        ends = (
            f"{_format_content_type(one.source_type)} to"
            f" {_format_content_type(one.destination_type)}"
        )
        yield one.key, f"{one.type}, {ends}, {numbers[one.pk]} associations"


def _evaluate_computed_fields() -> Items:
    for field in ComputedField.objects.order_by("key"):
        yield (
            f"{_format_content_type(field.content_type)}.{field.key}",
            _evaluate_or_error(lambda field=field: digest(list(_render_computed_field(field)))),
        )


def _render_computed_field(field: Any) -> Iterator[str]:
    for one in _select_oldest(field.content_type.model_class(), SAMPLE_OBJECTS):
        yield str(render_jinja2(field.template, {"obj": one}))


def _evaluate_export_templates() -> Items:
    for template in ExportTemplate.objects.order_by("content_type", "name"):
        yield (
            f"{_format_content_type(template.content_type)} {template.name}",
            _evaluate_or_error(lambda template=template: digest(_render_export_template(template))),
        )


def _render_export_template(template: Any) -> str:
    model = template.content_type.model_class()
    keys = [one.pk for one in _select_oldest(model, SAMPLE_OBJECTS)]
    return str(template.render(model._default_manager.filter(pk__in=keys).order_by("pk")))


def _validate_graphql_queries() -> Items:
    schema = get_running_schema()
    for query in GraphQLQuery.objects.order_by("name"):
        yield (
            query.name,
            _evaluate_or_error(lambda query=query: _validate_graphql_query(schema, query.query)),
        )


def _validate_graphql_query(schema: Any, query: str) -> str:
    errors = validate_query(query, schema)
    return f"invalid: {errors[0].message}"[:300] if errors else "valid"


def _digest_saved_views() -> Items:
    for view, name, owner, config in SavedView.objects.values_list(
        "view", "name", "owner__username", "config"
    ):
        yield f"{view} / {name} of {owner}", digest(json.dumps(config, sort_keys=True))


def _evaluate_config_contexts() -> Items:
    for device in _select_oldest(Device, SAMPLE_DEVICES):
        yield (
            f"{device.name or 'unnamed'} {device.pk}",
            _evaluate_or_error(lambda one=device: digest(json.dumps(one.get_config_context()))),
        )


def _list_content_type_assignments() -> Items:
    for word, model in (("status", Status), ("role", Role), ("tag", Tag)):
        for one in model.objects.prefetch_related("content_types"):
            yield (
                f"{word} {one.name}",
                ", ".join(sorted(map(_format_content_type, one.content_types.all()))),
            )


def _list_model_permissions() -> Items:
    found: dict[str, list[str]] = {}
    for app, model, codename in Permission.objects.values_list(
        "content_type__app_label", "content_type__model", "codename"
    ):
        found.setdefault(f"{app}.{model}", []).append(codename)
    return ((model, ", ".join(sorted(names))) for model, names in found.items())


def _count_cable_paths() -> Items:
    paths = Counter(CablePath.objects.values_list("destination_id", "is_split"))
    states: Counter[str] = Counter()
    for (destination, split), number in paths.items():
        states["complete" if destination else "split" if split else "incomplete"] += number
    return ((state, str(number)) for state, number in states.items())
