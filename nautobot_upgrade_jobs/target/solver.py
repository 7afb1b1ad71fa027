"""Find one package set for a list of requirements, without building any package."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.utils import canonicalize_name

from ..facts.packages import Package
from ..facts.resolution import ResolvedPackage
from .index_availability import has_wheels, query_availability
from .index_config import NO_INDEX
from .requirement_lines import requirement_name
from .root_requirements import CORE, RootRequirements, format_exact_pins, format_pins
from .uv import ResolverFailed, Unsolvable, Uv, UvOutput
from .uv_config import UV_TOML, index_cache_configuration, uv_configuration
from .uv_output import (
    find_named_packages,
    is_newer,
    parse_resolved,
    parse_sdist_only,
    parse_unmatched_wheels,
    parse_without_wheels,
)

CONSTRAINTS_FILE = "constraints.txt"
SDISTS_FILE = "source.txt"
NO_CORE_MESSAGE = (
    "the package index has no nautobot. Check the address and the credentials of the index"
)


class Solver:
    """Finds package sets with uv, and keeps what it finds out about the index.

    Raises:
        ResolverFailed: The index or uv does not answer. Each method can also raise this error.
    """

    def __init__(self, uv: Uv, roots: RootRequirements, wheel_directory: str = "") -> None:
        self._uv, self.roots = uv, roots
        self._unverified: frozenset[str] = frozenset()
        """Distributions whose requirements are unknown, because they have no wheel."""
        self._unpinned: frozenset[str] = frozenset()
        """Distributions whose installed version is not preferred."""
        self._index_configuration = index_cache_configuration(uv)
        self._write_uv_configuration()
        self.availability = query_availability(uv, roots)
        if CORE in self.availability.missing_distributions:
            message = f"wheel_directory: {wheel_directory} has no nautobot"
            raise ResolverFailed(message if wheel_directory else NO_CORE_MESSAGE)
        self._kept = self.availability.missing_distributions
        """Distributions that stay as they are installed."""
        if NO_INDEX not in uv.options:
            self._kept |= self.availability.missing_versions & roots.names_without_requirer
        self.roots = roots.treat_as_local(self._kept)

    def available_roots(self, target: str) -> list[str]:
        """Return the root requirements for a target that are on the index."""
        roots = self.roots.resolve_roots(target)
        return [root for root in roots if requirement_name(root) not in self._kept]

    def is_unverified(self, package: ResolvedPackage) -> bool:
        """Return whether the requirements of a package in the set are unknown."""
        if self.roots.is_new_environment:
            return False
        changed = package.version != self.roots.installed_version(package.name)
        return package.name in self._unverified and changed

    def is_built(self, package: ResolvedPackage) -> bool:
        """Return whether the requirements of a package were learned by building it."""
        return self.roots.is_new_environment and package.name in self._unverified

    def solve_versions(self, requirements: Sequence[str], *options: str) -> dict[str, str]:
        """Return the versions of a package set by name. Empty if there is no set.

        Args:
            requirements: The requirements.
            options: Options of ``uv pip compile``. If there are any, only wheels are used.
        """
        if not requirements:
            return {}
        try:
            output = (
                self._uv.compile(requirements, "--only-binary", ":all:", *options)
                if options
                else self.solve(requirements)
            )
        except Unsolvable:
            return {}
        return {package.name: package.version for package in parse_resolved(output.text)}

    def solve(self, requirements: Sequence[str]) -> UvOutput:
        """Return a package set.

        For a new distribution without a wheel, the requirements are unknown and are left out.

        Raises:
            Unsolvable: There is no set.
        """
        try:
            return self._solve_preferring_wheels(requirements)
        except Unsolvable as error:
            # To keep a version, uv uses the first index that has it, even without a matching wheel.
            if unpinned := parse_unmatched_wheels(str(error)) - self._unpinned:
                self._unpinned |= unpinned
                return self.solve(requirements)
            unverified = self._find_unverified(str(error))
            if not unverified:
                raise
            self._unverified |= unverified
            self._write_uv_configuration()
            return self.solve(requirements)

    def _find_unverified(self, reason: str) -> frozenset[str]:
        """Return the distributions without wheels that uv would have to build."""
        if self.roots.is_new_environment:
            return parse_without_wheels(reason) - self._unverified
        without_wheel = parse_sdist_only(reason) - self._unverified
        new = without_wheel - self.roots.installed.keys()
        never = frozenset(name for name in new if not has_wheels(self._uv, name))
        # At last, a version without a wheel of a distribution that has wheels of others.
        return never or find_named_packages(reason, self._never_with_wheels) or without_wheel

    @property
    def _never_with_wheels(self) -> tuple[Package, ...]:
        """Installed distributions with no wheel in any release. They may keep their version."""
        packages = self.availability.sdist_only_forever
        return tuple(
            package
            for package in packages
            if canonicalize_name(package.name) not in self._unverified
        )

    def _solve_preferring_wheels(self, requirements: Sequence[str]) -> UvOutput:
        """Return a package set that has sdists only of installed versions.

        The first attempt pins these sdists. The second attempt uses wheels of other versions
        instead. The result with the newer Apps is returned.

        Raises:
            Unsolvable: There is no set.
        """
        if self.availability.sdist_only_forever == self.availability.sdist_only:
            return self._compile(requirements, self._never_with_wheels)  # The attempts are equal.
        pinned = self._solve_with_pinned_sdists(requirements)
        try:
            unpinned = self._compile(requirements, self._never_with_wheels)
        except Unsolvable:
            if pinned:
                return pinned
            raise
        if not pinned or is_newer(unpinned.text, pinned.text, self.roots.app_distributions):
            return unpinned
        return pinned

    def _solve_with_pinned_sdists(self, requirements: Sequence[str]) -> UvOutput | None:
        """Return a package set with as many pinned sdists as possible. None if there is no set."""
        pinned = {
            name: package
            for package in self.availability.sdist_only
            if (name := canonicalize_name(package.name)) not in self._unverified
        }
        while True:
            try:
                return self._compile(requirements, tuple(pinned.values()))
            except Unsolvable as error:
                fixed = find_named_packages(str(error), self._never_with_wheels)
                released = find_named_packages(str(error), pinned.values()) - fixed
                if not released:
                    return None
                pinned = {name: each for name, each in pinned.items() if name not in released}

    def _compile(self, requirements: Sequence[str], sdists: Sequence[Package]) -> UvOutput:
        folder = self._uv.folder
        (folder / SDISTS_FILE).write_text("\n".join(format_exact_pins(sdists)) + "\n", "utf-8")
        # Like pip, uv keeps the versions in the output file if possible.
        kept = () if self.roots.is_new_environment else self.availability.available
        preferred = (
            package for package in kept if canonicalize_name(package.name) not in self._unpinned
        )
        (folder / CONSTRAINTS_FILE).write_text("\n".join(format_pins(preferred)) + "\n", "utf-8")
        from_source = (*(package.name for package in sdists), *sorted(self._unverified))
        upgraded = dict.fromkeys(
            (
                CORE,
                *self.roots.app_distributions,
                *map(requirement_name, self.roots.extra_requirements),
            )
        )
        return self._uv.compile(
            requirements,
            *("--only-binary", ":all:"),
            *(word for name in from_source for word in ("--no-binary", name)),
            *(word for name in upgraded for word in ("-P", name)),
            *(("--constraints", SDISTS_FILE) if sdists else ()),
            *("--generate-hashes", "--output-file", CONSTRAINTS_FILE),
        )

    def _write_uv_configuration(self) -> None:
        """Write the metadata of installed distributions, so that uv need not fetch or build it."""
        unknown = () if self.roots.is_new_environment else self._unverified
        installed = () if self.roots.is_new_environment else self.roots.installed.values()
        text = uv_configuration(installed, unknown, self._index_configuration)
        (self._uv.folder / UV_TOML).write_text(text, "utf-8")
