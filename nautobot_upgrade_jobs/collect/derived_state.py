"""Collect what the running code computes from the rows.

Filters are run, templates are rendered and queries are validated, with the models of the running
code and in the read-only session. An error in one object is recorded as the result of this object.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

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
from .context import Context, attempt, guard
from .support.counted_objects import CountedObjects, Description, build_listing
from .support.redaction import digest
from .user_content.graphql import get_running_schema, validate_query

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

SAMPLE_OBJECTS = 5
SAMPLE_DEVICES = 20
MAX_TEXT = 300
"""Number of characters that are kept of an error."""
BUDGET_SECONDS = 300
"""Time limit for all kinds together, because filters and templates of users can be slow."""
USER_TOKEN = "$user"  # noqa: S105 - the placeholder for the requesting user in a constraint


Items = Iterable[tuple[str, Description]]


def collect(_: Context) -> DerivedState:
    """Evaluate every object with a computed effect."""
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
    """Return the descriptions of all objects of a kind, or why they are unavailable."""
    descriptions: dict[str, Description] = {}
    with guard() as outcome:
        for name, description in items():
            if time.monotonic() > end:
                return Unavailable(f"the budget of {BUDGET_SECONDS} seconds was used up")
            descriptions[name] = description
    return outcome.failure or build_listing(descriptions)


def _evaluate_or_error(function: Callable[[], Description]) -> Description:
    """Return the description of an object, or the error of the user's filter or template."""
    result = attempt(function, expected=Exception)
    if isinstance(result, Unavailable):
        return f"error: {result.reason}"[:MAX_TEXT]
    return result


def describe_members(queryset: QuerySet[Any], key: str = "pk") -> CountedObjects:
    """Return the number and a digest of the keys. Order does not matter; memory is constant."""
    number = fingerprint = 0
    keys = queryset.order_by().values_list(key, flat=True).distinct()
    for member in keys.iterator(chunk_size=2000):
        number += 1
        fingerprint ^= int.from_bytes(blake2b(str(member).encode(), digest_size=8).digest(), "big")
    return CountedObjects(f"{number} members, {fingerprint:016x}", number)


def _format_content_type(content_type: ContentType | None) -> str:
    return f"{content_type.app_label}.{content_type.model}" if content_type else "nothing"


def _select_oldest(model: type[Model], number: int) -> list[Any]:
    """Return the oldest rows. New rows do not change this sample."""
    names = {field.name for field in model._meta.get_fields()}
    order = ("created", "pk") if "created" in names else ("pk",)
    return list(model._default_manager.order_by(*order)[:number])


def _evaluate_dynamic_groups() -> Items:
    for group in DynamicGroup.objects.order_by("name"):
        yield group.name, _evaluate_or_error(lambda group=group: _describe_dynamic_group(group))


def _describe_dynamic_group(group: Any) -> CountedObjects:
    content_type = _format_content_type(group.content_type)
    return _describe_group_members(group).with_prefix(f"{content_type}, {group.group_type}: ")


def _describe_group_members(group: Any) -> CountedObjects:
    if group.group_type == "static":
        members = StaticGroupAssociation.all_objects.filter(dynamic_group=group)
        return replace(describe_members(members, "associated_object_id"), is_user_data=True)
    # Nautobot fills its member cache from this queryset; `generate_query` is now for display only.
    return describe_members(group._get_group_queryset())


def _evaluate_object_permissions() -> Items:
    for permission in ObjectPermission.objects.order_by("name"):
        groups = sorted(permission.groups.values_list("name", flat=True))
        users = sorted(permission.users.values_list("username", flat=True))
        granted = f"groups: {', '.join(groups) or 'none'}; users: {', '.join(users) or 'none'}"
        yield f"{permission.name}: granted", granted
        state = "enabled" if permission.enabled else "disabled"
        actions = ", ".join(sorted(permission.actions))
        for content_type in permission.object_types.all():
            objects = _evaluate_or_error(
                partial(_describe_permitted_objects, permission, content_type)
            )
            name = f"{permission.name}: {_format_content_type(content_type)}"
            prefix = f"{state}, {actions}: "
            yield (
                name,
                (f"{prefix}{objects}" if isinstance(objects, str) else objects.with_prefix(prefix)),
            )


