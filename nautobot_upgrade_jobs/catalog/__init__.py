"""Curated facts about released versions of Nautobot, as TOML files with their reader.

The facts describe releases and do not depend on the installation. Nothing is downloaded, so the
catalog is complete without network access. Each data file states its sources and how to add a
release. ``load_catalog()`` reads the files once.
"""

from .app_records import AppConflict, AppStep, ConflictingApp, MergedApp
from .catalog import Catalog, VersionStatus
from .data_files import CatalogError, CatalogUnavailable
from .loader import add_catalog_rows, load_catalog, use_catalog_archive
from .records import (
    Advice,
    Advisory,
    Command,
    ExpectedChange,
    IndexRename,
    Release,
    ReleaseLine,
    RemovedSetting,
    UpgradeStop,
    VolatileData,
)

__all__ = [
    "Advice",
    "Advisory",
    "AppConflict",
    "AppStep",
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
    "add_catalog_rows",
    "load_catalog",
    "use_catalog_archive",
]
