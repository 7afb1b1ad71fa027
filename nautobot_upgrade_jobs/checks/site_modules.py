"""Modules of other packages that add checks. They register under an entry point.

A module that cannot be used is a result as well: its error becomes a check that crashes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, is_dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, get_type_hints

from ..common.urls import mask_url_credentials

ENTRY_POINT_GROUP = "nautobot_upgrade_jobs.checks"
COLLECTORS = "COLLECTORS"
"""Name of the variable of a module with its collectors."""
CATALOG = "CATALOG"
"""Name of the variable of a module with rows for the catalog."""
OWN_PACKAGE = f"{__package__.partition('.')[0]}."
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
def load_site_modules() -> tuple[SiteModule, ...]:
    """Import the modules of all entry points, sorted by name."""
    found = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    loaded = [_load(point) for point in found]
    return tuple(map(_add_rows, _refuse_shared(loaded)))


def _load(point: EntryPoint) -> SiteModule:
    if point.name in own_topics() or not VALID_NAME.fullmatch(point.name):
        name = f"site_{re.sub('[^a-z0-9_]+', '_', point.name.lower())[:40]}"
        reason = f"the entry point {point.name!r} needs another name: lower case, and no own topic"
        return SiteModule(name, None, reason)
    try:
        site = SiteModule(point.name, point.load())
        _validate(site)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - code of another package
        return SiteModule(
            point.name, None, mask_url_credentials(f"{type(error).__name__}: {error}")
        )
    return site


def _validate(site: SiteModule) -> None:
    """Read all annotations, which can be wrong.

    Raises:
        TypeError: The entry point names no module, or a collector returns a type of this App.
    """
    if not isinstance(site.module, ModuleType):
        raise TypeError("the entry point must name a module")
    for kind in site.collectors:
        if not is_dataclass(kind) or kind.__module__.startswith(OWN_PACKAGE):
            raise TypeError(f"a collector must return a dataclass of its package, not {kind}")
    for value in vars(site.module).values():
        _ = getattr(value, "input_types", None)


def _add_rows(site: SiteModule) -> SiteModule:
    """Add the rows of a module to the catalog. If they are invalid, the module cannot be used."""
    rows = getattr(site.module, CATALOG, None)
    if not rows:
        return site
    from ..catalog import CatalogError, add_catalog_rows  # a target starts without the catalog

    try:
        add_catalog_rows(site.name, rows)
    except CatalogError as error:
        return SiteModule(site.name, None, f"CatalogError: {error}")
    return site


def _refuse_shared(modules: Iterable[SiteModule]) -> Iterator[SiteModule]:
    """Refuse a name or a type that an earlier module already has."""
    names: set[str] = set()
    kinds: set[type] = set()
    for site in modules:
        own = set() if site.module is None else set(site.collectors)
        if site.name in names:
            yield SiteModule(f"{site.name}_{len(names)}", None, f"{site.name} is used twice")
        elif own & kinds:
            yield SiteModule(site.name, None, "another package collects the same type")
        else:
            yield site
        names.add(site.name)
        kinds |= own


def site_collectors() -> dict[type, Callable[[Any], Any]]:
    """Return all collectors of other packages by the type that each returns."""
    return {
        kind: function
        for site in load_site_modules()
        if site.module is not None
        for kind, function in site.collectors.items()
    }


@cache
def own_topics() -> frozenset[str]:
    """Return the topics of this App's checks."""
    from pkgutil import iter_modules

    from . import rules

    return frozenset(info.name for info in iter_modules(rules.__path__))
