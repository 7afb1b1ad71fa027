"""What users have made: parsed and compiled against the running code; Jobs are imported, not run.

Rows are read by plain SQL, in columns that every supported release has: in the target, the code is
newer than the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.apps import apps
from nautobot.extras.registry import registry

from ..facts.customizations import CustomizationProblem, Customizations
from . import Context, explain
from .db.sql import fetch_rows
from .support.redaction import redact_text
from .user_content.job_files import find_broken_job_files, find_job_files
from .user_content.templates import HINT
from .user_content.validators import (
    Validator,
    for_content_type,
    graphql_query_validator,
    model_exists,
    template_validator,
    validate_config_context,
    validate_dynamic_group,
    validate_object_permission,
    validate_saved_view,
    validate_scheduled_job,
)

JOB_FILE = "file of Jobs"
SCHEDULED_JOB = "scheduled job"
CUSTOM_VALIDATOR = "custom validator"


@dataclass(frozen=True)
class CustomizationKind:
    """One kind of things that users make."""

    name: str
    url_prefix: str
    """Where its pages are in the web UI; the key of the row follows."""
    query: str
    """Gives key and name of each, and what its judge takes."""
    validator_factory: Callable[[], Validator]
    """Returns what tells, for one of them, what does not work; called once."""


CUSTOMIZATION_KINDS = (
    CustomizationKind(
        "GraphQL query",
        "/extras/graphql-queries/",
        "SELECT id, name, query FROM extras_graphqlquery ORDER BY name",
        graphql_query_validator,
    ),
    CustomizationKind(
        "computed field",
        "/extras/computed-fields/",
        "SELECT c.id, c.label, t.app_label, t.model, c.template FROM extras_computedfield c "
        "JOIN django_content_type t ON t.id = c.content_type_id ORDER BY c.label",
        lambda: template_validator("obj", many=False),
    ),
    CustomizationKind(
        "custom link",
        "/extras/custom-links/",
        "SELECT c.id, c.name, t.app_label, t.model, c.text, c.target_url FROM extras_customlink c "
        "JOIN django_content_type t ON t.id = c.content_type_id ORDER BY c.name",
        lambda: template_validator("obj", many=False),
    ),
    CustomizationKind(
        "job button",
        "/extras/job-buttons/",
        "SELECT b.id, b.name, t.app_label, t.model, b.text FROM extras_jobbutton b "
        "JOIN extras_jobbutton_content_types j ON j.jobbutton_id = b.id "
        "JOIN django_content_type t ON t.id = j.contenttype_id ORDER BY b.name",
        lambda: template_validator("obj", many=False),
    ),
    CustomizationKind(
        "export template",
        "/extras/export-templates/",
        "SELECT e.id, e.name, t.app_label, t.model, e.template_code FROM extras_exporttemplate e "
        "JOIN django_content_type t ON t.id = e.content_type_id ORDER BY e.name",
        lambda: template_validator("queryset", many=True),
    ),
    CustomizationKind(
        "dynamic group",
        "/extras/dynamic-groups/",
        "SELECT d.id, d.name, t.app_label, t.model, d.filter FROM extras_dynamicgroup d "
        "JOIN django_content_type t ON t.id = d.content_type_id "
        "WHERE d.group_type = 'dynamic-filter' ORDER BY d.name",
        lambda: for_content_type(validate_dynamic_group),
    ),
    CustomizationKind(
        "object permission",
        "/admin/users/objectpermission/",
        "SELECT p.id, p.name, t.app_label, t.model, p.constraints FROM users_objectpermission p "
        "JOIN users_objectpermission_object_types o ON o.objectpermission_id = p.id "
        "JOIN django_content_type t ON t.id = o.contenttype_id ORDER BY p.name",
        lambda: for_content_type(validate_object_permission),
    ),
    CustomizationKind(
        "saved view",
        "/extras/saved-views/",
        "SELECT id, name, view, config FROM extras_savedview ORDER BY name",
        lambda: validate_saved_view,
    ),
    CustomizationKind(
        "webhook",
        "/extras/webhooks/",
        "SELECT w.id, w.name, t.app_label, t.model FROM extras_webhook w "
        "JOIN extras_webhook_content_types c ON c.webhook_id = w.id "
        "JOIN django_content_type t ON t.id = c.contenttype_id ORDER BY w.name",
        lambda: for_content_type(model_exists),
    ),
    CustomizationKind(
        "config context",
        "/extras/config-contexts/",
        "SELECT id, name, data FROM extras_configcontext ORDER BY name",
        lambda: validate_config_context,
    ),
)
SCHEDULED_JOB_KIND = CustomizationKind(
    SCHEDULED_JOB,
    "/extras/scheduled-jobs/",
    "SELECT id, name, task, kwargs FROM extras_scheduledjob WHERE enabled ORDER BY name",
    lambda: validate_scheduled_job,
)


class InspectionResult(NamedTuple):
    """What became of looking at a kind."""

    count: int
    problems: list[CustomizationProblem]
    unreadable: str = ""
    """What could not be looked at, and why."""


Inspector = Callable[[], InspectionResult]


def collect(context: Context) -> Customizations:
    """Look at everything that is parsed here and used later."""
    looked_at: dict[str, int] = {}
    found: list[CustomizationProblem] = []
    unread: dict[str, str] = {}
    for name, look in _build_inspectors(context).items():
        try:
            looked = look()
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001 - one kind must not hide the others
            unread[name] = explain(error)
            continue
        looked_at[name] = looked.count
        found += looked.problems
        if looked.unreadable:
            unread[name] = looked.unreadable
    return Customizations(looked_at, tuple(dict.fromkeys(found)), unread)


def _build_inspectors(context: Context) -> dict[str, Inspector]:
    """Return how to look at each kind; at files of Jobs first, as schedules need their Jobs."""
    kinds = (
        (*CUSTOMIZATION_KINDS, SCHEDULED_JOB_KIND) if context.imports_jobs else CUSTOMIZATION_KINDS
    )
    return {
        JOB_FILE: lambda: _inspect_job_files(context),
        CUSTOM_VALIDATOR: _inspect_custom_validators,
        **{kind.name: partial(_inspect_rows, context, kind) for kind in kinds},
    }


def _inspect_rows(context: Context, kind: CustomizationKind) -> InspectionResult:
    records = fetch_rows(context.connection, kind.query)
    judge = kind.validator_factory()
    problems = [
        CustomizationProblem(kind.name, str(name), f"{kind.url_prefix}{key}/", *_split_hint(told))
        for key, name, *rest in records
        for told in judge(*rest)
    ]
    return InspectionResult(len({key for key, *_ in records}), problems)


def _split_hint(told: str) -> tuple[str, str]:
    reason, _, hint = redact_text(told).partition(HINT)
    return reason, hint.rstrip("?")


def _inspect_job_files(context: Context) -> InspectionResult:
    folders = find_job_files(context.connection)
    broken = list(find_broken_job_files(folders, imported=context.imports_jobs))
    return InspectionResult(
        sum(len(files) for _, files in folders),
        [
            CustomizationProblem(JOB_FILE, one.path, f"{one.path}:{one.line}", one.error)
            for one in broken
            if one.conclusive
        ],
        "; ".join(f"{one.path}: {one.error}" for one in broken if not one.conclusive),
    )


def _inspect_custom_validators() -> InspectionResult:
    """Look for validators of models that are not there: nobody ever calls them."""
    registered = [
        (label, one) for label, many in registry["plugin_custom_validators"].items() for one in many
    ]
    models = {one._meta.label_lower for one in apps.get_models()}
    problems = [
        CustomizationProblem(
            CUSTOM_VALIDATOR, one.__qualname__, one.__module__, f"there is no model {label}"
        )
        for label, one in registered
        if label not in models
    ]
    return InspectionResult(len(registered), problems)
