"""Releases that nobody named: other targets, and what an App would take along."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from ...catalog import Catalog
from ...catalog.target_release import Target
from ...facts.resolution import AlternativeTarget, AppReleases, Resolution
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check
from ..text import plural, truncate_list

APPS = "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/installation/app-install/"
CONSTRAINTS = "https://pip.pypa.io/en/stable/user_guide/#constraints-files"


@check()
def alternative_targets(
    resolution: Resolution, target: Target, catalog: Catalog
) -> Iterator[Finding]:
    """No other release of Nautobot is worth a look, when the target was not named.

    Why: the newest release of the installed line is the smallest step; what the next line takes,
        and whether all Apps have a release for it, decides when to go on.
    Fix: run Preflight with the release as its target.
    """
    if target.chosen:
        raise NotApplicable("the target was named")
    if resolution.alternatives:
        reachable = [one.target for one in resolution.alternatives if one.is_resolvable]
        yield Finding(
            severity=Severity.INFO,
            subject="targets",
            message=(
                f"Of the other releases, {reachable[-1]} is the newest for which the package "
                "index has everything."
                if reachable
                else "For no other release does the package index have everything."
            ),
            remediation="Run Preflight with the release as its target to see all of what it takes.",
            phase=Phase.BOOT,
            impact=Impact.NONE,
            commands=tuple(
                f"nautobot-server upgrade_jobs preflight --target {one}" for one in reachable[-1:]
            ),
            evidence=tuple(
                _describe_alternative(one, target, catalog) for one in resolution.alternatives
            ),
            references=(APPS,),
        )


def _describe_alternative(one: AlternativeTarget, target: Target, catalog: Catalog) -> str:
    if one.incompatible:
        return f"{one.target}: no release fits of {', '.join(one.incompatible)}"
    if one.conflict:
        return f"{one.target}: requirements do not go together"
    now, then = catalog.migrations(target.installed), catalog.migrations(one.target)
    migrations = "" if now is None or then is None else plural(len(then - now), "core migration")
    changes = (
        f"{plural(one.packages_changed, 'package')} change, {plural(one.apps_changed, 'App')} among"
        " them"
    )
    return ", ".join(filter(None, (f"{one.target}: {changes}", migrations)))


@check()
def accidental_upgrade(resolution: Resolution, target: Target) -> Iterator[Finding]:
    """No App can be upgraded by itself and take Nautobot along.

    Why: `pip install --upgrade` of one App moves Nautobot to whatever its newest release asks for,
        and the next start finds a database of another release.
    Fix: hold Nautobot where it is whenever an App is installed.
    """
    moving = [one for one in resolution.apps if _is_newer(one.latest, one.within_current_release)]
    if moving:
        yield Finding(
            severity=Severity.INFO,
            subject="nautobot",
            message=(
                f"Upgrading {_join_with_or(moving)} alone to the newest release would move Nautobot"
                f" away from {target.installed}."
            ),
            remediation=(
                "Hold Nautobot where it is whenever you install an App, as the command does."
            ),
            phase=Phase.BOOT,
            impact=Impact.OUTAGE,
            commands=(
                f"pip install nautobot=={target.installed} "
                + " ".join(
                    f"{one.distribution}=={one.within_current_release or one.installed}"
                    for one in moving
                ),
            ),
            evidence=truncate_list(
                tuple(
                    f"{one.distribution}: {one.within_current_release or 'no release'} fits"
                    f" {target.installed}, the newest is {one.latest}"
                    for one in moving
                )
            ),
            references=(CONSTRAINTS,),
        )


def _join_with_or(apps: list[AppReleases]) -> str:
    names = [one.distribution for one in apps]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _is_newer(version: str, other: str) -> bool:
    try:
        return bool(version) and (not other or Version(version) > Version(other))
    except InvalidVersion:
        return False
