"""Resolve the package set for a target."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..common.urls import mask_url_credentials
from ..facts import Unavailable
from ..facts.resolution import AlternativeTarget, AppReleases, Resolution, ResolvedPackage
from .conflict import PartialSet, find_incompatible, solve_largest
from .deadline import Deadline
from .index_config import create_uv
from .requirement_lines import requirement_name
from .root_requirements import CORE, RootRequirements, format_pins
from .scratch_dir import ScratchError, scratch_folder
from .solver import Solver
from .uv import ResolverFailed, Unsolvable
from .uv_output import parse_resolved, parse_yanked


def resolve(
    roots: RootRequirements,
    target: str,
    *,
    deadline: Deadline,
    wheel_directory: str = "",
    lines: Sequence[str] = (),
) -> Resolution | Unavailable:
    """Resolve the package set for a target.

    Args:
        roots: The root requirements.
        target: The version of Nautobot.
        deadline: The end of the time limit.
        wheel_directory: Folder of wheels to use instead of the index. Empty for the configured
            index.
        lines: Release lines, such as ``3.2``. The newest release of each is an alternative target.

    Returns:
        The set and what prevents a complete set, or why the set is unknown.
    """
    try:
        with scratch_folder() as folder:
            uv = create_uv(folder, wheel_directory, deadline)
            solver = Solver(uv, roots, wheel_directory)
            resolution = _resolve_target(solver, target)
            alternatives: list[AlternativeTarget] = []
            with contextlib.suppress(ResolverFailed):  # The resolution itself is complete.
                alternatives.extend(_evaluate_alternatives(solver, lines, target))
            return replace(resolution, alternatives=tuple(alternatives))
    except (ResolverFailed, ScratchError, OSError) as error:
        return Unavailable(mask_url_credentials(str(error)))


def _resolve_target(solver: Solver, target: str) -> Resolution:
    """Return the package set, or the largest set that exists."""
    requirements = solver.available_roots(target)
    refused: dict[str, str] = {}
    try:
        result = PartialSet(solver.solve(requirements))
    except Unsolvable:
        refused = find_incompatible(solver.solve, requirements)
        if CORE in refused:
            return Resolution(target, (), (), refused, not_on_index=_list_not_on_index(solver))
        rest = [each for each in requirements if requirement_name(each) not in refused]
        result = solve_largest(solver.solve, rest)
    packages = parse_resolved(result.output.text)
    return Resolution(
        target=target,
        packages=packages,
        apps=tuple(_list_app_releases(solver, packages)),
        incompatible=refused,
        conflict=result.conflict,
        conflict_reason=result.reason,
        excluded=(*refused, *result.dropped),
        sdist_only=_list_sdist_only(solver, packages),
        local=tuple(package.name for package in solver.roots.local),
        unverified=tuple(each.name for each in packages if solver.is_unverified(each)),
        not_on_index=_list_not_on_index(solver),
        yanked=parse_yanked(result.output.warnings),
        unparsed_requirement_lines=solver.roots.unparsed_requirement_lines,
        constraints=mask_url_credentials(result.output.text),
    )


def _evaluate_alternatives(
    solver: Solver, lines: Iterable[str], target: str
) -> Iterator[AlternativeTarget]:
    """Yield the newest release of each line except the target, with what prevents its set."""
    newest = (solver.solve_versions([f"{CORE}=={line}.*"], "--no-deps").get(CORE) for line in lines)
    for version in dict.fromkeys(each for each in newest if each and each != target):
        yield _evaluate_alternative(solver, version)


def _evaluate_alternative(solver: Solver, version: str) -> AlternativeTarget:
    requirements = solver.available_roots(version)
    refused: dict[str, str] = {}
    packages: tuple[ResolvedPackage, ...] = ()
    try:
        packages = parse_resolved(solver.solve(requirements).text)
    except Unsolvable:
        refused = find_incompatible(solver.solve, requirements)
    changed = {
        package.name
        for package in packages
        if solver.roots.installed_version(package.name) not in ("", package.version)
    }
    return AlternativeTarget(
        target=version,
        incompatible=tuple(refused),
        conflict=not (packages or refused),
        packages_changed=len(changed),
        apps_changed=len(changed & set(solver.roots.app_distributions)),
    )


def _list_app_releases(
    solver: Solver, packages: Iterable[ResolvedPackage]
) -> Iterator[AppReleases]:
    """Yield the relevant releases of each App on the index."""
    roots = solver.roots
    if not roots.app_distributions:
        return
    compatible = {package.name: package.version for package in packages}
    latest = solver.solve_versions(roots.app_distributions, "--no-deps")
    installed = roots.installed_version(CORE)
    current = (
        compatible  # The target is the installed release.
        # Older releases have no wheels for this Python, and building them is of no use.
        if compatible.get(CORE) == installed or roots.is_new_environment
        else solver.solve_versions(solver.available_roots(installed))
    )
    for name in roots.app_distributions:
        yield AppReleases(
            name,
            roots.installed_version(name),
            compatible.get(name, ""),
            current.get(name, ""),
            latest.get(name, ""),
        )


def _list_sdist_only(solver: Solver, packages: Iterable[ResolvedPackage]) -> tuple[str, ...]:
    sdists = set(format_pins(solver.availability.sdist_only))
    pins = {f"{package.name}=={package.version}": package for package in packages}
    return tuple(pin for pin, each in pins.items() if pin in sdists or solver.is_built(each))


def _list_not_on_index(solver: Solver) -> tuple[str, ...]:
    availability = solver.availability
    return tuple(sorted(availability.missing_distributions | availability.missing_versions))
