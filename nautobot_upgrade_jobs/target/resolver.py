"""Resolves the whole set for a target at once, by metadata alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name

from ..common.urls import mask_url_credentials
from ..facts import Unavailable
from ..facts.packages import Package
from ..facts.resolution import AlternativeTarget, AppReleases, Resolution, ResolvedPackage
from .conflict import incompatible_requirements, minimal_conflict
from .index_availability import has_wheels, query_availability
from .index_config import create_uv
from .requirement_lines import requirement_name
from .root_requirements import CORE, RootRequirements, format_exact_pins, format_pins
from .scratch_dir import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable, Uv, UvOutput
from .uv_config import UV_TOML, index_cache_configuration, uv_configuration
from .uv_output import (
    find_named_packages,
    is_newer,
    parse_resolved,
    parse_sdist_only,
    parse_unmatched_wheels,
    parse_yanked,
)

CONSTRAINTS_FILE = "constraints.txt"
NO_CORE_MESSAGE = "the package index has no nautobot: is it the right one, and are its credentials?"


def resolve(
    wishes: RootRequirements,
    target: str,
    *,
    seconds: int,
    wheel_directory: str = "",
    lines: Sequence[str] = (),
) -> Resolution | Unavailable:
    """Find the set for a target.

    Args:
        wishes: What has to be in it.
        target: The version of Nautobot.
        seconds: The time it may take.
        wheel_directory: Take everything from this folder; empty for the configured index.
        lines: Lines such as ``3.2`` whose newest release is weighed beside the target.

    Returns:
        The set and what was in its way; or why nobody knows.
    """
    try:
        with scratch_folder() as folder:
            uv = create_uv(folder, wheel_directory, seconds)
            return _resolve_with_alternatives(Resolver(uv, wishes, wheel_directory), target, lines)
    except (ResolverFailed, ScratchError, OSError) as error:
        return Unavailable(mask_url_credentials(str(error)))


def _resolve_with_alternatives(resolver: Resolver, target: str, lines: Sequence[str]) -> Resolution:
    found = resolver.resolve(target)
    weighed: list[AlternativeTarget] = []
    with contextlib.suppress(ResolverFailed):  # what is found stays found
        weighed.extend(resolver.alternatives(lines, target))
    return replace(found, alternatives=tuple(weighed))


class Resolver:
    """Asks the index for sets, each in as many steps as it takes.

    Raises:
        ResolverFailed: The index, or uv, does not answer; so do its methods.
    """

    def __init__(self, uv: Uv, wishes: RootRequirements, wheel_directory: str = "") -> None:
        self._uv, self._root_requirements = uv, wishes
        self._unverified: frozenset[str] = frozenset()
        self._unpinned: frozenset[str] = frozenset()
        self._index_configuration = index_cache_configuration(uv)
        self._write_uv_configuration()
        self._availability = query_availability(uv, wishes)
        if CORE in self._availability.missing_distributions:
            folder = f"wheel_directory: {wheel_directory} has no nautobot"
            raise ResolverFailed(folder if wheel_directory else NO_CORE_MESSAGE)
        self._root_requirements = wishes.treat_as_local(self._availability.missing_distributions)

    def _write_uv_configuration(self) -> None:
        """Tell uv the metadata that it need not build from source, or fetch."""
        text = uv_configuration(
            self._root_requirements.installed.values(), self._unverified, self._index_configuration
        )
        (self._uv.folder / UV_TOML).write_text(text, "utf-8")

    def alternatives(self, lines: Iterable[str], target: str) -> Iterator[AlternativeTarget]:
        """Yield what the newest release of each line, other than the target, would take."""
        newest = (
            self._solve_versions([f"{CORE}=={line}.*"], "--no-deps").get(CORE) for line in lines
        )
        for version in dict.fromkeys(one for one in newest if one and one != target):
            wanted = self._available_roots(version)
            refused: dict[str, str] = {}
            found: tuple[ResolvedPackage, ...] = ()
            try:
                found = parse_resolved(self._solve(wanted).text)
            except Unsolvable:
                refused = self._find_incompatible(wanted)
            changed = {
                one.name
                for one in found
                if self._root_requirements.installed_version(one.name) not in ("", one.version)
            }
            yield AlternativeTarget(
                target=version,
                incompatible=tuple(refused),
                conflict=not (found or refused),
                packages_changed=len(changed),
                apps_changed=len(changed & set(self._root_requirements.app_distributions)),
            )

    def _available_roots(self, target: str) -> list[str]:
        roots = self._root_requirements.resolve_roots(target)
        return [
            one
            for one in roots
            if requirement_name(one) not in self._availability.missing_distributions
        ]

    def resolve(self, target: str) -> Resolution:
        """Return the set, or the largest part of it that exists."""
        wanted = self._available_roots(target)
        refused: dict[str, str] = {}
        conflict: tuple[str, ...] = ()
        left_out: tuple[str, ...] = ()
        reason = ""
        try:
            answer = self._solve(wanted)
        except Unsolvable:
            refused = self._find_incompatible(wanted)
            if CORE in refused:
                return Resolution(target, (), (), refused, not_on_index=self._not_on_index)
            rest = [one for one in wanted if requirement_name(one) not in refused]
            answer, conflict, dropped, reason = self._largest_solvable(rest)
            left_out = (*refused, *dropped)
        found = parse_resolved(answer.text)
        return Resolution(
            target=target,
            packages=found,
            apps=tuple(self._app_releases(found)),
            incompatible=refused,
            conflict=conflict,
            conflict_reason=reason,
            excluded=left_out,
            sdist_only=self._sdist_only_pins(found),
            local=tuple(one.name for one in self._root_requirements.local),
            unverified=tuple(one.name for one in found if self._is_unverified(one)),
            not_on_index=self._not_on_index,
            yanked=parse_yanked(answer.warnings),
            unparsed_requirement_lines=self._root_requirements.unparsed_requirement_lines,
            constraints=mask_url_credentials(answer.text),
        )

    def _is_unverified(self, one: ResolvedPackage) -> bool:
        return (
            one.name in self._unverified
            and one.version != self._root_requirements.installed_version(one.name)
        )

    @property
    def _sdist_only_forever(self) -> tuple[Package, ...]:
        """Distributions without any wheel that need not move for the target."""
        found = self._availability.sdist_only_forever
        return tuple(one for one in found if canonicalize_name(one.name) not in self._unverified)

    @property
    def _not_on_index(self) -> tuple[str, ...]:
        return tuple(
            sorted(self._availability.missing_distributions | self._availability.missing_versions)
        )

    def _solve(self, wanted: Sequence[str]) -> UvOutput:
        """Return a set; of what comes as new and as source only, nothing but the name is asked.

        Raises:
            Unsolvable: There is none.
        """
        try:
            return self._solve_preferring_wheels(wanted)
        except Unsolvable as error:
            # To keep a version, uv looks at one index that has it, whatever its wheels are for.
            if free := parse_unmatched_wheels(str(error)) - self._unpinned:
                self._unpinned |= free
                return self._solve(wanted)
            strange = (
                parse_sdist_only(str(error))
                - self._root_requirements.installed.keys()
                - self._unverified
            )
            strange = frozenset(name for name in strange if not has_wheels(self._uv, name))
            if not (
                strange := strange or find_named_packages(str(error), self._sdist_only_forever)
            ):
                raise
            self._unverified |= strange
            self._write_uv_configuration()
            return self._solve(wanted)

    def _solve_preferring_wheels(self, wanted: Sequence[str]) -> UvOutput:
        """Return a set; what needs building is taken only in the version that is installed.

        Of two ways, that with the newer Apps: one holds sources where they are, the other has
        wheels of them instead.

        Raises:
            Unsolvable: There is none.
        """
        if self._availability.sdist_only_forever == self._availability.sdist_only:
            return self._compile(wanted, self._sdist_only_forever)  # both ways are one
        held = self._pin_sdists(wanted)
        try:
            free = self._compile(wanted, self._sdist_only_forever)
        except Unsolvable:
            if held:
                return held
            raise
        if not held or is_newer(free.text, held.text, self._root_requirements.app_distributions):
            return free
        return held

    def _pin_sdists(self, wanted: Sequence[str]) -> UvOutput | None:
        """Return a set with as many sources as can be where they are; None if there is none."""
        source = {canonicalize_name(one.name): one for one in self._availability.sdist_only}
        held = {name: one for name, one in source.items() if name not in self._unverified}
        while True:
            try:
                return self._compile(wanted, tuple(held.values()))
            except Unsolvable as error:
                moving = find_named_packages(str(error), held.values()) - find_named_packages(
                    str(error), self._sdist_only_forever
                )
                if not moving:
                    return None
                held = {name: one for name, one in held.items() if name not in moving}

    def _compile(self, wanted: Sequence[str], from_source: Sequence[Package]) -> UvOutput:
        folder = self._uv.folder
        (folder / "source.txt").write_text(
            "\n".join(format_exact_pins(from_source)) + "\n", "utf-8"
        )
        # What stands in the output file is kept where it can be, as pip does.
        kept = (
            one
            for one in self._availability.available
            if canonicalize_name(one.name) not in self._unpinned
        )
        (folder / CONSTRAINTS_FILE).write_text("\n".join(format_pins(kept)) + "\n", "utf-8")
        names = (*(one.name for one in from_source), *sorted(self._unverified))
        source = [word for name in names for word in ("--no-binary", name)]
        moving = dict.fromkeys(
            (
                CORE,
                *self._root_requirements.app_distributions,
                *map(requirement_name, self._root_requirements.extra_requirements),
            )
        )
        newest = [word for one in moving for word in ("-P", one)]
        held = ("--constraints", "source.txt") if from_source else ()
        return self._uv.compile(
            wanted,
            *("--only-binary", ":all:", *source, *newest, *held),
            *("--generate-hashes", "--output-file", CONSTRAINTS_FILE),
        )

    def _find_incompatible(self, wanted: Sequence[str]) -> dict[str, str]:
        """Return what does not fit the target, not even alone."""
        core, *rest = wanted
        try:
            self._solve([core])
        except Unsolvable as error:
            return {requirement_name(core): str(error)}
        return incompatible_requirements(self._solve, core, rest)

    def _largest_solvable(
        self, wanted: list[str]
    ) -> tuple[UvOutput, tuple[str, ...], tuple[str, ...], str]:
        """Return a set without as little as possible, who is in conflict, what was dropped, why."""
        try:
            return self._solve(wanted), (), (), ""
        except Unsolvable as error:
            reason = str(error)
        core, *rest = wanted
        conflict = minimal_conflict(self._solve, [core], rest)
        names = tuple(map(requirement_name, conflict))
        for one in reversed(conflict):
            fewer = [other for other in wanted if other != one]
            try:
                return self._solve(fewer), names, (requirement_name(one),), reason
            except Unsolvable:
                continue
        # There is another conflict beside this one.
        fewer = [other for other in wanted if other != conflict[-1]]
        answer, more, dropped, _ = self._largest_solvable(fewer)
        return answer, (*names, *more), (names[-1], *dropped), reason

    def _app_releases(self, found: Iterable[ResolvedPackage]) -> Iterable[AppReleases]:
        """Yield what the index has of each App."""
        fits = {one.name: one.version for one in found}
        newest = self._solve_versions(self._root_requirements.app_distributions, "--no-deps")
        stays = self._solve_versions(
            self._available_roots(self._root_requirements.installed_version(CORE))
        )
        for name in self._root_requirements.app_distributions:
            yield AppReleases(
                name,
                self._root_requirements.installed_version(name),
                fits.get(name, ""),
                stays.get(name, ""),
                newest.get(name, ""),
            )

    def _solve_versions(self, wanted: Sequence[str], *options: str) -> dict[str, str]:
        if not wanted:
            return {}
        try:
            answer = (
                self._uv.compile(wanted, "--only-binary", ":all:", *options)
                if options
                else self._solve(wanted)
            )
        except Unsolvable:
            return {}
        return {one.name: one.version for one in parse_resolved(answer.text)}

    def _sdist_only_pins(self, found: Iterable[ResolvedPackage]) -> tuple[str, ...]:
        source = set(format_pins(self._availability.sdist_only))
        return tuple(pin for one in found if (pin := f"{one.name}=={one.version}") in source)
