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
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

from constance import config
from constance.backends import Backend
from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections, models
from django.db.migrations import state
from django.db.models.sql.compiler import SQLCompiler
from django.utils.functional import empty

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


_session_configs: dict[int, Any] = {}
"""Constance's settings in the threads of open sessions."""
_session_lock = Lock()


class _ConfigByThread:
    """Constance's settings: those of a session in its thread, the configured ones elsewhere."""

    def __init__(self, configured: Any) -> None:
        object.__setattr__(self, "configured", configured)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._current(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._current(), name, value)

    def _current(self) -> Any:
        from constance.base import Config

        own = _session_configs.get(get_ident())
        if own is None and self.configured is empty:  # No code has read a setting yet.
            object.__setattr__(self, "configured", Config())
        return own or self.configured


@contextmanager
def use_memory_cache() -> Iterator[None]:
    """Replace Django's default cache by an empty one in memory, for this thread only.

    Models of Nautobot read their own rows through the cache. A server that accepts connections and
    does not respond would make the run wait without a limit. The run also leaves nothing in the
    cache of Nautobot.
    """
    configured = getattr(caches._connections, DEFAULT_CACHE_ALIAS, None)
    caches[DEFAULT_CACHE_ALIAS] = LocMemCache(f"session {get_ident()}", {})
    try:
        yield
    finally:
        caches[DEFAULT_CACHE_ALIAS].clear()
        del caches[DEFAULT_CACHE_ALIAS]
        if configured is not None:
            caches[DEFAULT_CACHE_ALIAS] = configured


@contextmanager
def use_constance_backend(backend: Backend) -> Iterator[None]:
    """Replace the backend in ``constance.config``, for this thread only.

    ``constance.base.Config`` (read in django-constance 4.3.5) stores the default of a setting when
    the setting is read for the first time. A read-only session refuses to store it, and reading the
    setting would fail. The configured backend asks Redis, also when it is created. Other threads
    use the configured backend.
    """
    from constance.base import Config

    thread, own = get_ident(), Config.__new__(Config)
    object.__setattr__(own, "_backend", backend)
    with _session_lock:
        if not _session_configs:
            config._wrapped = _ConfigByThread(config._wrapped)
        _session_configs[thread] = own
    try:
        yield
    finally:
        with _session_lock:
            del _session_configs[thread]
            if not _session_configs:
                config._wrapped = config._wrapped.configured


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


@contextmanager
def skip_unused_reference_search() -> Iterator[None]:
    """Replace ``django.db.migrations.state.field_is_referenced`` for states without models.

    ``ProjectState.alter_field`` searches all fields of all models for references to the field. Only
    ``reload_model`` uses the result, and only if the models of the state are rendered. The search
    takes half of the time in which Django computes the state of all migrations.
    """
    search = state.field_is_referenced

    def search_if_rendered(project: state.ProjectState, *args: Any) -> Any:
        return "apps" in vars(project) and search(project, *args)

    state.field_is_referenced = search_if_rendered
    try:
        yield
    finally:
        state.field_is_referenced = search


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
