"""Every place where this package replaces code of Django, Nautobot or Constance at run time.

Each function names the versions in which the replaced code was read, and why no public interface
serves. ``tests/integration/test_django_patches.py`` checks that each replaced attribute still has
the expected parameters. All of them were read in Django 4.2.30 with Nautobot 2.4.44 and in Django
5.2.19 with Nautobot 3.2.7.

Models are imported inside the functions, because the first patches are applied before Django has
its settings.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

from constance import config
from django.db import connections, models
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from django.contrib.contenttypes.models import ContentType, ContentTypeManager
    from django.db.backends.base.base import BaseDatabaseWrapper


def wrap_connection_initialization(
    connection: BaseDatabaseWrapper, initialize: Callable[[Callable[[], None]], None]
) -> None:
    """Replace ``init_connection_state`` of one connection.

    Read in ``django.db.backends.base.base.BaseDatabaseWrapper.connect``, which calls it after every
    connect and reconnect. The signal ``connection_created`` is sent afterwards, so a receiver of an
    App could write before the session is read-only.

    Args:
        connection: The connection.
        initialize: Takes the original method and has to call it.
    """
    original = connection.init_connection_state

    def init_connection_state() -> None:
        initialize(original)

    connection.init_connection_state = init_connection_state


def configure_new_connections(configure: Callable[[BaseDatabaseWrapper], None]) -> None:
    """Replace ``connections.create_connection``, for the rest of this process.

    Read in ``django.db.utils.ConnectionHandler``. Django has no hook for a connection that is not
    connected yet.

    Args:
        configure: Called with every connection that Django creates from now on.
    """
    create = connections.create_connection

    def create_connection(alias: str) -> BaseDatabaseWrapper:
        connection = create(alias)
        configure(connection)
        return connection

    connections.create_connection = create_connection


@contextmanager
def disable_constance_writes() -> Iterator[None]:
    """Replace ``set`` of Constance's backend, for this thread only.

    Read in ``constance.base.Config`` of django-constance 4.3.5. Constance stores a default when a
    setting is read for the first time. A read-only session refuses that, and the read would fail
    with it. Other threads still store.
    """
    backend, thread = config._backend, get_ident()
    store = backend.set

    def set_in_other_threads(key: str, value: Any) -> None:
        if get_ident() != thread:
            store(key, value)

    backend.set = set_in_other_threads
    try:
        yield
    finally:
        backend.set = store


@contextmanager
def use_nautobot_deconstruct() -> Iterator[None]:
    """Replace ``Field.deconstruct``, so that this thread compares fields as Nautobot does.

    Read in ``nautobot.core.management.commands``: Nautobot's ``makemigrations`` does the same for a
    whole process. It ignores choices, help texts and verbose names. By plain Django's rules, a
    pristine 3.2.7 has 516 changes. Other threads still use Django's method.
    """
    from nautobot.core.management.commands import custom_deconstruct

    thread, deconstruct = get_ident(), models.Field.deconstruct

    def deconstruct_by_thread(field: models.Field[Any, Any]) -> Any:
        return custom_deconstruct(field) if get_ident() == thread else deconstruct(field)

    models.Field.deconstruct = deconstruct_by_thread
    try:
        yield
    finally:
        models.Field.deconstruct = deconstruct


def select_existing_columns(existing: Mapping[str, Collection[str]]) -> None:
    """Replace ``SQLCompiler.get_default_columns``, for the rest of this process.

    Read in ``django.db.models.sql.compiler``. Newer models may have columns that an older database
    lacks. Django treats the columns that are not selected as deferred. ``QuerySet.defer`` would
    have to be called by the code of Nautobot and the Apps.

    Args:
        existing: The columns of each table in the database.
    """
    get_all_columns = SQLCompiler.get_default_columns

    def get_default_columns(compiler: SQLCompiler, *args: Any, **kwargs: Any) -> list[Any]:
        return [
            column
            for column in get_all_columns(compiler, *args, **kwargs)
            if column.target.column in existing.get(column.target.model._meta.db_table, ())
        ]

    SQLCompiler.get_default_columns = get_default_columns


def fake_missing_content_types() -> None:
    """Replace ``ContentTypeManager.get_or_create``, for the rest of this process.

    Read in ``django.contrib.contenttypes.models.ContentTypeManager.get_for_model``, which calls it
    for a model whose content type is missing. The replacement stores nothing. It returns a content
    type with a negative key, to which no row refers.
    """
    from django.contrib.contenttypes.models import ContentTypeManager

    keys = itertools.count(-1, -1)

    def get_or_create(manager: ContentTypeManager, **kwargs: Any) -> tuple[ContentType, bool]:
        return manager.model(pk=next(keys), **kwargs), True

    ContentTypeManager.get_or_create = get_or_create
