"""Collect problems of extensions: Job files, registered Jobs, home-page panels, menu links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.test import RequestFactory
from nautobot.core.views import HomeView
from nautobot.extras.jobs import get_jobs
from nautobot.extras.models import Job
from nautobot.extras.registry import registry

from ..facts import Extensions
from .automation import is_packaged_job
from .context import Context, attempt, guard
from .db.read_only_errors import is_read_only_error
from .user_content.job_files import (
    find_broken_job_files,
    find_job_files,
    find_uncloned_repositories,
)

BROKEN_LINK_NAME = "ERROR: Invalid link!"
"""The name that ``nautobot.core.apps`` gives a menu item whose link does not resolve."""


def collect(context: Context) -> Extensions:
    """Collect the problems of everything that extends Nautobot."""
    return Extensions(
        broken_job_files=attempt(
            lambda: tuple(find_broken_job_files(find_job_files(context.connection)))
        ),
        unregistered_jobs=attempt(lambda: tuple(sorted(_find_recorded_jobs() - set(get_jobs())))),
        unrecorded_jobs=attempt(
            lambda: tuple(sorted(_find_registered_jobs() - _find_recorded_jobs()))
        ),
        broken_home_panels=attempt(
            lambda: dict(_find_broken_home_panels()), expected=(DatabaseError, LookupError)
        ),
        broken_menu_links=attempt(lambda: tuple(_find_broken_menu_links())),
        orphaned_template_extensions=attempt(lambda: dict(_find_orphaned_template_extensions())),
        uncloned_repositories=attempt(lambda: find_uncloned_repositories(context.connection)),
    )


def _find_recorded_jobs() -> set[str]:
    names = Job.objects.filter(installed=True).values_list("module_name", "job_class_name")
    return {path for path in map(".".join, names) if is_packaged_job(path)}


def _find_registered_jobs() -> set[str]:
    return {path for path in get_jobs() if is_packaged_job(path)}


def _find_broken_home_panels() -> Iterator[tuple[str, str]]:
    """Yield the panels that cannot be rendered for a superuser.

    A panel that tries to write is left out, because it fails only in this read-only session.
    """
    request = RequestFactory().get("/")
    user = get_user_model().objects.filter(is_superuser=True, is_active=True).first()
    if user is None:
        raise LookupError("no active superuser exists, so no panel was rendered")
    request.user = user
    for name, panel in registry["homepage_layout"]["panels"].items():
        with guard() as outcome:
            _render_panel(panel, request)
        if outcome.failure and not is_read_only_error(outcome.error):
            yield str(name), outcome.failure.reason


def _find_broken_menu_links() -> Iterator[str]:
    """Yield the menu links that did not resolve when Nautobot built the menu."""
    for tab_name, tab in registry["nav_menu"]["tabs"].items():
        for group_name, group in tab["groups"].items():
            for link, item in group["items"].items():
                if item["name"] == BROKEN_LINK_NAME:
                    yield f"{tab_name} / {group_name} / {link}"


def _find_orphaned_template_extensions() -> Iterator[tuple[str, str]]:
    """Yield template extensions of models that do not exist. Nautobot never renders them."""
    for model, classes in registry["plugin_template_extensions"].items():
        label, _, name = str(model).partition(".")
        try:
            apps.get_model(label, name)
        except LookupError:
            for extension in classes:
                yield f"{extension.__module__}.{extension.__qualname__}", str(model)


def _render_panel(panel: Mapping[str, Any], request: Any) -> None:
    """Render a panel, an item or an item of a group as the home page does."""
    if panel.get("custom_template"):
        HomeView().render_additional_content(request, {}, panel)
    elif panel.get("model"):
        panel["model"].objects.restrict(request.user, "view").count()
    for item in (panel.get("items") or {}).values():
        _render_panel(item, request)
