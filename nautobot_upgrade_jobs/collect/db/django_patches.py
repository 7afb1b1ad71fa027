"""Every place where this package replaces code of Django, Nautobot or Constance at run time.

Each docstring names the replaced code and says why no public interface is enough. The code was read
in Django 4.2.30 with Nautobot 2.4.44, and in Django 5.2.19 with Nautobot 3.2.7.
``tests/integration/test_django_patches.py`` checks that each replaced attribute still has the
expected parameters.

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

    ``django.db.backends.base.base.BaseDatabaseWrapper.connect`` calls this method after every
    connect and reconnect, and sends the signal ``connection_created`` only afterwards. With the
    signal, a receiver of an App could write before the session is read-only.

    Args:
        connection: The connection.
        initialize: Called instead of the method. It receives the original method and must call it.
    """
    original = connection.init_connection_state

    def init_connection_state() -> None:
        initialize(original)

    connection.init_connection_state = init_connection_state


def configure_new_connections(configure: Callable[[BaseDatabaseWrapper], None]) -> None:
    """Replace ``connections.create_connection``, for the rest of this process.

    The method is in ``django.db.utils.ConnectionHandler``. Django has no hook for a connection that
    is not connected yet.

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

    ``constance.base.Config`` (read in django-constance 4.3.5) stores the default of a setting when
    the setting is read for the first time. A read-only session refuses to store it, and reading the
    setting would fail. Other threads still store defaults.
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

    Nautobot's ``makemigrations`` makes the same replacement for a whole process, in
    ``nautobot.core.management.commands``. Nautobot's method ignores choices, help texts and verbose
    names. With Django's own method, a pristine 3.2.7 has 516 changes. Other threads still use
    Django's method.
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

    The method is in ``django.db.models.sql.compiler``. Newer models may have columns that an older
    database lacks. The replacement does not select these columns, and Django treats them as
    deferred. The public ``QuerySet.defer`` would have to be called by the code of Nautobot and the
    Apps.

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

    ``django.contrib.contenttypes.models.ContentTypeManager.get_for_model`` calls this method for a
    model whose content type is missing. The replacement stores nothing. It returns a content type
    with a negative key, to which no row refers.
    """
    from django.contrib.contenttypes.models import ContentTypeManager

    keys = itertools.count(-1, -1)

    def get_or_create(manager: ContentTypeManager, **kwargs: Any) -> tuple[ContentType, bool]:
        return manager.model(pk=next(keys), **kwargs), True

    ContentTypeManager.get_or_create = get_or_create
