"""What extends Nautobot: Jobs' files, the registry of Jobs, and the panels of the home page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.apps import apps
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from nautobot.core.views import HomeView
from nautobot.extras.jobs import get_jobs
from nautobot.extras.models import Job
from nautobot.extras.registry import registry

from ..facts import Extensions
from . import Context, attempt, explain
from .automation import is_packaged_job
from .user_content.job_files import find_broken_job_files, find_job_files

BROKEN_LINK_NAME = "ERROR: Invalid link!"
"""The name that ``nautobot.core.apps`` gives a menu item whose address it cannot make."""
READ_ONLY_ERROR = re.compile("read.only transaction", re.IGNORECASE)


def collect(context: Context) -> Extensions:
    """Look at everything that is not core's own."""
    return Extensions(
        broken_job_files=attempt(
            lambda: tuple(find_broken_job_files(find_job_files(context.connection)))
        ),
        unregistered_jobs=attempt(lambda: tuple(sorted(_find_recorded_jobs() - set(get_jobs())))),
        unrecorded_jobs=attempt(
            lambda: tuple(sorted(_find_registered_jobs() - _find_recorded_jobs()))
        ),
        broken_home_panels=attempt(lambda: dict(_find_broken_home_panels())),
        broken_menu_links=attempt(lambda: tuple(_find_broken_menu_links())),
        orphaned_template_extensions=attempt(lambda: dict(_find_orphaned_template_extensions())),
    )


def _find_recorded_jobs() -> set[str]:
    found = Job.objects.filter(installed=True).values_list("module_name", "job_class_name")
    return {path for path in map(".".join, found) if is_packaged_job(path)}


def _find_registered_jobs() -> set[str]:
    return {path for path in get_jobs() if is_packaged_job(path)}


def _find_broken_home_panels() -> Iterator[tuple[str, str]]:
    """Yield panels that cannot be shown to a superuser."""
    request = RequestFactory().get("/")
    request.user = get_user_model().objects.filter(is_superuser=True, is_active=True).first()
    if request.user is None:
        return
    for name, panel in registry["homepage_layout"]["panels"].items():
        problem = _describe_failure(lambda panel=panel: _render_panel(panel, request))
        if problem:
            yield str(name), problem


def _find_broken_menu_links() -> Iterator[str]:
    """Yield what Nautobot could not turn into addresses when it made the menu."""
    for tab_name, tab in registry["nav_menu"]["tabs"].items():
        for group_name, group in tab["groups"].items():
            for link, item in group["items"].items():
                if item["name"] == BROKEN_LINK_NAME:
                    yield f"{tab_name} / {group_name} / {link}"


def _find_orphaned_template_extensions() -> Iterator[tuple[str, str]]:
    """Yield template extensions for models that are not there: nobody ever sees them."""
    for model, classes in registry["plugin_template_extensions"].items():
        label, _, name = str(model).partition(".")
        try:
            apps.get_model(label, name)
        except LookupError:
            for one in classes:
                yield f"{one.__module__}.{one.__qualname__}", str(model)


def _render_panel(one: Mapping[str, Any], request: Any) -> None:
    """Do what the home page does for a panel, an item, or an item of a group."""
    if one.get("custom_template"):
        HomeView().render_additional_content(request, {}, one)
    elif one.get("model"):
        one["model"].objects.restrict(request.user, "view").count()
    for item in (one.get("items") or {}).values():
        _render_panel(item, request)


def _describe_failure(function: Callable[[], None]) -> str:
    try:
        function()
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - panels are other people's code
        # One that stores something when it is shown is kept from that here, and here alone.
        return "" if READ_ONLY_ERROR.search(str(error)) else explain(error)
    return ""
