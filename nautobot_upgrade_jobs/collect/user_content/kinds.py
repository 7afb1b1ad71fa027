"""The kinds of content that users create, and the queries that read them.

The queries use only columns that every supported release has: in a trial boot, the code is newer
than the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from ...facts.customizations import SCHEDULED_JOB
from ..db.sql import fetch_rows
from .validators import (
    Validator,
    for_content_type,
    graphql_query_validator,
    template_validator,
    validate_config_context,
    validate_dynamic_group,
    validate_object_permission,
    validate_saved_view,
    validate_scheduled_job,
    validate_webhook,
)

MAX_CONTENT_BYTES = 1 << 20
"""Larger content is not read, so that no row can exhaust memory or time."""
SIZES = {"postgresql": "octet_length(({})::text)", "mysql": "octet_length({})"}


@dataclass(frozen=True)
class CustomizationKind:
    """One kind of content that users create."""

    name: str
    url_prefix: str
    """Path of an object's page in the web UI, without the primary key."""
    query: str
    """Selects the key and the name of each object, ``{size}`` (of the content), further arguments
    of the validator, and ``{content}``."""
    content: tuple[str, ...]
    """The columns with text of any length. They are the last arguments of the validator."""
    validator_factory: Callable[[], Validator]
    """Makes the validator. Called once per collection."""


CUSTOMIZATION_KINDS = (
    CustomizationKind(
        "GraphQL query",
        "/extras/graphql-queries/",
        "SELECT id, name, {size}, {content} FROM extras_graphqlquery ORDER BY name",
        ("query",),
        graphql_query_validator,
    ),
    CustomizationKind(
        "computed field",
        "/extras/computed-fields/",
        "SELECT c.id, c.label, {size}, t.app_label, t.model, {content} FROM extras_computedfield c "
        "JOIN django_content_type t ON t.id = c.content_type_id ORDER BY c.label",
        ("c.template",),
        lambda: template_validator("obj", many=False),
    ),
    CustomizationKind(
        "custom link",
        "/extras/custom-links/",
        "SELECT c.id, c.name, {size}, t.app_label, t.model, {content} FROM extras_customlink c "
        "JOIN django_content_type t ON t.id = c.content_type_id ORDER BY c.name",
        ("c.text", "c.target_url"),
        lambda: template_validator("obj", many=False),
    ),
    CustomizationKind(
        "job button",
        "/extras/job-buttons/",
        "SELECT b.id, b.name, {size}, t.app_label, t.model, {content} FROM extras_jobbutton b "
        "JOIN extras_jobbutton_content_types j ON j.jobbutton_id = b.id "
        "JOIN django_content_type t ON t.id = j.contenttype_id ORDER BY b.name",
        ("b.text",),
        lambda: template_validator("obj", many=False),
    ),
    CustomizationKind(
        "export template",
        "/extras/export-templates/",
        "SELECT e.id, e.name, {size}, t.app_label, t.model, {content} FROM extras_exporttemplate e "
        "JOIN django_content_type t ON t.id = e.content_type_id ORDER BY e.name",
        ("e.template_code",),
        lambda: template_validator("queryset", many=True),
    ),
    CustomizationKind(
        "dynamic group",
        "/extras/dynamic-groups/",
        "SELECT d.id, d.name, {size}, t.app_label, t.model, {content} FROM extras_dynamicgroup d "
        "JOIN django_content_type t ON t.id = d.content_type_id "
        "WHERE d.group_type = 'dynamic-filter' ORDER BY d.name",
        ("d.filter",),
        lambda: for_content_type(validate_dynamic_group),
    ),
    CustomizationKind(
        "object permission",
        "/admin/users/objectpermission/",
        "SELECT p.id, p.name, {size}, t.app_label, t.model, {content} "
        "FROM users_objectpermission p "
        "JOIN users_objectpermission_object_types o ON o.objectpermission_id = p.id "
        "JOIN django_content_type t ON t.id = o.contenttype_id ORDER BY p.name",
        ("p.constraints",),
        lambda: for_content_type(validate_object_permission),
    ),
    CustomizationKind(
        "saved view",
        "/extras/saved-views/",
        "SELECT id, name, {size}, view, {content} FROM extras_savedview ORDER BY name",
        ("config",),
        lambda: validate_saved_view,
    ),
    CustomizationKind(
        "webhook",
        "/extras/webhooks/",
        "SELECT w.id, w.name, {size}, t.app_label, t.model, {content} FROM extras_webhook w "
        "JOIN extras_webhook_content_types c ON c.webhook_id = w.id "
        "JOIN django_content_type t ON t.id = c.contenttype_id ORDER BY w.name",
        ("w.body_template", "w.additional_headers"),
        lambda: for_content_type(validate_webhook),
    ),
    CustomizationKind(
        "config context",
        "/extras/config-contexts/",
        "SELECT id, name, {size}, {content} FROM extras_configcontext ORDER BY name",
        ("data",),
        lambda: validate_config_context,
    ),
)
SCHEDULED_JOB_KIND = CustomizationKind(
    SCHEDULED_JOB,
    "/extras/scheduled-jobs/",
    "SELECT s.id, s.name, {size}, s.task, "
    "CASE WHEN s.interval = 'custom' THEN s.crontab ELSE '' END, {content} "
    "FROM extras_scheduledjob s WHERE s.enabled ORDER BY s.name",
    ("s.kwargs",),
    lambda: validate_scheduled_job,
)


class ContentRow(NamedTuple):
    """One object of a kind."""

    key: str
    name: str
    size: int
    """Of its content, in bytes."""
    arguments: tuple[Any, ...]
    """Of the validator. Content that is too large is missing."""

    @property
    def is_too_large(self) -> bool:
        """Whether the content was not read."""
        return self.size > MAX_CONTENT_BYTES


def read_content(connection: BaseDatabaseWrapper, kind: CustomizationKind) -> Iterator[ContentRow]:
    """Yield the objects of a kind."""
    sizes = [SIZES[connection.vendor].format(column) for column in kind.content]
    total = " + ".join(f"coalesce({size}, 0)" for size in sizes)
    content = ", ".join(
        f"CASE WHEN {total} <= {MAX_CONTENT_BYTES} THEN {column} END" for column in kind.content
    )
    for key, name, size, *arguments in fetch_rows(
        connection, kind.query.format(size=total, content=content)
    ):
        yield ContentRow(str(key), str(name), size, tuple(arguments))
