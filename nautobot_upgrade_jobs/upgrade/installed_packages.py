"""Read the metadata of each installed distribution once, without its description.

``importlib.metadata`` parses the whole metadata file again at every access. With more than a
hundred distributions, this costs more than all database queries together.
"""

from __future__ import annotations

from collections.abc import Sequence
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

from packaging.utils import canonicalize_name

from ..facts.packages import Package, Packages
from ..facts.resolution import Resolution


def installed_versions(packages: Packages) -> dict[str, str]:
    """Return the version of each installed distribution, by its canonical name."""
    return {str(canonicalize_name(each.name)): each.version for each in packages.installed}


def list_packages(resolution: Resolution, installed: Packages) -> dict[str, str]:
    """Return the version of each distribution of the target, also of those that are kept."""
    kept = {*map(canonicalize_name, (*resolution.local, *resolution.not_on_index))}
    own = {name: version for name, version in installed_versions(installed).items() if name in kept}
    return own | {each.name: each.version for each in resolution.packages}


def list_installed_packages(site_paths: Sequence[str] = ()) -> tuple[Package, ...]:
    """Return all distributions, sorted by name. As for imports, the first on the path counts.

    Args:
        site_paths: Folders of another environment. Empty for the environment of this process.
    """
    packages: dict[str, Package] = {}
    for candidate in distributions(path=list(site_paths)) if site_paths else distributions():
        package = _build_package(candidate)
        if package.name and package.name.lower() not in packages:
            packages[package.name.lower()] = package
    return tuple(packages[name] for name in sorted(packages))


def find_owning_package(module: str) -> Package | None:
    """Return the distribution that provides a module.

    The distribution usually has the name of the module, and an editable install can be found only
    by this name. If there is no such distribution, the files of all distributions are searched.
    """
    top_level = module.partition(".")[0]
    try:
        return _build_package(distribution(top_level))
    except PackageNotFoundError:
        names = [name for name in packages_distributions().get(top_level, ()) if name]
        return _build_package(distribution(names[0])) if names else None


def find_owning_package_in(site_paths: Sequence[str], module: str) -> Package | None:
    """Return the distribution of another environment that provides a module."""
    top_level = module.partition(".")[0]
    found = list(distributions(path=list(site_paths)))
    owners = [each for each in found if _has_name(each, top_level)] or [
        each for each in found if _provides(each, top_level)
    ]
    return _build_package(owners[0]) if owners else None


def _has_name(source: Distribution, module: str) -> bool:
    name = source.metadata["Name"] or ""
    return bool(canonicalize_name(name) == canonicalize_name(module))


def _provides(source: Distribution, module: str) -> bool:
    """Return whether a distribution has a module at its top level, by its lists of files."""
    if module in (source.read_text("top_level.txt") or "").split():
        return True
    record = source.read_text("RECORD") or ""
    return any(line.startswith((f"{module}/", f"{module}.py,")) for line in record.splitlines())


def list_migration_files() -> frozenset[Path]:
    """Return all migration files that distributions installed, according to their RECORD files."""
    return frozenset(
        Path(str(package.locate_file(line.partition(",")[0])))
        for package in distributions()
        for line in (package.read_text("RECORD") or "").splitlines()
        if "/migrations/" in line
    )


def _build_package(source: Distribution) -> Package:
    headers = _parse_headers(source)
    name = headers["Name"] or ""
    # Every release of Nautobot is on the index, even if this one runs from a checkout.
    is_from_file = '"file:' in (source.read_text("direct_url.json") or "")
    return Package(
        name=name,
        version=headers["Version"] or "",
        requires=tuple(headers.get_all("Requires-Dist") or source.requires or ()),
        requires_python=headers["Requires-Python"] or "",
        local=is_from_file and name.lower() != "nautobot",
    )


def _parse_headers(source: Distribution) -> Message:
    text = source.read_text("METADATA") or source.read_text("PKG-INFO") or ""
    return HeaderParser().parsestr(text.partition("\n\n")[0])
