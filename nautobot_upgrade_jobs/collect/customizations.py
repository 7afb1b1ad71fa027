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

from ..facts.customizations import Customizations, Problem
from . import Context, explain
from .db.sql import rows
from .support.redaction import scrub
from .user_content.job_files import broken_files_of_jobs, files_of_jobs
from .user_content.templates import HINT
from .user_content.validators import (
    Judge,
    config_context,
    dynamic_group,
    graphql_query,
    nothing_more,
    object_permission,
    of_a_model,
    saved_view,
    scheduled_job,
    templates,
)

JOB_FILE = "file of Jobs"
SCHEDULE = "scheduled job"
VALIDATOR = "custom validator"


@dataclass(frozen=True)
class Kind:
    """One kind of things that users make."""

    name: str
    page: str
    """Where its pages are in the web UI; the key of the row follows."""
    query: str
    """Gives key and name of each, and what its judge takes."""
    judge: Callable[[], Judge]
    """Returns what tells, for one of them, what does not work; called once."""


KINDS = (
    Kind(
        "GraphQL query",
        "/extras/graphql-queries/",
        "SELECT id, name, query FROM extras_graphqlquery ORDER BY name",
        graphql_query,
    ),
    Kind(
        "computed field",
        "/extras/computed-fields/",
        "SELECT c.id, c.label, t.app_label, t.model, c.template FROM extras_computedfield c "
        "JOIN django_content_type t ON t.id = c.content_type_id ORDER BY c.label",
        lambda: templates("obj", many=False),
    ),
    Kind(
        "custom link",
        "/extras/custom-links/",
        "SELECT c.id, c.name, t.app_label, t.model, c.text, c.target_url FROM extras_customlink c "
        "JOIN django_content_type t ON t.id = c.content_type_id ORDER BY c.name",
        lambda: templates("obj", many=False),
    ),
    Kind(
        "job button",
        "/extras/job-buttons/",
        "SELECT b.id, b.name, t.app_label, t.model, b.text FROM extras_jobbutton b "
        "JOIN extras_jobbutton_content_types j ON j.jobbutton_id = b.id "
        "JOIN django_content_type t ON t.id = j.contenttype_id ORDER BY b.name",
        lambda: templates("obj", many=False),
    ),
    Kind(
        "export template",
        "/extras/export-templates/",
        "SELECT e.id, e.name, t.app_label, t.model, e.template_code FROM extras_exporttemplate e "
        "JOIN django_content_type t ON t.id = e.content_type_id ORDER BY e.name",
        lambda: templates("queryset", many=True),
    ),
    Kind(
        "dynamic group",
        "/extras/dynamic-groups/",
        "SELECT d.id, d.name, t.app_label, t.model, d.filter FROM extras_dynamicgroup d "
        "JOIN django_content_type t ON t.id = d.content_type_id "
        "WHERE d.group_type = 'dynamic-filter' ORDER BY d.name",
        lambda: of_a_model(dynamic_group),
    ),
    Kind(
        "object permission",
        "/admin/users/objectpermission/",
        "SELECT p.id, p.name, t.app_label, t.model, p.constraints FROM users_objectpermission p "
        "JOIN users_objectpermission_object_types o ON o.objectpermission_id = p.id "
        "JOIN django_content_type t ON t.id = o.contenttype_id ORDER BY p.name",
        lambda: of_a_model(object_permission),
    ),
    Kind(
        "saved view",
        "/extras/saved-views/",
        "SELECT id, name, view, config FROM extras_savedview ORDER BY name",
        lambda: saved_view,
    ),
    Kind(
        "webhook",
        "/extras/webhooks/",
        "SELECT w.id, w.name, t.app_label, t.model FROM extras_webhook w "
        "JOIN extras_webhook_content_types c ON c.webhook_id = w.id "
        "JOIN django_content_type t ON t.id = c.contenttype_id ORDER BY w.name",
        lambda: of_a_model(nothing_more),
    ),
    Kind(
        "config context",
        "/extras/config-contexts/",
        "SELECT id, name, data FROM extras_configcontext ORDER BY name",
        lambda: config_context,
    ),
)
SCHEDULES = Kind(
    SCHEDULE,
    "/extras/scheduled-jobs/",
    "SELECT id, name, task, kwargs FROM extras_scheduledjob WHERE enabled ORDER BY name",
    lambda: scheduled_job,
)


class Looked(NamedTuple):
    """What became of looking at a kind."""

    count: int
    problems: list[Problem]
    unread: str = ""
    """What could not be looked at, and why."""


Look = Callable[[], Looked]


def collect(context: Context) -> Customizations:
    """Look at everything that is parsed here and used later."""
    looked_at: dict[str, int] = {}
    found: list[Problem] = []
    unread: dict[str, str] = {}
    for name, look in _looks(context).items():
        try:
            looked = look()
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001 - one kind must not hide the others
            unread[name] = explain(error)
            continue
        looked_at[name] = looked.count
        found += looked.problems
        if looked.unread:
            unread[name] = looked.unread
    return Customizations(looked_at, tuple(dict.fromkeys(found)), unread)


def _looks(context: Context) -> dict[str, Look]:
    """Return how to look at each kind; at files of Jobs first, as schedules need their Jobs."""
    kinds = (*KINDS, SCHEDULES) if context.imports_jobs else KINDS
    return {
        JOB_FILE: lambda: _job_files(context),
        VALIDATOR: _validators,
        **{kind.name: partial(_rows, context, kind) for kind in kinds},
    }


def _rows(context: Context, kind: Kind) -> Looked:
    records = rows(context.connection, kind.query)
    judge = kind.judge()
    problems = [
        Problem(kind.name, str(name), f"{kind.page}{key}/", *_with_hint(told))
        for key, name, *rest in records
        for told in judge(*rest)
    ]
    return Looked(len({key for key, *_ in records}), problems)


def _with_hint(told: str) -> tuple[str, str]:
    reason, _, hint = scrub(told).partition(HINT)
    return reason, hint.rstrip("?")


def _job_files(context: Context) -> Looked:
    folders = files_of_jobs(context.connection)
    broken = list(broken_files_of_jobs(folders, imported=context.imports_jobs))
    return Looked(
        sum(len(files) for _, files in folders),
        [
            Problem(JOB_FILE, one.path, f"{one.path}:{one.line}", one.error)
            for one in broken
            if one.judged
        ],
        "; ".join(f"{one.path}: {one.error}" for one in broken if not one.judged),
    )


def _validators() -> Looked:
    """Look for validators of models that are not there: nobody ever calls them."""
    registered = [
        (label, one) for label, many in registry["plugin_custom_validators"].items() for one in many
    ]
    models = {one._meta.label_lower for one in apps.get_models()}
    problems = [
        Problem(VALIDATOR, one.__qualname__, one.__module__, f"there is no model {label}")
        for label, one in registered
        if label not in models
    ]
    return Looked(len(registered), problems)
