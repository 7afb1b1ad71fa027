"""Validate the content that users created, against the running code.

Queries, templates, filters and constraints are parsed and compiled, never run. Job files are
imported only if the context allows it. Rows are read by plain SQL, and only from columns that every
supported release has: in a trial boot, the code is newer than the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from nautobot.extras.registry import registry

from ..facts import Unavailable
from ..facts.customizations import (
    APP_CODE,
    JOB_FILE,
    CustomizationProblem,
    Customizations,
    Defect,
    DefectCode,
)
from .context import Context, attempt
from .db.sql import fetch_rows
from .support.redaction import redact_text
from .user_content.code_lookups import (
    UNREADABLE_CODE_ERRORS,
    find_app_files,
    find_unsupported_queries,
)
from .user_content.job_files import (
    find_broken_job_files,
    find_job_files,
    find_uncloned_repositories,
)
from .user_content.validators import (
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

CUSTOM_VALIDATOR = "custom validator"


@dataclass(frozen=True)
class CustomizationKind:
    """One kind of content that users create."""

    name: str
    url_prefix: str
    """Path of an object's page in the web UI, without the primary key."""
    query: str
    """Selects the primary key and the name of each object, then the validator's arguments."""
    validator_factory: Callable[[], Validator]
    """Makes the validator. Called once per collection."""


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
        "SELECT w.id, w.name, t.app_label, t.model, w.body_template, w.additional_headers "
        "FROM extras_webhook w "
        "JOIN extras_webhook_content_types c ON c.webhook_id = w.id "
        "JOIN django_content_type t ON t.id = c.contenttype_id ORDER BY w.name",
        lambda: for_content_type(validate_webhook),
    ),
    CustomizationKind(
        "config context",
        "/extras/config-contexts/",
        "SELECT id, name, data FROM extras_configcontext ORDER BY name",
        lambda: validate_config_context,
    ),
)
SCHEDULED_JOB_KIND = CustomizationKind(
    "scheduled job",
    "/extras/scheduled-jobs/",
    "SELECT s.id, s.name, s.task, s.kwargs, "
    "CASE WHEN s.interval = 'custom' THEN s.crontab ELSE '' END "
    "FROM extras_scheduledjob s WHERE s.enabled ORDER BY s.name",
    lambda: validate_scheduled_job,
)


class InspectionResult(NamedTuple):
    """The problems of one kind of content."""

    total: int
    problems: list[CustomizationProblem]
    unreadable: str = ""
    """Parts of the kind that could not be inspected, each with the reason."""


Inspector = Callable[[], InspectionResult]


def collect(context: Context) -> Customizations:
    """Validate all content that users created. If a kind cannot be read, the other kinds are."""
    inspected: dict[str, int] = {}
    problems: list[CustomizationProblem] = []
    unreadable: dict[str, str] = {}
    for kind, inspect in _build_inspectors(context).items():
        result = attempt(inspect, expected=Exception)
        if isinstance(result, Unavailable):
            unreadable[kind] = result.reason
            continue
        inspected[kind] = result.total
        problems += result.problems
        if result.unreadable:
            unreadable[kind] = result.unreadable
    return Customizations(inspected, tuple(_drop_duplicates(problems)), unreadable)


def _drop_duplicates(problems: list[CustomizationProblem]) -> Iterator[CustomizationProblem]:
    """Yield each problem once. Content that applies to two models can have a problem twice."""
    yield from {(problem, problem.defect.detail): problem for problem in problems}.values()


def _build_inspectors(context: Context) -> dict[str, Inspector]:
    """Return the inspectors by kind. Job files are first: scheduled Jobs need the Jobs in them."""
    kinds = (
        (*CUSTOMIZATION_KINDS, SCHEDULED_JOB_KIND) if context.imports_jobs else CUSTOMIZATION_KINDS
    )
    return {
        JOB_FILE: lambda: _inspect_job_files(context),
        APP_CODE: _inspect_app_code,
        CUSTOM_VALIDATOR: _inspect_custom_validators,
        **{kind.name: partial(_inspect_rows, context, kind) for kind in kinds},
    }


def _inspect_rows(context: Context, kind: CustomizationKind) -> InspectionResult:
    records = fetch_rows(context.connection, kind.query)
    validate = kind.validator_factory()
    problems = [
        CustomizationProblem(kind.name, str(name), f"{kind.url_prefix}{key}/", _redact(defect))
        for key, name, *columns in records
        for defect in validate(*columns)
    ]
    return InspectionResult(len({key for key, *_ in records}), problems)


def _redact(defect: Defect) -> Defect:
    return replace(
        defect,
        reference=redact_text(defect.reference),
        owner=redact_text(defect.owner),
        detail=redact_text(defect.detail),
        suggestion=redact_text(defect.suggestion),
    )


def _inspect_job_files(context: Context) -> InspectionResult:
    folders = find_job_files(context.connection)
    broken = list(find_broken_job_files(folders, imported=context.imports_jobs))
    paths = [path for _, files in folders for path in files]
    unloadable = {file.path for file in broken}
    readable = [(str(path), path) for path in paths if str(path) not in unloadable]
    queries = _inspect_queries(JOB_FILE, readable)
    return InspectionResult(
        len(paths),
        [
            *queries.problems,
            *(
                CustomizationProblem(
                    JOB_FILE,
                    file.path,
                    f"{file.path}:{file.line}",
                    Defect(DefectCode.UNLOADABLE_FILE, line=file.line, detail=file.error),
                )
                for file in broken
                if file.conclusive
            ),
        ],
        "; ".join(
            [
                *(f"{file.path}: {file.error}" for file in broken if not file.conclusive),
                *(
                    f"the Git repository {slug} has no clone on this host"
                    for slug in find_uncloned_repositories(context.connection)
                ),
                *filter(None, [queries.unreadable]),
            ]
        ),
    )


def _inspect_app_code() -> InspectionResult:
    return _inspect_queries(APP_CODE, list(find_app_files()))


def _inspect_queries(kind: str, files: Collection[tuple[str, Path]]) -> InspectionResult:
    """Find the queries that the running models do not support: each field once a file."""
    problems: list[CustomizationProblem] = []
    unreadable = []
    for name, path in files:
        defects = attempt(
            lambda p=path: list(find_unsupported_queries(p)), expected=UNREADABLE_CODE_ERRORS
        )
        if isinstance(defects, Unavailable):
            unreadable.append(f"{name}: {defects.reason}")
            continue
        by_subject: dict[str, Defect] = {}
        for defect in sorted(defects, key=lambda one: bool(one.condition)):  # certain ones first
            by_subject.setdefault(f"{name}: {defect.owner} {defect.reference}", defect)
        problems += (
            CustomizationProblem(kind, subject, f"{name}:{defect.line}", defect)
            for subject, defect in by_subject.items()
        )
    return InspectionResult(len(files), problems, "; ".join(unreadable))


def _inspect_custom_validators() -> InspectionResult:
    """Find custom validators of models that do not exist. Nautobot never calls such a validator."""
    registered = [
        (label, validator)
        for label, validators in registry["plugin_custom_validators"].items()
        for validator in validators
    ]
    models = {model._meta.label_lower for model in apps.get_models()}
    problems = [
        CustomizationProblem(
            CUSTOM_VALIDATOR,
            validator.__qualname__,
            validator.__module__,
            Defect(DefectCode.MISSING_MODEL, label),
        )
        for label, validator in registered
        if label not in models
    ]
    return InspectionResult(len(registered), problems)
