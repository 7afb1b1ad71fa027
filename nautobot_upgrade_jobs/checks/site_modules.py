"""Modules of other packages that add checks. They register under an entry point.

A module that cannot be used is a result as well: its error becomes a check that crashes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, get_type_hints

ENTRY_POINT_GROUP = "nautobot_upgrade_jobs.checks"
COLLECTORS = "COLLECTORS"
"""Name of the variable of a module with its collectors."""
VALID_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True)
class SiteModule:
    """A module with checks of another package, or why it cannot be used."""

    name: str
    """The name of the entry point, which is the topic of its checks."""
    module: ModuleType | None
    error: str = ""

    @property
    def collectors(self) -> dict[type, Callable[[Any], Any]]:
        """The collectors by the type that each returns."""
        functions = getattr(self.module, COLLECTORS, ())
        return {get_type_hints(function)["return"]: function for function in functions}


@cache
def load_site_modules(reserved: frozenset[str]) -> tuple[SiteModule, ...]:
    """Import the modules of all entry points, sorted by name.

    Args:
        reserved: Topics of this App, which no other package may use.
    """
    found = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    return tuple(_load(point, reserved) for point in found)


def _load(point: EntryPoint, reserved: frozenset[str]) -> SiteModule:
    if point.name in reserved or not VALID_NAME.fullmatch(point.name):
        name = f"site_{re.sub('[^a-z0-9_]+', '_', point.name.lower())[:40]}"
        reason = f"the entry point {point.name!r} needs another name: lower case, and no own topic"
        return SiteModule(name, None, reason)
    try:
        module = SiteModule(point.name, point.load())
        _ = module.collectors  # Reads the annotations, which can be wrong.
    except (Exception, SystemExit) as error:  # noqa: BLE001 - code of another package
        return SiteModule(point.name, None, f"{type(error).__name__}: {error}")
    return module


def site_collectors() -> dict[type, Callable[[Any], Any]]:
    """Return all collectors of other packages by the type that each returns."""
    return {
        kind: function
        for site in load_site_modules(own_topics())
        for kind, function in site.collectors.items()
    }


@cache
def own_topics() -> frozenset[str]:
    """Return the topics of this App's checks."""
    from pkgutil import iter_modules

    from . import rules

    return frozenset(info.name for info in iter_modules(rules.__path__))
