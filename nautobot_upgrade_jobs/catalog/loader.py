"""Reads the catalog's data files, which lie beside this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from .catalog import Catalog
from .records import (
    AbsorbedApp,
    Advice,
    AppConflict,
    Command,
    ConflictingApp,
    ExpectedChange,
    KnownReversal,
    Line,
    MigrationSets,
    Postcondition,
    Release,
    RemovedSetting,
    UniqueIndex,
    VolatileThing,
)

Record = TypeVar("Record")
Row = Mapping[str, Any]

_NOT_A_REQUIREMENT = ("name", "living", "changes", "releases", "announced")
"""Keys of a line that say nothing about each of its releases."""


class CatalogUnavailable(RuntimeError):
    """The catalog cannot be read here; the message says what to install."""


class CatalogError(ValueError):
    """A data file of the catalog is wrong; the message names the file and the row."""


@cache
def load() -> Catalog:
    """Read the catalog; later calls return the same object.

    Raises:
        CatalogUnavailable: There is no TOML reader (Python 3.10 without tomli).
        CatalogError: A data file is wrong.
    """
    about, hazards = _read("catalog"), _read("hazards")
    apps, expected = _read("apps"), _read("expected")
    return Catalog(
        version=about["version"],
        date=about["date"],
        lines=_lines(_read("releases")),
        migration_sets=_migration_sets(_read("migrations")),
        advice=_records(Advice, "stops", _read("stops")["advice"]),
        settings_removed=_records(RemovedSetting, "settings", _read("settings")["removed"]),
        apps_absorbed=_records(AbsorbedApp, "apps", apps["absorbed"]),
        app_conflicts=_conflicts(apps["conflict"]),
        commands=_records(Command, "commands", _read("commands")["command"]),
        unique_indexes=_records(UniqueIndex, "hazards", hazards["unique_index"]),
        absorbed_columns=MappingProxyType(
            {table: tuple(names) for table, names in hazards["absorbed_columns"].items()}
        ),
        cable_terminations=MappingProxyType(hazards["cable_terminations"]),
        postconditions=_records(
            Postcondition, "postconditions", _read("postconditions")["postcondition"]
        ),
        reversals=_records(KnownReversal, "reversals", _read("reversals")["reversal"]),
        volatile=_records(VolatileThing, "expected", expected["volatile"]),
        expected_changes=_records(ExpectedChange, "expected", expected["change"]),
    )


def _read(name: str) -> dict[str, Any]:
    """Read one data file."""
    path = Path(__file__).with_name(f"{name}.toml")
    content: dict[str, Any] = _toml().loads(path.read_text(encoding="utf-8"))
    return content


def _toml() -> Any:
    """Find a TOML reader: the standard library's (Python 3.11 and later) or the tomli package."""
    for module in ("tomllib", "tomli"):
        try:
            return import_module(module)
        except ImportError:
            continue
    raise CatalogUnavailable(
        "The catalog of Nautobot releases cannot be read: Python 3.10 has no TOML reader. "
        "Install one with: pip install tomli"
    )


def _records(kind: type[Record], file: str, rows: Sequence[Row]) -> tuple[Record, ...]:
    return tuple(_record(kind, file, row) for row in rows)


def _record(kind: type[Record], file: str, row: Row) -> Record:
    """Make a record of a row; lists become tuples."""
    values = {key: tuple(it) if isinstance(it, list) else it for key, it in row.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise CatalogError(f"{file}.toml: {error}, in {dict(row)}") from error


def _lines(content: Row) -> tuple[Line, ...]:
    return tuple(
        Line(row["name"], row["ltm"], row["living"], _releases(row, content["notes"]))
        for row in content["line"]
    )


def _releases(line: Row, notes: str) -> tuple[Release, ...]:
    """Make the releases of a line: its requirements, as changed by releases inside it."""
    facts: dict[str, Any] = {"mysql": None, "redis_recommended": None}
    facts |= {key: it for key, it in line.items() if key not in _NOT_A_REQUIREMENT}
    releases = []
    for version, published in line["releases"].items():
        facts |= line.get("changes", {}).get(version, {})
        announced = line.get("announced", {}).get(version, published)
        anchor = f"v{version.replace('.', '')}-{announced}"
        facts["reference"] = notes.format(line=line["name"], anchor=anchor)
        row = {"version": version, "date": published, "line": line["name"], **facts}
        releases.append(_record(Release, "releases", row))
    return tuple(releases)


def _migration_sets(content: Row) -> MigrationSets:
    """Unfold the sets: each is the one of its base release, and what it adds."""
    by_release: dict[str, frozenset[str]] = {}
    for row in content["set"]:
        base = row.get("base")
        if base is not None and base not in by_release:
            raise CatalogError(f"migrations.toml: base {base!r} is in no earlier set")
        members = frozenset(row["added"]) | (by_release[base] if base else frozenset())
        by_release |= dict.fromkeys(row["releases"], members)
    names = {name: row["release"] for row in content["pre_release"] for name in row["names"]}
    return MigrationSets(MappingProxyType(by_release), MappingProxyType(names))


def _conflicts(rows: Sequence[Row]) -> tuple[AppConflict, ...]:
    """Make the conflicts; settings move from the key of the old App to that of the new one."""
    conflicts = []
    for row in rows:
        app, old = row["app"], row["conflicts"]
        old = [{"config_from": it["module"], "config_to": app, **it} for it in old]
        parsed = _records(ConflictingApp, "apps", old)
        conflicts.append(_record(AppConflict, "apps", {**row, "conflicts": parsed}))
    return tuple(conflicts)
