"""Which changes of installed distributions the requirements explain."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion

from ..facts import Packages

Line = tuple[NormalizedName, Requirement]
"""Who asks, and for what."""


class Requirements:
    """What the distributions installed on one side ask for."""

    def __init__(self, packages: Packages, python: str) -> None:
        self._environment = {
            "python_version": ".".join(python.split(".")[:2]),
            "python_full_version": python,
        }
        self._installed = {canonicalize_name(one.name): one.version for one in packages.installed}
        self._lines = self._applicable(tuple(_parsed(packages)))

    def version_of(self, name: str) -> str | None:
        """Return the installed version of a distribution; None if it is not installed."""
        return self._installed.get(canonicalize_name(name))

    def wants(self, name: str) -> bool:
        """Tell whether any distribution asks for this one."""
        return any(canonicalize_name(line.name) == name for _, line in self._lines)

    def allows(self, name: str, version: str) -> bool:
        """Tell whether every distribution that asks for this one accepts a version of it."""
        return all(
            _accepts(line, version)
            for _, line in self._lines
            if canonicalize_name(line.name) == name
        )

    def fits_into(self, name: str, other: Requirements) -> bool:
        """Tell whether what one distribution asks for here was installed on the other side."""
        return all(
            _accepts(line, other._installed.get(canonicalize_name(line.name), ""))
            for requirer, line in self._lines
            if requirer == name
        )

    def _applicable(self, lines: tuple[Line, ...]) -> list[Line]:
        """Return the lines whose marker holds, with the extras that such lines ask for."""
        extras: set[tuple[str, str]] = set()
        while True:
            found = [(who, line) for who, line in lines if self._holds(who, line, extras)]
            asked = {
                (canonicalize_name(one.name), extra) for _, one in found for extra in one.extras
            }
            if asked <= extras:
                return found
            extras |= asked

    def _holds(self, requirer: str, line: Requirement, extras: set[tuple[str, str]]) -> bool:
        wanted = ["", *(extra for name, extra in extras if name == requirer)]
        try:
            return line.marker is None or any(
                line.marker.evaluate({**self._environment, "extra": extra}) for extra in wanted
            )
        except (UndefinedComparison, UndefinedEnvironmentName):
            return False  # a marker that pip could not evaluate either


def explained(
    name: str, was: str | None, now: str | None, before: Requirements, after: Requirements
) -> str:
    """Say why a distribution changed, if what distributions ask for explains it.

    Args:
        name: Its canonical name.
        was: Its version before; None if it was not installed.
        now: Its version after; None if it is not installed any more.
        before: The requirements before.
        after: The requirements after.

    Returns:
        The explanation; empty if both versions would have done on both sides.
    """
    if was is None or now is None:
        if before.wants(name) == after.wants(name):
            return ""
        return "It is required now." if was is None else "It is not required any more."
    if not after.allows(name, now):
        return ""
    if not after.allows(name, was):
        return f"What is installed now does not accept {was}."
    if not before.allows(name, now):
        return f"What was installed before did not accept {now}."
    if not after.fits_into(name, before):
        return f"{now} asks for what was not there before."
    return ""


def _parsed(packages: Packages) -> Iterator[Line]:
    for package in packages.installed:
        for line in package.requires:
            try:
                yield canonicalize_name(package.name), Requirement(line)
            except InvalidRequirement:
                continue  # old metadata; it explains nothing


def _accepts(line: Requirement, version: str) -> bool:
    try:
        return line.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return False
