"""Metadata of installed distributions, read once each and without their descriptions.

``importlib.metadata`` parses the whole file anew at every access; over a hundred distributions that
costs more than all database queries together.
"""

from __future__ import annotations

from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    distributions,
    packages_distributions,
)
from pathlib import Path

from ...facts.packages import Package


def list_installed_packages() -> tuple[Package, ...]:
    """Return every distribution by name; the first on the path counts, as it does for imports."""
    found: dict[str, Package] = {}
    for one in distributions():
        package = _build_package(one)
        if package.name and package.name.lower() not in found:
            found[package.name.lower()] = package
    return tuple(found[name] for name in sorted(found))


def find_owning_package(module: str) -> Package | None:
    """Return the distribution that a module came with.

    By convention it has the module's name; an editable install can be found by that alone. Only
    where it has not, the files of all distributions are searched.
    """
    top = module.partition(".")[0]
    try:
        return _build_package(distribution(top))
    except PackageNotFoundError:
        names = [name for name in packages_distributions().get(top, ()) if name]
        return _build_package(distribution(names[0])) if names else None


def list_migration_files() -> frozenset[Path]:
    """Return all files of migrations that distributions brought, as their RECORD has them."""
    return frozenset(
        Path(str(one.locate_file(line.partition(",")[0])))
        for one in distributions()
        for line in (one.read_text("RECORD") or "").splitlines()
        if "/migrations/" in line
    )


def _build_package(one: Distribution) -> Package:
    headers = _parse_headers(one)
    return Package(
        name=headers["Name"] or "",
        version=headers["Version"] or "",
        requires=tuple(headers.get_all("Requires-Dist") or one.requires or ()),
        requires_python=headers["Requires-Python"] or "",
        local='"file:' in (one.read_text("direct_url.json") or ""),
    )


def _parse_headers(one: Distribution) -> Message:
    text = one.read_text("METADATA") or one.read_text("PKG-INFO") or ""
    return HeaderParser().parsestr(text.partition("\n\n")[0])
