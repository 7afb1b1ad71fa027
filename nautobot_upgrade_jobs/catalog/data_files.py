"""The data files of the catalog: those of this folder, or newer ones that the operator names.

Packages of the operator add rows to them.
"""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from ..common.urls import mask_url_credentials

VARIABLE = "NAUTOBOT_UPGRADE_JOBS_CATALOG"
"""Environment variable with the archive. A setting of the App takes precedence."""
EDITION = "catalog"
NAMES = (
    *(EDITION, "advisories", "apps", "commands", "durations", "expected", "hazards", "migrations"),
    *("postconditions", "releases", "reversals", "settings", "stops"),
)
"""Names of the data files."""
EXTENSIBLE = {
    "apps": ("merged", "conflict", "step"),
    "commands": ("command",),
    "expected": ("volatile", "change"),
    "postconditions": ("postcondition",),
    "settings": ("removed",),
    "stops": ("advice",),
}
"""Tables to which other packages may add rows, by data file."""
MAX_FILE_BYTES = 4 * 1024 * 1024
"""The size of the largest data file is 24 KiB."""
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, NotImplementedError),
    RuntimeError,
)
"""What the reader of archives raises for a file that is none, or that is damaged."""
EMPTY_LIST = "empty list"
Content = dict[str, Any]


class CatalogUnavailable(RuntimeError):
    """The catalog cannot be read. The message says what to install."""


class CatalogError(ValueError):
    """A data file of the catalog is invalid. The message names the file and the row."""


@dataclass
class Sources:
    """Where the catalog is read from."""

    archive: str = field(default_factory=lambda: os.environ.get(VARIABLE, ""))
    """ZIP archive with data files, such as the wheel of a newer release. Empty for none."""
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Rows of other packages, by package: ``{"settings": {"removed": [row, …]}, …}``."""

    def read(self) -> dict[str, Content]:
        """Return the content of all data files by name.

        The archive counts only if its edition is newer than the edition of this folder.

        Raises:
            CatalogUnavailable: No TOML reader is installed (Python 3.10 without tomli).
            CatalogError: The archive or a row is invalid.
        """
        content = {name: _parse(_read_own(name), name) for name in NAMES}
        newer = dict(_read_archive(self.archive)) if self.archive else content
        if _get_date(newer) > _get_date(content):
            content = newer
        for owner, rows in self.rows.items():
            content = _add_rows(content, owner, rows)
        return content


def _read_own(name: str) -> str:
    return Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8")


def _read_archive(file: str) -> Iterator[tuple[str, Content]]:
    """Yield the data files of an archive by name."""
    shown = mask_url_credentials(file)
    try:
        with zipfile.ZipFile(file) as archive:
            for name in NAMES:
                (entry,) = _find_entries(archive, name)
                if entry.file_size > MAX_FILE_BYTES:
                    raise CatalogError(f"{shown}: {entry.filename} is too large.")
                yield name, _parse(archive.read(entry).decode("utf-8"), f"{shown}: {name}")
    except CatalogError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise CatalogError(f"{shown} cannot be read: {reason}.") from None
    except DAMAGE:
        raise CatalogError(
            f"{shown} has no catalog. Name the wheel of a newer release of nautobot-upgrade-jobs."
        ) from None


def _find_entries(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    path = f"nautobot_upgrade_jobs/catalog/{name}.toml"
    return [entry for entry in archive.infolist() if entry.filename == path]


def _parse(text: str, name: str) -> Content:
    reader = _import_toml_reader()
    try:
        content: Content = reader.loads(text)
    except reader.TOMLDecodeError as error:
        raise CatalogError(f"{name}.toml: {error}") from None
    return content


def _import_toml_reader() -> Any:
    """Import the TOML reader of the standard library (Python 3.11 and later) or tomli.

    Raises:
        CatalogUnavailable: There is none.
    """
    for module in ("tomllib", "tomli"):
        try:
            return import_module(module)
        except ImportError:
            continue
    raise CatalogUnavailable(
        "The catalog of Nautobot releases cannot be read, because Python 3.10 has no TOML reader. "
        "Install one with: pip install tomli"
    )


def _get_date(content: Mapping[str, Content]) -> date:
    found = content[EDITION].get("date")
    if not isinstance(found, date):
        raise CatalogError(f"{EDITION}.toml: it has no date")
    return found


def _add_rows(
    content: Mapping[str, Content], owner: str, rows: Mapping[str, Any]
) -> dict[str, Content]:
    """Return the content with the rows of a package after its own.

    Raises:
        CatalogError: A package must not add rows to the table, or the rows are no list of dicts.
    """
    merged = dict(content)
    for file, tables in rows.items():
        for table, added in tables.items():
            if table not in EXTENSIBLE.get(file, ()):
                raise CatalogError(f"{owner}: {file}.{table} takes no rows. {_describe_tables()}")
            own = merged[file][table]
            _require_same_types(f"{owner}: {file}.{table}", own, added)
            merged[file] = {**merged[file], table: [*own, *added]}
    return merged


def _describe_tables() -> str:
    names = (f"{file}.{table}" for file, tables in EXTENSIBLE.items() for table in tables)
    return f"Tables that do: {', '.join(names)}."


def _require_same_types(place: str, own: list[Content], added: Any) -> None:
    """Require rows whose values have the types that the values of the own rows have."""
    if not isinstance(added, (list, tuple)) or not all(isinstance(row, dict) for row in added):
        raise CatalogError(f"{place} must be a list of dicts.")
    for row in added:
        for name, value in row.items():
            expected = {_describe_type(one[name]) for one in own if name in one}
            if expected and _describe_type(value) not in {*expected, EMPTY_LIST}:
                kinds = " or ".join(sorted(expected))
                raise CatalogError(f"{place}: {name!r} must be a {kinds}, in {row}.")


def _describe_type(value: Any) -> str:
    """Return the type of a value, for a list with the types of its items."""
    if not isinstance(value, (list, tuple)):
        return type(value).__name__
    items = sorted({type(item).__name__ for item in value})
    return f"list of {' and '.join(items)}" if items else EMPTY_LIST
