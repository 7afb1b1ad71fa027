"""Build the catalog from its data files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from ..common.urls import mask_url_credentials
from .app_records import AppConflict, AppStep, ConflictingApp, MergedApp
from .catalog import Catalog
from .data_files import CatalogError, Sources
from .records import (
    Advice,
    Advisory,
    Command,
    Durations,
    ExpectedChange,
    IndexRename,
    KnownReversal,
    MigrationSets,
    Postcondition,
    Release,
    ReleaseLine,
    RemovedSetting,
    RowDuration,
    VolatileData,
)
from .validation import find_invalid_value

Record = TypeVar("Record")
Row = Mapping[str, Any]

_NON_REQUIREMENT_KEYS = ("name", "maintained", "changes", "releases", "announced")
"""Keys of a release line that do not describe a requirement of its releases."""


_sources = Sources()


def use_catalog_archive(file: str) -> None:
    """Read the catalog from an archive from now on, if its edition is newer than the built-in one.

    Args:
        file: A ZIP archive, such as the wheel of a newer release. Empty for the archive that the
            environment names, if any.
    """
    archive = file or Sources().archive
    if archive != _sources.archive:
        _sources.archive = archive
        load_catalog.cache_clear()


def add_catalog_rows(owner: str, rows: Mapping[str, Any]) -> None:
    """Add the rows of another package to the catalog.

    Args:
        owner: Name of the package's entry point. Its rows replace those that it added before.
        rows: Rows by data file and table, such as ``{"settings": {"removed": [row]}}``. A row has
            the fields that a row of the table has.

    Raises:
        CatalogError: A row is invalid. The catalog is unchanged.
    """
    if not isinstance(rows, Mapping) or not all(isinstance(one, Mapping) for one in rows.values()):
        raise CatalogError(f"{owner}: the rows for the catalog must be a dict of dicts.")
    # The archive of the operator can be broken. That is not the fault of the rows.
    _load(Sources(archive="", rows={owner: rows}), f"{owner}: the built-in catalog with its rows")
    _sources.rows[owner] = rows
    load_catalog.cache_clear()


def used_archive() -> str:
    """Return the archive whose edition is compared with the built-in one. Empty if none."""
    return _sources.archive


@cache
def load_catalog() -> Catalog:
    """Read the catalog. Later calls return the same object.

    Raises:
        CatalogUnavailable: No TOML reader is installed (Python 3.10 without tomli).
        CatalogError: A data file is invalid.
    """
    return _load(_sources, _sources.archive or "the catalog")


def _load(sources: Sources, name: str) -> Catalog:
    """Build and validate the catalog of some sources.

    Raises:
        CatalogUnavailable: No TOML reader is installed.
        CatalogError: A value is invalid. The message begins with the given name.
    """
    try:
        catalog = _build_catalog(sources.read())
        problem = find_invalid_value(catalog)
    except CatalogError:
        raise
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
    if problem:
        raise CatalogError(f"{mask_url_credentials(name)} cannot be used as a catalog: {problem}")
    return catalog


def _build_catalog(content: Mapping[str, Row]) -> Catalog:
    edition, hazards = content["catalog"], content["hazards"]
    apps, expected = content["apps"], content["expected"]
    return Catalog(
        version=edition["version"],
        date=edition["date"],
        lines=_build_lines(content["releases"]),
        migration_sets=_build_migration_sets(content["migrations"]),
        advice=_build_records(Advice, "stops", content["stops"]["advice"]),
        advisories=_build_records(Advisory, "advisories", content["advisories"]["advisory"]),
        removed_settings=_build_records(RemovedSetting, "settings", content["settings"]["removed"]),
        merged_apps=_build_records(MergedApp, "apps", apps["merged"]),
        app_conflicts=_build_app_conflicts(apps["conflict"]),
        app_steps=_build_records(AppStep, "apps", apps["step"]),
        commands=_build_records(Command, "commands", content["commands"]["command"]),
        index_renames=_build_records(IndexRename, "hazards", hazards["unique_index"]),
        merged_app_columns=MappingProxyType(
            {table: tuple(names) for table, names in hazards["absorbed_columns"].items()}
        ),
        cable_terminations=MappingProxyType(hazards["cable_terminations"]),
        postconditions=_build_records(
            Postcondition, "postconditions", content["postconditions"]["postcondition"]
        ),
        known_reversals=_build_records(
            KnownReversal, "reversals", content["reversals"]["reversal"]
        ),
        durations=_build_durations(content["durations"]),
        volatile_data=_build_records(VolatileData, "expected", expected["volatile"]),
        expected_changes=_build_records(ExpectedChange, "expected", expected["change"]),
    )


def _build_records(kind: type[Record], file: str, rows: Sequence[Row]) -> tuple[Record, ...]:
    return tuple(_build_record(kind, file, row) for row in rows)


def _build_record(kind: type[Record], file: str, row: Row) -> Record:
    """Build a record from a row, with lists as tuples."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise CatalogError(f"{file}.toml: {error}, in {dict(row)}") from error


def _build_lines(content: Row) -> tuple[ReleaseLine, ...]:
    return tuple(
        ReleaseLine(
            row["name"], row["ltm"], row["maintained"], _build_releases(row, content["notes"])
        )
        for row in content["line"]
    )


def _build_releases(line: Row, notes: str) -> tuple[Release, ...]:
    """Build the releases of a line.

    A release has the requirements of its line, with all changes up to that release.
    """
    facts: dict[str, Any] = {"mysql": None, "redis_recommended": None}
    facts |= {key: value for key, value in line.items() if key not in _NON_REQUIREMENT_KEYS}
    releases = []
    for version, published in line["releases"].items():
        facts |= line.get("changes", {}).get(version, {})
        announced = line.get("announced", {}).get(version, published)
        anchor = f"v{version.replace('.', '')}-{announced}"
        facts["reference"] = notes.format(line=line["name"], anchor=anchor)
        row = {"version": version, "date": published, "line": line["name"], **facts}
        releases.append(_build_record(Release, "releases", row))
    return tuple(releases)


def _build_migration_sets(content: Row) -> MigrationSets:
    """Build the migration set of each release: the set of a base release plus new migrations."""
    by_release: dict[str, frozenset[str]] = {}
    for row in content["set"]:
        base = row.get("base")
        if base is not None and base not in by_release:
            raise CatalogError(f"migrations.toml: base {base!r} is in no earlier set")
        members = frozenset(row["added"]) | (by_release[base] if base else frozenset())
        by_release |= dict.fromkeys(row["releases"], members)
    names = {name: row["release"] for row in content["pre_release"] for name in row["names"]}
    return MigrationSets(MappingProxyType(by_release), MappingProxyType(names))


def _build_durations(content: Row) -> Durations:
    rows = _build_records(RowDuration, "durations", content["rows"])
    return Durations(MappingProxyType(content["seconds"]), rows, tuple(content["varied_tables"]))


def _build_app_conflicts(rows: Sequence[Row]) -> tuple[AppConflict, ...]:
    """Build the App conflicts.

    If a row does not name them, ``config_from`` is the former App, and ``config_to`` is the App
    that includes it.
    """
    conflicts = []
    for row in rows:
        absorbed = [
            {"config_from": each["module"], "config_to": row["app"], **each}
            for each in row["conflicts"]
        ]
        parsed = _build_records(ConflictingApp, "apps", absorbed)
        conflicts.append(_build_record(AppConflict, "apps", {**row, "conflicts": parsed}))
    return tuple(conflicts)
