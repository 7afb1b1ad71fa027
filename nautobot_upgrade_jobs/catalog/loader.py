"""Read the data files of the catalog, which are in this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from .app_records import AppConflict, AppStep, ConflictingApp, MergedApp
from .catalog import Catalog
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

Record = TypeVar("Record")
Row = Mapping[str, Any]

_NON_REQUIREMENT_KEYS = ("name", "maintained", "changes", "releases", "announced")
"""Keys of a release line that do not describe a requirement of its releases."""


class CatalogUnavailable(RuntimeError):
    """The catalog cannot be read. The message says what to install."""


class CatalogError(ValueError):
    """A data file of the catalog is invalid. The message names the file and the row."""


@cache
def load_catalog() -> Catalog:
    """Read the catalog. Later calls return the same object.

    Raises:
        CatalogUnavailable: No TOML reader is installed (Python 3.10 without tomli).
        CatalogError: A data file is invalid.
    """
    edition, hazards = _read_data_file("catalog"), _read_data_file("hazards")
    apps, expected = _read_data_file("apps"), _read_data_file("expected")
    return Catalog(
        version=edition["version"],
        date=edition["date"],
        lines=_build_lines(_read_data_file("releases")),
        migration_sets=_build_migration_sets(_read_data_file("migrations")),
        advice=_build_records(Advice, "stops", _read_data_file("stops")["advice"]),
        advisories=_build_records(
            Advisory, "advisories", _read_data_file("advisories")["advisory"]
        ),
        removed_settings=_build_records(
            RemovedSetting, "settings", _read_data_file("settings")["removed"]
        ),
        merged_apps=_build_records(MergedApp, "apps", apps["merged"]),
        app_conflicts=_build_app_conflicts(apps["conflict"]),
        app_steps=_build_records(AppStep, "apps", apps["step"]),
        commands=_build_records(Command, "commands", _read_data_file("commands")["command"]),
        index_renames=_build_records(IndexRename, "hazards", hazards["unique_index"]),
        merged_app_columns=MappingProxyType(
            {table: tuple(names) for table, names in hazards["absorbed_columns"].items()}
        ),
        cable_terminations=MappingProxyType(hazards["cable_terminations"]),
        postconditions=_build_records(
            Postcondition, "postconditions", _read_data_file("postconditions")["postcondition"]
        ),
        known_reversals=_build_records(
            KnownReversal, "reversals", _read_data_file("reversals")["reversal"]
        ),
        durations=_build_durations(_read_data_file("durations")),
        volatile_data=_build_records(VolatileData, "expected", expected["volatile"]),
        expected_changes=_build_records(ExpectedChange, "expected", expected["change"]),
    )


def _read_data_file(name: str) -> dict[str, Any]:
    """Read one data file."""
    path = Path(__file__).with_name(f"{name}.toml")
    content: dict[str, Any] = _import_toml_reader().loads(path.read_text(encoding="utf-8"))
    return content


def _import_toml_reader() -> Any:
    """Import the TOML reader of the standard library (Python 3.11 and later) or tomli."""
    for module in ("tomllib", "tomli"):
        try:
            return import_module(module)
        except ImportError:
            continue
    raise CatalogUnavailable(
        "The catalog of Nautobot releases cannot be read, because Python 3.10 has no TOML reader. "
        "Install one with: pip install tomli"
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
