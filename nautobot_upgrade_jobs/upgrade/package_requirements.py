"""Evaluate requirements of installed distributions, and explain version changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion

from ..facts import Packages
from .installed_packages import installed_versions

RequirementLine = tuple[NormalizedName, Requirement]
"""A distribution, and one of its requirements."""


class PackageRequirements:
    """The requirements of the installed distributions."""

    def __init__(self, packages: Packages, python: str) -> None:
        self._environment = {
            "python_version": ".".join(python.split(".")[:2]),
            "python_full_version": python,
        }
        self._installed = installed_versions(packages)
        self._by_name: dict[str, list[Requirement]] = defaultdict(list)
        self._by_requirer: dict[str, list[Requirement]] = defaultdict(list)
        for requirer, line in self._applicable(tuple(_parse_requirements(packages))):
            self._by_name[canonicalize_name(line.name)].append(line)
            self._by_requirer[requirer].append(line)

    def version_of(self, name: str) -> str | None:
        """Return the installed version of a distribution. None if it is not installed."""
        return self._installed.get(canonicalize_name(name))

    def is_required(self, name: str) -> bool:
        """Return whether any installed distribution requires the named one."""
        return name in self._by_name

    def allows(self, name: str, version: str) -> bool:
        """Return whether all installed distributions accept a version of the named one."""
        return all(_accepts(line, version) for line in self._by_name.get(name, ()))

    def is_satisfied_by(self, name: str, other: PackageRequirements) -> bool:
        """Return whether another environment satisfies the requirements of a distribution."""
        return all(
            _accepts(line, other._installed.get(canonicalize_name(line.name), ""))
            for line in self._by_requirer.get(name, ())
        )

    def _applicable(self, lines: tuple[RequirementLine, ...]) -> list[RequirementLine]:
        """Return the requirements whose markers are true, including those of requested extras."""
        extras: set[tuple[str, str]] = set()
        while True:
            applicable = [
                (requirer, line)
                for requirer, line in lines
                if self._applies(requirer, line, extras)
            ]
            required_extras = {
                (canonicalize_name(line.name), extra)
                for _, line in applicable
                for extra in line.extras
            }
            if required_extras <= extras:
                return applicable
            extras |= required_extras

    def _applies(self, requirer: str, line: Requirement, extras: set[tuple[str, str]]) -> bool:
        enabled = ["", *(extra for name, extra in extras if name == requirer)]
        try:
            return line.marker is None or any(
                line.marker.evaluate({**self._environment, "extra": extra}) for extra in enabled
            )
        except (UndefinedComparison, UndefinedEnvironmentName):
            return False  # pip cannot evaluate this marker, either.


def explain_version_change(
    name: str,
    old: str | None,
    new: str | None,
    before: PackageRequirements,
    after: PackageRequirements,
) -> str:
    """Return why the version of a distribution changed, if requirements explain the change.

    Args:
        name: Canonical name of the distribution.
        old: The version before. None if the distribution was not installed.
        new: The version after. None if the distribution is not installed any more.
        before: The requirements before the change.
        after: The requirements after the change.

    Returns:
        The explanation. Empty if requirements do not explain the change.
    """
    if old is None:
        is_new = after.is_required(name) and not before.is_required(name)
        return "It is required now." if is_new else ""
    if new is None:
        is_obsolete = before.is_required(name) and not after.is_required(name)
        return "It is not required any more." if is_obsolete else ""
    if not after.allows(name, new):
        return ""
    if not after.allows(name, old):
        return f"The packages installed now do not accept {old}."
    if not before.allows(name, new):
        return f"The packages installed before did not accept {new}."
    if not after.is_satisfied_by(name, before):
        return f"{new} requires packages that were not installed before."
    return ""


def _parse_requirements(packages: Packages) -> Iterator[RequirementLine]:
    for package in packages.installed:
        for text in package.requires:
            if line := _parse_requirement(text):
                yield canonicalize_name(package.name), line


@lru_cache(maxsize=4096)
def _parse_requirement(text: str) -> Requirement | None:
    """Return a requirement. None if it is invalid, which old metadata can be."""
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _accepts(line: Requirement, version: str) -> bool:
    try:
        return line.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return False
