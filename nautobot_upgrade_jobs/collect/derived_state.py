"""Collect what the running code computes from the rows, in a read-only session.

An error in one object is recorded as the result of this object.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count
from nautobot.core.utils.data import render_jinja2
from nautobot.dcim.models import CablePath, Device
from nautobot.extras.models import (
    ComputedField,
    CustomField,
    ExportTemplate,
    GraphQLQuery,
    Relationship,
    RelationshipAssociation,
    Role,
    SavedView,
    Status,
    Tag,
)

from ..facts import DerivedState
from .context import Context
from .support.counted_objects import CountedObjects
from .support.listings import (
    MAX_TEXT,
    Items,
    collect_listings,
    evaluate_or_error,
    format_content_type,
)
from .support.redaction import digest
from .user_content.graphql import get_running_schema, validate_query

if TYPE_CHECKING:
    from django.db.models import Model

SAMPLE_OBJECTS = 5
SAMPLE_DEVICES = 20


def collect(_: Context) -> DerivedState:
    """Evaluate every object with a computed effect."""
    listings = collect_listings(
        {
            "user_groups": _count_user_group_members,
            "custom_fields": _count_custom_field_values,
            "relationships": _describe_relationships,
            "computed_fields": _evaluate_computed_fields,
            "export_templates": _evaluate_export_templates,
            "graphql_queries": _validate_graphql_queries,
            "saved_views": _digest_saved_views,
            "config_contexts": _evaluate_config_contexts,
            "content_type_assignments": _list_content_type_assignments,
            "model_permissions": _list_model_permissions,
            "cable_paths": _count_cable_paths,
        }
    )
    return DerivedState(**listings)


def _select_oldest(model: type[Model], number: int) -> list[Any]:
    """Return the oldest rows. New rows do not change this sample."""
    names = {field.name for field in model._meta.get_fields()}
    order = ("created", "pk") if "created" in names else ("pk",)
    return list(model._default_manager.order_by(*order)[:number])


def _count_user_group_members() -> Items:
    for name, number in Group.objects.values_list("name").annotate(Count("user")):
        yield name, CountedObjects(f"{number} members", number)


def _count_custom_field_values() -> Items:
    for field in CustomField.objects.order_by("key"):
        for content_type in field.content_types.all():
            yield (
                f"{format_content_type(content_type)}.{field.key}",
                evaluate_or_error(partial(_describe_values, content_type, field.key)),
            )


def _describe_values(content_type: ContentType, key: str) -> CountedObjects:
    path = f"_custom_field_data__{key}"
    rows = content_type.model_class()._default_manager.filter(**{f"{path}__isnull": False})
    number = int(rows.exclude(**{path: None}).count())
    return CountedObjects(f"{number} values", number, is_user_data=True)


def _describe_relationships() -> Items:
    numbers = Counter(RelationshipAssociation.objects.values_list("relationship_id", flat=True))
    for relationship in Relationship.objects.order_by("key"):
        source = format_content_type(relationship.source_type)
        destination = format_content_type(relationship.destination_type)
        number = numbers[relationship.pk]
        description = f"{relationship.type}, {source} to {destination}, {number} associations"
        yield relationship.key, CountedObjects(description, number, is_user_data=True)


def _evaluate_computed_fields() -> Items:
    for field in ComputedField.objects.order_by("key"):
        yield (
            f"{format_content_type(field.content_type)}.{field.key}",
            evaluate_or_error(lambda field=field: digest(list(_render_computed_field(field)))),
        )


def _render_computed_field(field: Any) -> Iterator[str]:
    for sample in _select_oldest(field.content_type.model_class(), SAMPLE_OBJECTS):
        yield str(render_jinja2(field.template, {"obj": sample}))


def _evaluate_export_templates() -> Items:
    for template in ExportTemplate.objects.order_by("content_type", "name"):
        yield (
            f"{format_content_type(template.content_type)} {template.name}",
            evaluate_or_error(lambda template=template: digest(_render_export_template(template))),
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
            evaluate_or_error(lambda query=query: _validate_graphql_query(schema, query.query)),
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
            evaluate_or_error(
                lambda device=device: digest(json.dumps(device.get_config_context()))
            ),
        )


def _list_content_type_assignments() -> Items:
    for kind, model in (("status", Status), ("role", Role), ("tag", Tag)):
        for item in model.objects.prefetch_related("content_types"):
            yield (
                f"{kind} {item.name}",
                ", ".join(sorted(map(format_content_type, item.content_types.all()))),
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
