"""Traces of the steps that follow ``migrate``, as the installed release defines them.

Not every step leaves one: cleared caches and sent metrics cannot be told from the database.
"""

from __future__ import annotations

import filecmp
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import _get_all_permissions
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count
from nautobot.dcim.models.device_components import PathEndpoint
from nautobot.extras import management
from nautobot.extras.choices import DynamicGroupTypeChoices
from nautobot.extras.models import DynamicGroup, Role, StaticGroupAssociation, Status

from ..facts import PostUpgrade, Unavailable
from ..facts.post_upgrade import StaleContentType, StaticFiles
from . import Context, explain
from .db.sql import fetch_value
from .derived_state import describe_members
from .operations.content_type_cascades import count_references

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

GROUPS_BUDGET_SECONDS = 120
"""For all filters of dynamic groups together."""


def collect(context: Context) -> PostUpgrade:
    """Look for the trace of every step."""
    missing = _attempt(_find_missing_status_role_choices)
    return PostUpgrade(
        stale_content_types=_attempt(lambda: tuple(_find_stale_content_types(context.connection))),
        expired_sessions=_attempt(lambda: _count_expired_sessions(context.connection)),
        untraced_cable_paths=_attempt(lambda: dict(_find_untraced_cable_paths())),
        static_files=_attempt(_compare_static_files),
        missing_content_types=_attempt(_find_missing_content_types),
        missing_permissions=_attempt(_find_missing_permissions),
        missing_status_role_choices=missing if isinstance(missing, Unavailable) else missing[0],
        models_without_choices=missing if isinstance(missing, Unavailable) else missing[1],
        stale_dynamic_groups=_attempt(lambda: tuple(_find_stale_dynamic_groups())),
    )


def _attempt(look: Callable[[], Any]) -> Any:
    """Return what was found, or why it could not be looked for: models may not fit the schema."""
    try:
        return look()
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - one step's trace must not hide the others'
        return Unavailable(explain(error))


def _find_stale_content_types(connection: BaseDatabaseWrapper) -> Iterator[StaleContentType]:
    """Yield what ``remove_stale_contenttypes`` would remove, with what goes with it."""
    labels = {config.label for config in apps.get_app_configs()}
    known = ContentType.objects.filter(app_label__in=labels).order_by("app_label", "model")
    stale = {one.pk: f"{one.app_label}.{one.model}" for one in known if one.model_class() is None}
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
    """Yield what ``trace_paths`` would retrace; since 3.2 a path belongs to many endpoints."""
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
    """Compare ``STATIC_ROOT`` with what ``collectstatic`` would collect."""
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
    """Tell whether a file was collected from this source; bytes are read only where in doubt."""
    one, other = source.stat(), collected.stat()
    if one.st_size != other.st_size:
        return False
    return one.st_mtime <= other.st_mtime or filecmp.cmp(source, collected, shallow=False)


def _find_missing_content_types() -> tuple[str, ...]:
    wanted = {
        (model._meta.app_label, model._meta.model_name)
        for config in apps.get_app_configs()
        if config.models_module
        for model in config.get_models()
    }
    present = set(ContentType.objects.values_list("app_label", "model"))
    return tuple(sorted(f"{label}.{name}" for label, name in wanted - present))


def _find_missing_permissions() -> tuple[str, ...]:
    wanted = {
        (model._meta.app_label, codename)
        for config in apps.get_app_configs()
        if config.models_module
        for model in config.get_models()
        for codename, _ in _get_all_permissions(model._meta)
    }
    present = set(Permission.objects.values_list("content_type__app_label", "codename"))
    return tuple(sorted(f"{label}.{name}" for label, name in wanted - present))


def _find_missing_status_role_choices() -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Compare statuses and roles with those that the running release would populate."""
    missing, without = {}, []
    for word, model, choices in (
        ("status", Status, management.STATUS_CHOICESET_MAP),
        ("role", Role, management.ROLE_CHOICESET_MAP),
    ):
        for path, wanted in choices.items():
            label, _, name = path.lower().partition(".")
            present = set(
                model.objects.filter(
                    content_types__app_label=label, content_types__model=name
                ).values_list("name", flat=True)
            )
            gone = tuple(value for _, value in wanted.CHOICES if value not in present)
            if gone:
                missing[f"{word} {label}.{name}"] = gone
            if not present:
                without.append(f"{word} {label}.{name}")
    return missing, tuple(without)


def _find_stale_dynamic_groups() -> Iterator[str]:
    """Yield groups whose stored members are not those that would be stored now."""
    end = time.monotonic() + GROUPS_BUDGET_SECONDS
    computed = (
        DynamicGroupTypeChoices.TYPE_DYNAMIC_FILTER,
        DynamicGroupTypeChoices.TYPE_DYNAMIC_SET,
    )
    for group in DynamicGroup.objects.filter(group_type__in=computed).order_by("name"):
        if time.monotonic() > end:
            raise TimeoutError(f"the budget of {GROUPS_BUDGET_SECONDS} seconds was used up")
        try:
            found = describe_members(group._get_group_queryset())
        except SoftTimeLimitExceeded:
            raise
        except Exception:  # noqa: BLE001, S112 - a filter that fails has no members to store
            continue
        stored = StaticGroupAssociation.all_objects.filter(dynamic_group=group)
        if describe_members(stored, "associated_object_id") != found:
            yield str(group.name)
