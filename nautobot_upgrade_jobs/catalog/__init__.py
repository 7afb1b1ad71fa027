"""Curated facts about released versions of Nautobot: data files (TOML) and their reader.

Everything here holds for a release wherever it is installed; nothing is looked up, so a run without
network knows as much as one with it. Each data file says where its facts come from and how to add
a release. ``load_catalog()`` reads them once.
"""

from .catalog import Catalog, VersionStatus
from .loader import CatalogError, CatalogUnavailable, load_catalog
from .records import (
    Advice,
    AppConflict,
    Command,
    ConflictingApp,
    ExpectedChange,
    IndexRename,
    MergedApp,
    Release,
    ReleaseLine,
    RemovedSetting,
    UpgradeStop,
    VolatileData,
)

__all__ = [
    "Advice",
    "AppConflict",
    "Catalog",
    "CatalogError",
    "CatalogUnavailable",
    "Command",
    "ConflictingApp",
    "ExpectedChange",
    "IndexRename",
    "MergedApp",
    "Release",
    "ReleaseLine",
    "RemovedSetting",
    "UpgradeStop",
    "VersionStatus",
    "VolatileData",
    "load_catalog",
]