def _describe_permitted_objects(permission: Any, content_type: ContentType) -> Description:
    constraints = permission.list_constraints()
    model = content_type.model_class()
    if model is None:
        return "the model does not exist"
    if not all(constraints):
        return "all objects"
    if USER_TOKEN in json.dumps(constraints):
        return f"depends on the user, constraint {digest(constraints)}"
    return describe_members(model._default_manager.filter(qs_filter_from_constraints(constraints)))


def _count_user_group_members() -> Items:
    for name, number in Group.objects.values_list("name").annotate(Count("user")):
        yield name, CountedObjects(f"{number} members", number)


def _count_custom_field_values() -> Items:
    for field in CustomField.objects.order_by("key"):
        for content_type in field.content_types.all():
            yield (
                f"{_format_content_type(content_type)}.{field.key}",
                _evaluate_or_error(partial(_describe_values, content_type, field.key)),
            )


def _describe_values(content_type: ContentType, key: str) -> CountedObjects:
    path = f"_custom_field_data__{key}"
    rows = content_type.model_class()._default_manager.filter(**{f"{path}__isnull": False})
    number = int(rows.exclude(**{path: None}).count())
    return CountedObjects(f"{number} values", number, is_user_data=True)


def _describe_relationships() -> Items:
    numbers = Counter(RelationshipAssociation.objects.values_list("relationship_id", flat=True))
    for relationship in Relationship.objects.order_by("key"):
        source = _format_content_type(relationship.source_type)
        destination = _format_content_type(relationship.destination_type)
        number = numbers[relationship.pk]
        description = f"{relationship.type}, {source} to {destination}, {number} associations"
        yield relationship.key, CountedObjects(description, number, is_user_data=True)


def _evaluate_computed_fields() -> Items:
    for field in ComputedField.objects.order_by("key"):
        yield (
            f"{_format_content_type(field.content_type)}.{field.key}",
            _evaluate_or_error(lambda field=field: digest(list(_render_computed_field(field)))),
        )


def _render_computed_field(field: Any) -> Iterator[str]:
    for sample in _select_oldest(field.content_type.model_class(), SAMPLE_OBJECTS):
        yield str(render_jinja2(field.template, {"obj": sample}))


def _evaluate_export_templates() -> Items:
    for template in ExportTemplate.objects.order_by("content_type", "name"):
        yield (
            f"{_format_content_type(template.content_type)} {template.name}",
            _evaluate_or_error(lambda template=template: digest(_render_export_template(template))),
        )


def _render_export_template(template: Any) -> str:
    model = template.content_type.model_class()
    keys = [sample.pk for sample in _select_oldest(model, SAMPLE_OBJECTS)]
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
    return f"invalid: {errors[0].message}"[:MAX_TEXT] if errors else "valid"


def _digest_saved_views() -> Items:
    for view, name, owner, config in SavedView.objects.values_list(
        "view", "name", "owner__username", "config"
    ):
        yield f"{view} / {name} of {owner}", digest(json.dumps(config, sort_keys=True))


def _evaluate_config_contexts() -> Items:
    for device in _select_oldest(Device, SAMPLE_DEVICES):
        yield (
            f"{device.name or 'unnamed'} {device.pk}",
            _evaluate_or_error(
                lambda device=device: digest(json.dumps(device.get_config_context()))
            ),
        )


def _list_content_type_assignments() -> Items:
    for kind, model in (("status", Status), ("role", Role), ("tag", Tag)):
        for item in model.objects.prefetch_related("content_types"):
            yield (
                f"{kind} {item.name}",
                ", ".join(sorted(map(_format_content_type, item.content_types.all()))),
            )


def _list_model_permissions() -> Items:
    permissions: dict[str, list[str]] = {}
    for app, model, codename in Permission.objects.values_list(
        "content_type__app_label", "content_type__model", "codename"
    ):
        permissions.setdefault(f"{app}.{model}", []).append(codename)
    return ((model, ", ".join(sorted(names))) for model, names in permissions.items())


def _count_cable_paths() -> Items:
    paths = Counter(CablePath.objects.values_list("destination_id", "is_split"))
    states: Counter[str] = Counter()
    for (destination, split), number in paths.items():
        states["complete" if destination else "split" if split else "incomplete"] += number
    return ((state, str(number)) for state, number in states.items())
