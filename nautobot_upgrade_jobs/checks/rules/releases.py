"""Releases other than the target, and steps that new releases of Apps require."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ...catalog import Advisory, AppStep, Catalog
from ...catalog.target_release import Target
from ...facts import Tables
from ...facts.resolution import AlternativeTarget, AppReleases, Resolution
from ...upgrade.package_changes import changed_apps
from ..build import finding, info
from ..findings import Finding, Impact, Phase, Severity
from ..references import APP_INSTALLATION, PIP_CONSTRAINTS
from ..registry import NotApplicable, check
from ..remediation import When, shell
from ..text import plural, truncate_list


@check(phase=Phase.BOOT, impact=Impact.NONE, see=(APP_INSTALLATION,))
def alternative_targets(
    resolution: Resolution, target: Target, catalog: Catalog
) -> Iterator[Finding]:
    """A target was chosen, so other Nautobot releases need no comparison.

    Why: without a chosen target, Preflight examines the newest release of the installed line, which
        is the smallest upgrade. The report then also compares the later lines by their changes, and
        names the Apps that have no release for them.
    Fix: run Preflight with the release as its target.
    """
    if target.chosen:
        raise NotApplicable("a target was chosen")
    if resolution.alternatives:
        possible = [
            alternative.target
            for alternative in resolution.alternatives
            if not (alternative.conflict or _split_incompatible(alternative, catalog)[0])
        ]
        newest = possible[-1:]
        yield info(
            "targets",
            f"The newest other release that all packages support is {newest[0]}."
            if newest
            else "No other release is supported by all packages.",
            fix="To see all changes, run Preflight with this release as its target."
            if newest
            else "Check again when the packages in the evidence have compatible releases.",
            commands=tuple(
                shell("nautobot-server upgrade_jobs preflight --target {}", release)
                for release in newest
            ),
            evidence=tuple(
                _describe_alternative(alternative, target, catalog)
                for alternative in resolution.alternatives
            ),
        )


def _split_incompatible(
    alternative: AlternativeTarget, catalog: Catalog
) -> tuple[list[str], list[str]]:
    """Return the distributions that rule a release out, and the Apps that are part of it."""
    part_of_it = {
        canonicalize_name(app.distribution)
        for app in catalog.merged_apps
        if Version(app.since) <= Version(alternative.target)
    }
    obstacles = [name for name in alternative.incompatible if name not in part_of_it]
    return obstacles, [name for name in alternative.incompatible if name in part_of_it]


def _describe_alternative(alternative: AlternativeTarget, target: Target, catalog: Catalog) -> str:
    release = alternative.target
    obstacles, merged = _split_incompatible(alternative, catalog)
    if obstacles:
        return f"{release}: no compatible release of {', '.join(obstacles)}"
    if alternative.conflict:
        return f"{release}: conflicting requirements"
    if merged:
        verb = "is" if len(merged) == 1 else "are"
        return f"{release}: {', '.join(merged)} {verb} part of Nautobot; remove the separate App"
    installed, future = catalog.migrations(target.installed), catalog.migrations(release)
    parts = [
        f"{plural(alternative.packages_changed, 'changed package')}, including"
        f" {plural(alternative.apps_changed, 'App')}"
    ]
    if installed is not None and future is not None:
        parts.append(plural(len(future - installed), "core migration"))
    return f"{release}: {', '.join(parts)}"


@check(stage="both", phase=Phase.RUNTIME, impact=Impact.DATA_LOSS)
def security_advisories(catalog: Catalog, target: Target) -> Iterator[Finding]:
    """No security advisory of Nautobot concerns the installed release or the target.

    Why: advisories are public. Most of them let a user read or change what the user's permissions
        do not allow.
    Fix: upgrade to a release that fixes them.
    """
    if catalog.status(target.version) == "newer":
        raise NotApplicable(f"the catalog of {catalog.date} does not contain {target.version}")
    found = catalog.open_advisories(target.installed)
    remaining = catalog.open_advisories(target.version)
    fixed = [advisory for advisory in found if advisory not in remaining]
    if fixed:
        yield info(
            "installed",
            f"The upgrade fixes {_count(fixed)} of Nautobot {target.installed}.",
            fix="Upgrade soon. Until then, publish no details of this report.",
            evidence=tuple(map(_describe_advisory, fixed)),
        )
    if remaining:
        line = catalog.line(target.version)
        is_maintained = line is not None and line.maintained
        newest = _find_release_with_fixes(catalog, target.version)
        yield finding(
            Severity.INFO
            if target.version == target.installed and is_maintained
            else Severity.WARNING,
            "target",
            f"Nautobot {target.version} has {_count(remaining)}.",
            fix=f"Upgrade to a release that fixes them, such as {newest}.",
            commands=(shell("nautobot-server upgrade_jobs preflight --target {}", newest),),
            evidence=tuple(map(_describe_advisory, remaining)),
        )


def _find_release_with_fixes(catalog: Catalog, version: str) -> str:
    """Return the newest release of the line if it has all fixes, or the newest of all."""
    line = catalog.line(version)
    is_fixed = line is not None and not catalog.open_advisories(line.newest.version)
    return line.newest.version if line and is_fixed else catalog.newest().version


def _count(advisories: Collection[Advisory]) -> str:
    number = len(advisories)
    return f"{number} known security {'advisory' if number == 1 else 'advisories'}"


def _describe_advisory(advisory: Advisory) -> str:
    fixes = " and ".join(advisory.fixed_in)
    return f"{advisory.id}: {advisory.title}; fixed in {fixes}"


@check(phase=Phase.BOOT, impact=Impact.OUTAGE, see=(PIP_CONSTRAINTS,), when=When.WINDOW)
def accidental_upgrade(resolution: Resolution, target: Target) -> Iterator[Finding]:
    """No upgrade of a single App also changes the Nautobot version.

    Why: `pip install --upgrade` of one App installs the Nautobot release that its latest release
        requires, and Nautobot then starts on a database of another release.
    Fix: pin Nautobot whenever you install an App.
    """
    moving = [app for app in resolution.apps if _is_newer(app.latest, app.within_current_release)]
    if moving:
        yield info(
            "nautobot",
            f"`pip install --upgrade` of {_join_with_or(moving)} would also replace Nautobot"
            f" {target.installed} with another release.",
            fix="Pin Nautobot whenever you install an App, as in this command.",
            commands=(
                shell(
                    f"pip install{' {}' * (len(moving) + 1)}",
                    f"nautobot=={target.installed}",
                    *(
                        f"{app.distribution}=={app.within_current_release or app.installed}"
                        for app in moving
                    ),
                ),
            ),
            evidence=truncate_list(
                tuple(
                    f"{app.distribution}: {app.within_current_release or 'no release'} is"
                    f" compatible with {target.installed}, the latest is {app.latest}"
                    for app in moving
                )
            ),
        )


@check(phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=(APP_INSTALLATION,))
def app_steps(resolution: Resolution, catalog: Catalog, tables: Tables) -> Iterator[Finding]:
    """Nautobot's commands carry out every step that new releases of Apps require.

    Why: some Apps move data with a Job, or change an interface that your own code uses. Nothing
        starts such a Job, and Nautobot reports no error without it.
    Fix: carry out the step at the time that the finding states.
    """
    used = _tables_with_rows(tables)
    for app in changed_apps(resolution):
        for step in catalog.app_steps:
            if not _requires(app, step) or (step.tables and used.keys().isdisjoint(step.tables)):
                continue
            yield finding(
                Severity.INFO if step.optional else Severity.WARNING,
                f"{step.distribution} {step.since}",
                f"{app.distribution} changes from {app.installed} to {app.compatible}. "
                f"{step.reason}",
                fix=step.remediation,
                commands=tuple(map(shell, step.commands)),
                when=When(step.when),
                evidence=truncate_list(
                    tuple(f"{table}: {used[table]}" for table in step.tables if table in used)
                ),
                see=(step.reference,),
            )


def _tables_with_rows(tables: Tables) -> dict[str, str]:
    """Return the number of rows of each table that is not known to be empty."""
    return {
        table.name: plural(table.rows, "row") if table.exact else "not counted"
        for table in tables.tables
        if table.rows or not table.exact
    }


def _requires(app: AppReleases, step: AppStep) -> bool:
    """Return whether the change of an App reaches the release that introduced a step."""
    return (
        step.distribution == canonicalize_name(app.distribution)
        and _is_newer(step.since, app.installed)
        and not _is_newer(step.since, app.compatible)
    )


def _join_with_or(apps: list[AppReleases]) -> str:
    names = [app.distribution for app in apps]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _is_newer(version: str, other: str) -> bool:
    try:
        return bool(version) and (not other or Version(version) > Version(other))
    except InvalidVersion:
        return False
