"""Open pages of Nautobot on the copy, as a superuser does after an upgrade.

All of it happens in one transaction, which is rolled back.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from .migration_meter import Journal
from .startup import describe_failure

CLIENT_ERROR, NOT_ALLOWED, OK = 400, 405, 200
ROWS = {"HTTP_HX_REQUEST": "true"}
"""The header with which the page of a list requests its rows, since Nautobot 3.1."""
HOST = "localhost"
USER = "nautobot-rehearsal"


def open_pages(journal: Journal, seconds: float) -> None:
    """Open the list and one object of each model in the UI, and its list by REST.

    Args:
        journal: Gets the pages that fail, and the number of all.
        seconds: No page is opened after this time.
    """
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, HOST]
    started, opened, left_out = time.monotonic(), 0, 0
    with _rolled_back():
        client = Client(HTTP_HOST=HOST)
        client.force_login(_find_superuser())
        home = client.get("/", secure=True).status_code
        if home != OK:
            raise RuntimeError(f"a superuser gets the status {home} for the home page")
        for name, path, headers in _list_pages():
            if time.monotonic() - started > seconds:
                left_out += 1
                continue
            journal.write("open", name=name)
            _open(journal, name, partial(client.get, path, secure=True, **headers))
            opened += 1
    journal.write("pages", opened=opened, left_out=left_out, seconds=time.monotonic() - started)


@contextlib.contextmanager
def _rolled_back() -> Iterator[None]:
    """Roll back what happens meanwhile.

    Code can require that its transaction is the outermost one. As in Django's own tests, this one
    does not count.
    """
    from django.db import transaction

    block: Any = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def _open(journal: Journal, name: str, get: Callable[[], Any]) -> None:
    """Open a page, and report it if it fails."""
    try:
        with _rolled_back():
            response = get()
    except Exception as error:  # noqa: BLE001 - any failure is the result
        journal.write("page", name=name, failure=describe_failure(name, error))
        return
    if response.status_code >= CLIENT_ERROR and response.status_code != NOT_ALLOWED:
        answer = RuntimeError(_describe_answer(response))
        journal.write("page", name=name, failure=describe_failure(name, answer))


def _describe_answer(response: Any) -> str:
    """Return the status of an answer, and the error that an answer by REST names."""
    text = f"it answers with the status {response.status_code}"
    try:
        content = json.loads(response.content)
        return f"{text}: {content['exception']}: {content['error']}"
    except (AttributeError, LookupError, TypeError, ValueError):
        return text


def _find_superuser() -> Any:
    from django.contrib.auth import get_user_model

    users: Any = get_user_model().objects
    known = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    return known or users.create_superuser(username=USER, email="", password=None)


def _list_pages() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each page: its name, which does not depend on the rows, its path and its headers."""
    from django.apps import apps

    for model in apps.get_models():
        yield from _list_lists(model)
        yield from _list_object(model)


def _list_lists(model: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    from django.urls import NoReverseMatch, reverse
    from nautobot.core.utils.lookup import get_route_for_model

    for is_api, size in ((False, "?per_page=1"), (True, "?limit=1")):
        try:
            route = get_route_for_model(model, "list", api=is_api)
            path = reverse(route) + size
        except (AttributeError, NoReverseMatch, ValueError):
            continue  # Not each model has pages.
        yield route, path, {}
        if not is_api:
            yield f"{route} (rows)", path, ROWS


def _list_object(model: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the page of one object, if the model has one."""
    from django.db import transaction

    try:
        with transaction.atomic():
            found = model._default_manager.first()
            path = found.get_absolute_url() if found else ""
    except Exception:  # noqa: BLE001 - a model without a page, or without a table
        return
    if path:
        yield model._meta.label_lower, path, {}
