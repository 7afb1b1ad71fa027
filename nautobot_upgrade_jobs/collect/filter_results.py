"""Run stored filters and constraints with the models of the running code, in a read-only session.

An error in one object is recorded as the result of this object.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nautobot.core.utils.lookup import get_filterset_for_model, get_model_for_view_name
from nautobot.core.utils.permissions import qs_filter_from_constraints
from nautobot.extras.models import DynamicGroup, SavedView, StaticGroupAssociation
from nautobot.users.models import ObjectPermission

from ..facts.filter_results import FilterResults
from .context import Context
from .support.counted_objects import CountedObjects, Description, add_prefix
from .support.listings import (
    Items,
    collect_listings,
    describe_members,
    evaluate_or_error,
    format_content_type,
)
from .support.query_fields import query_fields
from .support.redaction import digest

if TYPE_CHECKING:
    from django.contrib.contenttypes.models import ContentType
    from django.db.models import QuerySet

USER_TOKEN = "$user"  # noqa: S105 - the placeholder for the requesting user in a constraint


def collect(_: Context) -> FilterResults:
    """Run every stored filter and constraint."""
    listings = collect_listings(
        {
            "dynamic_groups": _evaluate_dynamic_groups,
            "object_permissions": _evaluate_object_permissions,
            "saved_views": _evaluate_saved_views,
        }
    )
    return FilterResults(**listings)


def _evaluate_dynamic_groups() -> Items:
    for group in DynamicGroup.objects.order_by("name"):
        yield group.name, evaluate_or_error(lambda group=group: _describe_dynamic_group(group))


def _describe_dynamic_group(group: Any) -> CountedObjects:
    content_type = format_content_type(group.content_type)
    return _describe_group_members(group).with_prefix(f"{content_type}, {group.group_type}: ")


def _describe_group_members(group: Any) -> CountedObjects:
    if group.group_type == "static":
        members = StaticGroupAssociation.all_objects.filter(dynamic_group=group)
        return replace(describe_members(members, "associated_object_id"), is_user_data=True)
    # Nautobot fills its member cache from this queryset; `generate_query` is now for display only.
    return _describe_filtered(group._get_group_queryset())


def _describe_filtered(queryset: QuerySet[Any]) -> CountedObjects:
    """Return the selected objects, with the fields that decide about the selection."""
    return replace(describe_members(queryset), fields=query_fields(queryset))


def _evaluate_object_permissions() -> Items:
    for permission in ObjectPermission.objects.order_by("name"):
        groups = sorted(permission.groups.values_list("name", flat=True))
        users = sorted(permission.users.values_list("username", flat=True))
        granted = f"groups: {', '.join(groups) or 'none'}; users: {', '.join(users) or 'none'}"
        yield f"{permission.name}: granted", granted
        state = "enabled" if permission.enabled else "disabled"
        actions = ", ".join(sorted(permission.actions))
        for content_type in permission.object_types.all():
            objects = evaluate_or_error(
                partial(_describe_permitted_objects, permission, content_type)
            )
            name = f"{permission.name}: {format_content_type(content_type)}"
            prefix = f"{state}, {actions}: "
            yield name, add_prefix(prefix, objects)


def _describe_permitted_objects(permission: Any, content_type: ContentType) -> Description:
    constraints = permission.list_constraints()
    model = content_type.model_class()
    if model is None:
        return "the model does not exist"
    if not all(constraints):
        return "all objects"
    if USER_TOKEN in json.dumps(constraints):
        return f"depends on the user, constraint {digest(constraints)}"
    return _describe_filtered(
        model._default_manager.filter(qs_filter_from_constraints(constraints))
    )


def _evaluate_saved_views() -> Items:
    for view, name, owner, config in SavedView.objects.values_list(
        "view", "name", "owner__username", "config"
    ):
        filters = (config or {}).get("filter_params")
        if filters:
            yield (
                f"{view} / {name} of {owner}",
                evaluate_or_error(partial(_describe_listed_objects, view, filters)),
            )


def _describe_listed_objects(view: str, filters: dict[str, Any]) -> Description:
    """Describe the objects that a list view shows. With an invalid filter it shows none."""
    model = get_model_for_view_name(view)
    filterset = get_filterset_for_model(model)(filters, model._default_manager.all())
    return _describe_filtered(
        filterset.qs if filterset.is_valid() else model._default_manager.none()
    )
