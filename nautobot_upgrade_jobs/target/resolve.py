"""Resolves the whole set for a target at once, by metadata alone."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from ..facts import Unavailable
from ..facts.packages import Package
from ..facts.resolution import AppReleases, Resolution, Resolved
from .index import environment
from .offer import has_wheels, look
from .output import not_ours_in, parse_set, source_in, yanked_in
from .uv import Answer, ResolverFailed, Unsolvable, Uv
from .wishes import CORE, Wishes, name_of, pins

RESULT = "constraints.txt"


def resolve(
    wishes: Wishes, target: str, *, seconds: int, wheel_directory: str = ""
) -> Resolution | Unavailable:
    """Find the set for a target.

    Args:
        wishes: What has to be in it.
        target: The version of Nautobot.
        seconds: The time it may take.
        wheel_directory: Take everything from this folder; empty for the configured index.

    Returns:
        The set and what was in its way; or why nobody knows.
    """
    with tempfile.TemporaryDirectory(prefix="nautobot-upgrade-jobs-") as folder:
        uv = Uv(
            python=interpreter(),
            folder=Path(folder),
            environment=environment(wheel_directory),
            deadline=time.monotonic() + seconds,
        )
        try:
            return Resolver(uv, wishes, target).resolve()
        except ResolverFailed as error:
            return Unavailable(str(error))


def interpreter() -> str:
    """Return the Python of this environment; under uWSGI ``sys.executable`` is another program."""
    own = Path(sys.prefix, "bin", "python")
    return str(own) if own.exists() else sys.executable


class Resolver:
    """One question to the index, asked in as many steps as it takes."""

    def __init__(self, uv: Uv, wishes: Wishes, target: str) -> None:
        self._uv, self._wishes, self._target = uv, wishes, target
        self._assumed: frozenset[str] = frozenset()
        self._free: frozenset[str] = frozenset()
        self._index = self._cached_index()
        self._configure()

    def _configure(self) -> None:
        """Tell uv the metadata that it need not build from source, or fetch."""
        stated = [*map(_stated, self._wishes.installed.values())]
        stated += [f"  {{ name = {json.dumps(name)} }}," for name in sorted(self._assumed)]
        lines = ("dependency-metadata = [", *stated, "]", self._index)
        (self._uv.folder / "uv.toml").write_text("\n".join(lines), "utf-8")

    def _cached_index(self) -> str:
        """Return configuration that spares asking again for files that never change.

        A published file is what it is; where a proxy says otherwise, each is asked for at every
        step, and a resolution takes minutes. Not for an index that somebody has configured.
        """
        if {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_NO_INDEX"} & set(self._uv.environment):
            return ""
        stated = self._uv.compile([], "--emit-index-url").text.split()
        url = stated[1] if stated[:1] == ["--index-url"] else ""
        if not url or "@" in url:
            return ""
        return (
            f'[[index]]\nname = "default-index"\nurl = {json.dumps(url)}\ndefault = true\n'
            'cache-control = { api = "max-age=600", files = "max-age=31536000, immutable" }\n'
        )

    def resolve(self) -> Resolution:
        """Return the set, or the largest part of it that exists.

        Raises:
            ResolverFailed: The index, or uv, does not answer.
        """
        self._offer = look(self._uv, self._wishes)
        wanted = [self._wishes.core(self._target), *self._wishes.apps, *self._others()]
        refused: dict[str, str] = {}
        conflict: tuple[str, ...] = ()
        left_out: tuple[str, ...] = ()
        try:
            answer = self._solve(wanted)
        except Unsolvable as first:
            refused = self._refused(wanted)
            if CORE in refused:
                return Resolution(self._target, (), (), refused, not_on_index=self._missing)
            rest = [one for one in wanted if name_of(one) not in refused]
            answer, conflict, dropped = self._largest(rest)
            left_out = (*refused, *dropped)
            reason = str(first)
        else:
            reason = ""
        found = parse_set(answer.text)
        return Resolution(
            target=self._target,
            packages=found,
            apps=tuple(self._releases(found)),
            refused=refused,
            conflict=conflict,
            conflict_reason=reason if conflict else "",
            left_out=left_out,
            source_only=self._from_source(found),
            local=tuple(one.name for one in self._wishes.local),
            assumed=tuple(one.name for one in found if one.name in self._assumed),
            not_on_index=self._missing,
            yanked=yanked_in(answer.warnings),
            constraints=answer.text,
        )

    @property
    def _missing(self) -> tuple[str, ...]:
        return tuple(sorted(self._offer.unknown | self._offer.gone))

    def _others(self) -> tuple[str, ...]:
        return tuple(one for one in self._wishes.others if name_of(one) not in self._offer.unknown)

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
            if not strange:
                raise
            self._assumed |= strange
            self._configure()
            return self._solve(wanted)

    def _solve_known(self, wanted: Sequence[str]) -> Answer:
        """Return a set; what needs building is taken only in the version that is installed.

        Raises:
            Unsolvable: There is none.
        """
        try:
            return self._compile(wanted, self._offer.never_a_wheel)
        except Unsolvable:
            if self._offer.never_a_wheel == self._offer.source_only:
                raise
            return self._compile(wanted, self._offer.source_only)

    def _compile(self, wanted: Sequence[str], from_source: Sequence[Package]) -> Answer:
        folder = self._uv.folder
        (folder / "source.txt").write_text("\n".join(pins(from_source)) + "\n", "utf-8")
        # What stands in the output file is kept where it can be, as pip does.
        kept = (one for one in self._offer.known if canonicalize_name(one.name) not in self._free)
        (folder / RESULT).write_text("\n".join(pins(kept)) + "\n", "utf-8")
        names = (*(one.name for one in from_source), *sorted(self._assumed))
        source = [word for name in names for word in ("--no-binary", name)]
        newest = [word for one in (CORE, *self._wishes.apps) for word in ("-P", one)]
        return self._uv.compile(
            wanted,
            *("--only-binary", ":all:", *source, *newest),
            *("--constraints", "source.txt", "--generate-hashes", "--output-file", RESULT),
        )

    def _refused(self, wanted: Iterable[str]) -> dict[str, str]:
        """Return what does not fit the target, not even alone."""
        core, *rest = wanted
        try:
            self._solve([core])
        except Unsolvable as error:
            return {name_of(core): str(error)}
        found = {}
        for one in rest:
            try:
                self._solve([core, one])
            except Unsolvable as error:
                found[name_of(one)] = str(error)
        return found

    def _largest(self, wanted: list[str]) -> tuple[Answer, tuple[str, ...], tuple[str, ...]]:
        """Return a set without as little as possible, who is in conflict, and what was dropped."""
        try:
            return self._solve(wanted), (), ()
        except Unsolvable:
            conflict = self._minimal_conflict(wanted)
        for one in reversed(conflict):
            rest = [other for other in wanted if other != one]
            try:
                return self._solve(rest), tuple(map(name_of, conflict)), (name_of(one),)
            except Unsolvable:
                continue
        return Answer("", ""), tuple(map(name_of, conflict)), tuple(map(name_of, conflict))

    def _minimal_conflict(self, wanted: list[str]) -> list[str]:
        """Return requirements that do not go together, each of which is needed for that."""
        core, *rest = wanted
        needed = list(rest)
        for one in rest:
            fewer = [other for other in needed if other != one]
            try:
                self._solve([core, *fewer])
            except Unsolvable:
                needed = fewer
        return needed

    def _releases(self, found: Iterable[Resolved]) -> Iterable[AppReleases]:
        """Yield what the index has of each App."""
        fits = {one.name: one.version for one in found}
        newest = self._versions(self._wishes.apps, "--no-deps")
        stays = self._versions((self._wishes.core(self._wishes.version(CORE)), *self._wishes.apps))
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


def _stated(package: Package) -> str:
    """Return the metadata of a distribution as uv's configuration has it."""
    fields = {
        "name": package.name,
        "version": package.version,
        "requires-dist": list(package.requires),
        "requires-python": package.requires_python,
    }
    text = ", ".join(f"{key} = {json.dumps(value)}" for key, value in fields.items() if value)
    return f"  {{ {text} }},"
