"""A backend of Constance that reads the stored settings without Redis, and stores nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from constance.backends import Backend
from constance.codecs import loads
from django.conf import settings
from django.db import ProgrammingError


class ReadOnlyBackend(Backend):
    """Read the stored settings once. Settings that code changes stay in memory.

    Constance's own backend asks the cache first. Redis can be down, and a run must not fill the
    cache.
    """

    def get(self, key: str) -> Any:
        """Return the value of a setting. None for its default.

        Raises:
            django.db.OperationalError: The database refuses to read the settings now.
        """
        return self._values.get(key)

    async def aget(self, key: str) -> Any:
        """Return the value of a setting, as ``get`` does."""
        return await _in_thread(self.get, key)

    def mget(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of those settings that have another value than the default."""
        return {key: self._values[key] for key in keys if key in self._values}

    async def amget(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of settings, as ``mget`` does."""
        return await _in_thread(self.mget, keys)

    def set(self, key: str, value: Any) -> None:
        """Keep the value in memory."""
        self._values[key] = value

    async def aset(self, key: str, value: Any) -> None:
        """Keep the value in memory."""
        await _in_thread(self.set, key, value)

    @cached_property
    def _values(self) -> dict[str, Any]:
        """The stored settings by name.

        A value that this release cannot read has the default. The migrations of Constance convert
        stored values.
        """
        from constance.models import Constance

        prefix = getattr(settings, "CONSTANCE_DATABASE_PREFIX", "")
        try:
            rows = list(
                Constance.objects.filter(key__startswith=prefix).values_list("key", "value")
            )
        except ProgrammingError:  # A database before its first migration has no settings.
            return {}
        values = {}
        for key, text in rows:
            try:
                values[key.removeprefix(prefix)] = loads(text)
            except Exception:  # noqa: BLE001, S112 - the value of another release can raise anything
                continue
        return values


async def _in_thread(function: Any, *arguments: Any) -> Any:
    from asgiref.sync import sync_to_async

    return await sync_to_async(function, thread_sensitive=True)(*arguments)
