"""Collect evidence of which post-upgrade steps have run, from the database and from files.

The installed release defines the steps. Some steps leave no trace, such as clearing caches and
sending metrics.
"""

from __future__ import annotations

import filecmp
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import _get_all_permissions
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError
from django.db.models import Count
from nautobot.dcim.models.device_components import PathEndpoint
from nautobot.extras import management
from nautobot.extras.choices import DynamicGroupTypeChoices
from nautobot.extras.models import DynamicGroup, Role, StaticGroupAssociation, Status

from ..facts import PostUpgrade, Unavailable
from ..facts.post_upgrade import StaleContentType, StaleGroup, StaticFiles
from .context import Context, attempt, guard
from .db.sql import fetch_value
from .operations.content_type_cascades import count_references
from .support.listings import describe_members

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

GROUPS_BUDGET_SECONDS = 120
"""Time limit for the filters of all dynamic groups together."""


def collect(context: Context) -> PostUpgrade:
    """Read the trace of every step. If one trace cannot be read, the other traces are."""
    # Models may not match the schema, and Apps add models.
    collected = partial(attempt, expected=Exception)
    missing = collected(_find_missing_status_role_choices)
    return PostUpgrade(
        stale_content_types=collected(lambda: tuple(_find_stale_content_types(context.connection))),
        expired_sessions=collected(lambda: _count_expired_sessions(context.connection)),
        untraced_cable_paths=collected(lambda: dict(_find_untraced_cable_paths())),
        static_files=collected(_compare_static_files),
        missing_content_types=collected(_find_missing_content_types),
        missing_permissions=collected(_find_missing_permissions),
        missing_status_role_choices=missing if isinstance(missing, Unavailable) else missing[0],
        models_without_choices=missing if isinstance(missing, Unavailable) else missing[1],
        stale_dynamic_groups=collected(lambda: tuple(_find_stale_dynamic_groups())),
    )


def _find_stale_content_types(connection: BaseDatabaseWrapper) -> Iterator[StaleContentType]:
    """Yield the content types that ``remove_stale_contenttypes`` removes, with referencing rows."""
    labels = {config.label for config in apps.get_app_configs()}
    content_types = ContentType.objects.filter(app_label__in=labels).order_by("app_label", "model")
    stale = {
        content_type.pk: f"{content_type.app_label}.{content_type.model}"
        for content_type in content_types
        if content_type.model_class() is None
    }
    rows = count_references(connection, stale)
    for key, name in stale.items():
        counts = {column: count[key] for column, count in rows.items() if key in count}
        yield StaleContentType(name, counts)


def _count_expired_sessions(connection: BaseDatabaseWrapper) -> int:
    if not settings.SESSION_ENGINE.endswith((".db", ".cached_db")):
        return 0
    return int(
        fetch_value(
            connection,
            "SELECT count(*) FROM django_session WHERE expire_date < "
            "(SELECT max(applied) FROM django_migrations)",
        )
    )


def _find_untraced_cable_paths() -> Iterator[tuple[str, int]]:
    """Yield models with the number of cabled endpoints that ``trace_paths`` would trace.

    Since 3.2, a path belongs to many endpoints.
    """
    for model in apps.get_models():
        if not issubclass(model, PathEndpoint):
            continue
        try:
            model._meta.get_field("_path")
            cabled = model.objects.filter(cable__isnull=False, _path__isnull=True)
        except FieldDoesNotExist:
            cabled = model.objects.filter(cable_termination__isnull=False)
            cabled = cabled.annotate(paths=Count("cable_paths")).filter(paths=0)
        if rows := cabled.count():
            yield model._meta.label_lower, rows


def _compare_static_files() -> StaticFiles:
    """Compare ``STATIC_ROOT`` with the files that ``collectstatic`` would collect."""
    root = Path(settings.STATIC_ROOT)
    sources: dict[str, str] = {}
    for finder in get_finders():
        for path, storage in finder.list([]):
            prefix = getattr(storage, "prefix", "") or ""
            sources.setdefault(str(Path(prefix, path)), storage.path(path))
    missing, different = [], []
    for name, source in sorted(sources.items()):
        collected = root / name
        if not collected.is_file():
            missing.append(name)
        elif not _is_same_file(Path(source), collected):
            different.append(name)
    return StaticFiles(str(root), len(sources), tuple(missing), tuple(different))


def _is_same_file(source: Path, collected: Path) -> bool:
    """Return whether a file was collected from a source. Bytes are read only if in doubt."""
    expected, actual = source.stat(), collected.stat()
    if expected.st_size != actual.st_size:
        return False
    return expected.st_mtime <= actual.st_mtime or filecmp.cmp(source, collected, shallow=False)


def _find_missing_content_types() -> tuple[str, ...]:
    expected = {
        (model._meta.app_label, model._meta.model_name)
        for config in apps.get_app_configs()
        if config.models_module
        for model in config.get_models()
    }
    present = set(ContentType.objects.values_list("app_label", "model"))
    return tuple(sorted(f"{label}.{name}" for label, name in expected - present))


def _find_missing_permissions() -> tuple[str, ...]:
    expected = {
        (model._meta.app_label, codename)
        for config in apps.get_app_configs()
        if config.models_module
        for model in config.get_models()
        for codename, _ in _get_all_permissions(model._meta)
    }
    present = set(Permission.objects.values_list("content_type__app_label", "codename"))
    return tuple(sorted(f"{label}.{name}" for label, name in expected - present))


def _find_missing_status_role_choices() -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Compare statuses and roles with the defaults of the running release."""
    missing, empty = {}, []
    for kind, model, choices in (
        ("status", Status, management.STATUS_CHOICESET_MAP),
        ("role", Role, management.ROLE_CHOICESET_MAP),
    ):
        for path, defaults in choices.items():
            label, _, name = path.lower().partition(".")
            present = set(
                model.objects.filter(
                    content_types__app_label=label, content_types__model=name
                ).values_list("name", flat=True)
            )
            absent = tuple(value for _, value in defaults.CHOICES if value not in present)
            if absent:
                missing[f"{kind} {label}.{name}"] = absent
            if not present:
                empty.append(f"{kind} {label}.{name}")
    return missing, tuple(empty)


def _find_stale_dynamic_groups() -> Iterator[StaleGroup]:
    """Yield groups whose stored members differ from the current result of their filter."""
    end = time.monotonic() + GROUPS_BUDGET_SECONDS
    computed = (
        DynamicGroupTypeChoices.TYPE_DYNAMIC_FILTER,
        DynamicGroupTypeChoices.TYPE_DYNAMIC_SET,
    )
    for group in DynamicGroup.objects.filter(group_type__in=computed).order_by("name"):
        if time.monotonic() > end:
            raise TimeoutError(f"the budget of {GROUPS_BUDGET_SECONDS} seconds was used up")
        selected = None
        with guard() as outcome:
            selected = describe_members(group._get_group_queryset())
        if isinstance(outcome.error, DatabaseError):
            raise outcome.error  # The members are unknown.
        stored = describe_members(
            StaticGroupAssociation.all_objects.filter(dynamic_group=group), "associated_object_id"
        )
        if stored != selected and (selected or stored.count):
            number = selected.count if selected else None
            yield StaleGroup(str(group.name), stored.count, number)
