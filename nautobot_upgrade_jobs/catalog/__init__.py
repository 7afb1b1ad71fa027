"""Curated facts about released versions of Nautobot: data files (TOML) and their reader.

Everything here holds for a release wherever it is installed; nothing is looked up, so a run without
network knows as much as one with it. Each data file says where its facts come from and how to add
a release. ``load()`` reads them once.
"""

from .catalog import Catalog, Status
from .loader import CatalogError, CatalogUnavailable, load
from .records import (
    AbsorbedApp,
    Advice,
    AppConflict,
    Command,
    ConflictingApp,
    ExpectedChange,
    Line,
    Release,
    RemovedSetting,
    Stop,
    UniqueIndex,
    VolatileThing,
)

__all__ = [
    "AbsorbedApp",
    "Advice",
    "AppConflict",
    "Catalog",
    "CatalogError",
    "CatalogUnavailable",
    "Command",
    "ConflictingApp",
    "ExpectedChange",
    "Line",
    "Release",
    "RemovedSetting",
    "Status",
    "Stop",
    "UniqueIndex",
    "VolatileThing",
    "load",
]
