"""Validate the values of the catalog, whose data files and rows can come from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from .catalog import Catalog
from .versions import is_version

VERSIONS = {
    *("fixed_in", "override_since", "removed_in", "since", "source_below", "supported_since"),
    *("target_from", "version"),
}
"""Fields that contain one version or several."""


def find_invalid_value(catalog: Catalog) -> str:
    """Return what is wrong with the first invalid value of a catalog. Empty if there is none."""
    return next(_list_invalid_values(catalog), "")


def _list_invalid_values(catalog: Catalog) -> Iterator[str]:
    yield from _list_invalid_releases(catalog)
    lines = {line.name for line in catalog.lines}
    for advice in catalog.advice:
        if advice.line not in lines:
            yield f"there is no release line {advice.line!r}"
    for item in fields(catalog):
        values = getattr(catalog, item.name)
        for record in values if isinstance(values, tuple) else ():
            yield from _list_invalid_versions(record)


def _list_invalid_releases(catalog: Catalog) -> Iterator[str]:
    for line in catalog.lines:
        if not line.releases:
            yield f"the line {line.name} has no releases"
    for release in catalog.releases:
        if not isinstance(release.date, date):
            yield f"the date of {release.version} is no date"
        if not _is_specifier(release.python):
            yield f"the Python of {release.version} is {release.python!r}, no range of versions"


def _list_invalid_versions(record: Any) -> Iterator[str]:
    """Yield what is wrong with the versions in a record and in the records that it contains."""
    for item in fields(record) if is_dataclass(record) else ():
        value = getattr(record, item.name)
        values = value if isinstance(value, tuple) else (value,)
        for each in values:
            if is_dataclass(each):
                yield from _list_invalid_versions(each)
            elif item.name in VERSIONS and each not in ("", None) and not _is_version(each):
                yield f"{item.name} is {each!r}, no version"


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and is_version(value)


def _is_specifier(value: Any) -> bool:
    try:
        SpecifierSet(value)
    except (InvalidSpecifier, TypeError, AttributeError):
        return False
    return isinstance(value, str)
