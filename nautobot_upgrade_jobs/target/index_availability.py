"""Ask the package index which of the installed distributions it has."""

from __future__ import annotations

from dataclasses import dataclass

from ..facts.packages import Package
from .root_requirements import RootRequirements, format_exact_pins
from .uv import ResolverFailed, Unsolvable, Uv
from .uv_output import parse_not_found, parse_unmatched_wheels, parse_wheel_availability


@dataclass(frozen=True)
class IndexAvailability:
    """The installed distributions, grouped by their availability on the index."""

    available: tuple[Package, ...]
    """Distributions whose installed version is on the index."""
    missing_distributions: frozenset[str]
    """Canonical names of distributions that are not on the index."""
    missing_versions: frozenset[str]
    """Canonical names of distributions of which the index has only other versions."""
    sdist_only: tuple[Package, ...]
    """Distributions whose installed version has an sdist but no wheel on the index."""
    sdist_only_forever: tuple[Package, ...]
    """Distributions of ``sdist_only`` of which no version has a wheel."""


def query_availability(uv: Uv, roots: RootRequirements) -> IndexAvailability:
    """Return which installed versions are on the index and which have a wheel.

    Raises:
        ResolverFailed: The index or uv does not answer.
    """
    available = dict(roots.installed)
    missing: frozenset[str] = frozenset()
    missing_versions: frozenset[str] = frozenset()
    while True:
        try:
            output = uv.compile(
                format_exact_pins(available.values()), "--no-deps", "--format", "pylock.toml"
            )
            break
        except Unsolvable as error:
            names, versions = parse_not_found(str(error))
            versions |= parse_unmatched_wheels(str(error)) & available.keys()
            if not (names | versions) & set(available):
                raise ResolverFailed(str(error)) from None
            missing, missing_versions = missing | names, missing_versions | versions
            for name in names | versions:
                available.pop(name, None)
    wheels = {} if roots.is_new_environment else parse_wheel_availability(output.text)
    sdist_only = tuple(each for name, each in available.items() if not wheels.get(name, True))
    forever = tuple(package for package in sdist_only if not has_wheels(uv, package.name))
    return IndexAvailability(
        tuple(available.values()), missing, missing_versions, sdist_only, forever
    )


def has_wheels(uv: Uv, name: str) -> bool:
    """Return whether any release of a distribution has a wheel for this Python."""
    try:
        uv.compile([name], "--no-deps", "--only-binary", ":all:")
    except Unsolvable:
        return False
    return True
