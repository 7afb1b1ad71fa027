"""Resolves the whole set for a target at once, by metadata alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name

from ..common.urls import without_user_info
from ..facts import Unavailable
from ..facts.packages import Package
from ..facts.resolution import AppReleases, Resolution, Resolved, Weighed
from .conflict import minimal, refused
from .index_availability import has_wheels, look
from .index_config import uv_in
from .requirement_lines import name_of
from .root_requirements import CORE, Wishes, exact_pins, pins
from .scratch_dir import ScratchError, scratch_folder
from .uv import Answer, ResolverFailed, Unsolvable, Uv
from .uv_config import CONFIGURATION, cached_index, configured
from .uv_output import blamed, is_newer, not_ours_in, parse_set, source_in, yanked_in

RESULT = "constraints.txt"
NO_CORE = "the package index has no nautobot: is it the right one, and are its credentials?"


def resolve(
    wishes: Wishes,
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
            uv = uv_in(folder, wheel_directory, seconds)
            return _resolve_and_weigh(Resolver(uv, wishes, wheel_directory), target, lines)
    except (ResolverFailed, ScratchError, OSError) as error:
        return Unavailable(without_user_info(str(error)))


def _resolve_and_weigh(resolver: Resolver, target: str, lines: Sequence[str]) -> Resolution:
    found = resolver.resolve(target)
    weighed: list[Weighed] = []
    with contextlib.suppress(ResolverFailed):  # what is found stays found
        weighed.extend(resolver.weigh(lines, target))
    return replace(found, weighed=tuple(weighed))


class Resolver:
    """Asks the index for sets, each in as many steps as it takes.

    Raises:
        ResolverFailed: The index, or uv, does not answer; so do its methods.
    """

    def __init__(self, uv: Uv, wishes: Wishes, wheel_directory: str = "") -> None:
        self._uv, self._wishes = uv, wishes
        self._assumed: frozenset[str] = frozenset()
        self._free: frozenset[str] = frozenset()
        self._index = cached_index(uv)
        self._configure()
        self._offer = look(uv, wishes)
        if CORE in self._offer.unknown:
            folder = f"wheel_directory: {wheel_directory} has no nautobot"
            raise ResolverFailed(folder if wheel_directory else NO_CORE)
        self._wishes = wishes.with_local(self._offer.unknown)

    def _configure(self) -> None:
        """Tell uv the metadata that it need not build from source, or fetch."""
        text = configured(self._wishes.installed.values(), self._assumed, self._index)
        (self._uv.folder / CONFIGURATION).write_text(text, "utf-8")

    def weigh(self, lines: Iterable[str], target: str) -> Iterator[Weighed]:
        """Yield what the newest release of each line, other than the target, would take."""
        newest = (self._versions([f"{CORE}=={line}.*"], "--no-deps").get(CORE) for line in lines)
        for version in dict.fromkeys(one for one in newest if one and one != target):
            wanted = self._wanted(version)
            refused: dict[str, str] = {}
            found: tuple[Resolved, ...] = ()
            try:
                found = parse_set(self._solve(wanted).text)
            except Unsolvable:
                refused = self._refused(wanted)
            changed = {
                one.name for one in found if self._wishes.version(one.name) not in ("", one.version)
            }
            yield Weighed(
                target=version,
                refused=tuple(refused),
                conflict=not (found or refused),
                changes=len(changed),
                apps=len(changed & set(self._wishes.apps)),
            )

    def _wanted(self, target: str) -> list[str]:
        roots = self._wishes.roots(target)
        return [one for one in roots if name_of(one) not in self._offer.unknown]

    def resolve(self, target: str) -> Resolution:
        """Return the set, or the largest part of it that exists."""
        wanted = self._wanted(target)
        refused: dict[str, str] = {}
        conflict: tuple[str, ...] = ()
        left_out: tuple[str, ...] = ()
        reason = ""
        try:
            answer = self._solve(wanted)
        except Unsolvable:
            refused = self._refused(wanted)
            if CORE in refused:
                return Resolution(target, (), (), refused, not_on_index=self._missing)
            rest = [one for one in wanted if name_of(one) not in refused]
            answer, conflict, dropped, reason = self._largest(rest)
            left_out = (*refused, *dropped)
        found = parse_set(answer.text)
        return Resolution(
            target=target,
            packages=found,
            apps=tuple(self._releases(found)),
            refused=refused,
            conflict=conflict,
            conflict_reason=reason,
            left_out=left_out,
            source_only=self._from_source(found),
            local=tuple(one.name for one in self._wishes.local),
            assumed=tuple(one.name for one in found if self._is_assumed(one)),
            not_on_index=self._missing,
            yanked=yanked_in(answer.warnings),
            skipped=self._wishes.skipped,
            constraints=without_user_info(answer.text),
        )

    def _is_assumed(self, one: Resolved) -> bool:
        return one.name in self._assumed and one.version != self._wishes.version(one.name)

    @property
    def _never(self) -> tuple[Package, ...]:
        """Distributions without any wheel that need not move for the target."""
        found = self._offer.never_a_wheel
        return tuple(one for one in found if canonicalize_name(one.name) not in self._assumed)

    @property
    def _missing(self) -> tuple[str, ...]:
        return tuple(sorted(self._offer.unknown | self._offer.gone))

    def _solve(self, wanted: Sequence[str]) -> Answer:
        """Return a set; of what comes as new and as source only, nothing but the name is asked.

        Raises:
            Unsolvable: There is none.
        """
        try:
            return self._solve_known(wanted)
        except Unsolvable as error:
            # To keep a version, uv looks at one index that has it, whatever its wheels are for.
            if free := not_ours_in(str(error)) - self._free:
                self._free |= free
                return self._solve(wanted)
            strange = source_in(str(error)) - self._wishes.installed.keys() - self._assumed
            strange = frozenset(name for name in strange if not has_wheels(self._uv, name))
            if not (strange := strange or blamed(str(error), self._never)):
                raise
            self._assumed |= strange
            self._configure()
            return self._solve(wanted)

    def _solve_known(self, wanted: Sequence[str]) -> Answer:
        """Return a set; what needs building is taken only in the version that is installed.

        Of two ways, that with the newer Apps: one holds sources where they are, the other has
        wheels of them instead.

        Raises:
            Unsolvable: There is none.
        """
        if self._offer.never_a_wheel == self._offer.source_only:
            return self._compile(wanted, self._never)  # both ways are one
        held = self._hold_sources(wanted)
        try:
            free = self._compile(wanted, self._never)
        except Unsolvable:
            if held:
                return held
            raise
        if not held or is_newer(free.text, held.text, self._wishes.apps):
            return free
        return held

    def _hold_sources(self, wanted: Sequence[str]) -> Answer | None:
        """Return a set with as many sources as can be where they are; None if there is none."""
        source = {canonicalize_name(one.name): one for one in self._offer.source_only}
        held = {name: one for name, one in source.items() if name not in self._assumed}
        while True:
            try:
                return self._compile(wanted, tuple(held.values()))
            except Unsolvable as error:
                moving = blamed(str(error), held.values()) - blamed(str(error), self._never)
                if not moving:
                    return None
                held = {name: one for name, one in held.items() if name not in moving}

    def _compile(self, wanted: Sequence[str], from_source: Sequence[Package]) -> Answer:
        folder = self._uv.folder
        (folder / "source.txt").write_text("\n".join(exact_pins(from_source)) + "\n", "utf-8")
        # What stands in the output file is kept where it can be, as pip does.
        kept = (one for one in self._offer.known if canonicalize_name(one.name) not in self._free)
        (folder / RESULT).write_text("\n".join(pins(kept)) + "\n", "utf-8")
        names = (*(one.name for one in from_source), *sorted(self._assumed))
        source = [word for name in names for word in ("--no-binary", name)]
        moving = dict.fromkeys((CORE, *self._wishes.apps, *map(name_of, self._wishes.more)))
        newest = [word for one in moving for word in ("-P", one)]
        held = ("--constraints", "source.txt") if from_source else ()
        return self._uv.compile(
            wanted,
            *("--only-binary", ":all:", *source, *newest, *held),
            *("--generate-hashes", "--output-file", RESULT),
        )

    def _refused(self, wanted: Sequence[str]) -> dict[str, str]:
        """Return what does not fit the target, not even alone."""
        core, *rest = wanted
        try:
            self._solve([core])
        except Unsolvable as error:
            return {name_of(core): str(error)}
        return refused(self._solve, core, rest)

    def _largest(self, wanted: list[str]) -> tuple[Answer, tuple[str, ...], tuple[str, ...], str]:
        """Return a set without as little as possible, who is in conflict, what was dropped, why."""
        try:
            return self._solve(wanted), (), (), ""
        except Unsolvable as error:
            reason = str(error)
        core, *rest = wanted
        conflict = minimal(self._solve, [core], rest)
        names = tuple(map(name_of, conflict))
        for one in reversed(conflict):
            fewer = [other for other in wanted if other != one]
            try:
                return self._solve(fewer), names, (name_of(one),), reason
            except Unsolvable:
                continue
        # There is another conflict beside this one.
        fewer = [other for other in wanted if other != conflict[-1]]
        answer, more, dropped, _ = self._largest(fewer)
        return answer, (*names, *more), (names[-1], *dropped), reason

    def _releases(self, found: Iterable[Resolved]) -> Iterable[AppReleases]:
        """Yield what the index has of each App."""
        fits = {one.name: one.version for one in found}
        newest = self._versions(self._wishes.apps, "--no-deps")
        stays = self._versions(self._wanted(self._wishes.version(CORE)))
        for name in self._wishes.apps:
            yield AppReleases(
                name,
                self._wishes.version(name),
                fits.get(name, ""),
                stays.get(name, ""),
                newest.get(name, ""),
            )

    def _versions(self, wanted: Sequence[str], *options: str) -> dict[str, str]:
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
        return {one.name: one.version for one in parse_set(answer.text)}

    def _from_source(self, found: Iterable[Resolved]) -> tuple[str, ...]:
        source = set(pins(self._offer.source_only))
        return tuple(pin for one in found if (pin := f"{one.name}=={one.version}") in source)
