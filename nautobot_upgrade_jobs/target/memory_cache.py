"""A cache in the memory of one process, with the methods that Nautobot calls on its Redis cache."""

from __future__ import annotations

import contextlib
import fnmatch
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.cache.backends.locmem import LocMemCache


class MemoryCache(LocMemCache):
    """Django's cache in memory. Django's own lacks what ``django-redis`` adds."""

    def iter_keys(self, search: str, *_: Any, **__: Any) -> Iterator[str]:
        """Yield the keys that match a pattern."""
        prefix = self.make_key("")
        entries: Mapping[str, bytes] = vars(self)["_cache"]
        names = [key.removeprefix(prefix) for key in list(entries)]
        yield from fnmatch.filter(names, search)

    def keys(self, search: str, *_: Any, **__: Any) -> list[str]:
        """Return the keys that match a pattern."""
        return list(self.iter_keys(search))

    def delete_pattern(self, pattern: str, *_: Any, **__: Any) -> int:
        """Delete the keys that match a pattern, and return their number."""
        return sum(self.delete(key) for key in self.keys(pattern))

    def ttl(self, key: str, *_: Any, **__: Any) -> int | None:
        """Return the seconds for which a key is kept: zero if it does not exist."""
        return None if key in self else 0

    def lock(self, *_: Any, **__: Any) -> contextlib.AbstractContextManager[Any]:
        """Return a lock. No other process shares this cache."""
        return threading.Lock()
