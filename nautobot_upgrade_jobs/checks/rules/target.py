"""The target release: its catalog entry, its direction and the stops before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from packaging.version import Version

from ... import MINIMUM_NAUTOBOT
from ...catalog import Catalog
from ...catalog.target_release import BEFORE_FIRST_RELEASE, Target
from ...facts import Runtime, require
from ..build import blocker, finding, info, warning
from ..findings import Finding, Impact, Phase, Severity
from ..references import UPGRADING
from ..registry import NotApplicable, check
from ..remediation import shell

MAX_CATALOG_AGE = timedelta(days=180)
"""Nautobot publishes a minor release every four months."""
PREFLIGHT = "nautobot-server upgrade_jobs preflight --target {}"


@check()
def not_in_catalog(target: Target, catalog: Catalog) -> Iterator[Finding]:
    """The catalog contains the target release.

    Why: requirements, removed settings and migrations of an unknown release cannot be checked, and
        a report without findings would look like approval.
    Fix: upgrade nautobot-upgrade-jobs to get a newer catalog, or choose a target in the catalog.
    """
    require(target.release)
    yield from ()


@check(phase=Phase.MIGRATE, impact=Impact.UNKNOWN, see=(UPGRADING,))
def old_catalog(target: Target, catalog: Catalog, runtime: Runtime) -> Iterator[Finding]:
    """The catalog is not much older than today.

    Why: releases, removed settings and known failures that were published since are missing, so a
        report without findings says less than it seems to.
    Fix: upgrade nautobot-upgrade-jobs, and run Preflight again. If you cannot upgrade it, name the
        wheel of the newer release in the setting ``catalog_file``.
    """
    if not runtime.today:
        raise NotApplicable("the date of the host is unknown")
    age = date.fromisoformat(runtime.today) - catalog.date
    if age > MAX_CATALOG_AGE:
        yield warning(
            "catalog",
            f"The App's catalog of Nautobot releases, {catalog.version}, is {age.days} days old. "
            "It lacks releases, removed settings and known failures that were published later.",
            fix="Upgrade nautobot-upgrade-jobs, and run Preflight again. Or name the wheel of its "
            "newer release in the setting catalog_file.",
            commands=(shell("pip install --upgrade nautobot-upgrade-jobs"),),
        )


@check()
def not_newer(target: Target) -> Iterator[Finding]:
    """The target is newer than the installed release.

    Why: code that is older than the schema passes Nautobot's own checks and then fails.
    Fix: choose a newer release. To roll back, restore the backup from before the upgrade.
    """
    installed, wanted = Version(target.installed), Version(target.version)
    if wanted < installed:
        yield blocker(
            target.version,
            f"Nautobot {wanted} is older than the installed {installed}.",
            fix=f"Choose a release newer than {installed}. To return to an older release, use "
            "the Rollback Planner.",
            phase=Phase.BOOT,
            impact=Impact.OUTAGE,
            see=(UPGRADING,),
        )
    if wanted == installed and target.chosen and not target.schema_release:
        yield info(
            "same-release",
            f"Nautobot {wanted} is already installed. Only Apps and other packages can change.",
            fix="If you want to upgrade Nautobot, choose a newer release.",
            phase=Phase.BOOT,
            impact=Impact.NONE,
        )


@check(phase=Phase.MIGRATE, impact=Impact.DATA_LOSS)
def pre_release(target: Target) -> Iterator[Finding]:
    """The target is a final release.

    Why: a pre-release may leave migration names in the database that no final release has.
    Fix: choose a final release.
    """
    if Version(target.version).is_prerelease:
        yield warning(
            target.version,
            f"Nautobot {target.version} is a pre-release.",
            fix="Test a pre-release only on a copy of the data. Upgrade production when the final "
            "release is available.",
        )


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(UPGRADING,))
def database_behind_code(target: Target) -> Iterator[Finding]:
    """The database has the schema of the installed code.

    Why: between the installation of new code and `migrate`, the rows belong to the old release.
        Only the old code can fix them, because the models and pages of the new code do not match.
    Fix: switch back to the previous environment or image, fix the other findings there, and return.
    """
    if target.schema_release:
        yield blocker(
            "unmigrated",
            f"Nautobot {target.installed} is installed, but not all of its migrations are applied,"
            f" and the database {_describe_schema_release(target.schema_release)}.",
            fix="Do not run `migrate` yet. "
            + (
                "If this report has other blockers, restore the backup from before the upgrade, "
                "and fix them in the previous environment or image. "
                if target.schema_release == BEFORE_FIRST_RELEASE
                else "If this report has other blockers, fix them in the previous environment or "
                "image. "
            )
            + "Then switch to the new environment again and run Preflight. If there are no other "
            "blockers, take a backup and run `nautobot-server post_upgrade`.",
        )


def _describe_schema_release(database: str) -> str:
    return (
        "matches no release, because an upgrade was interrupted"
        if database == BEFORE_FIRST_RELEASE
        else f"still has the schema of {database}"
    )


@check(phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS)
def older_release_date(target: Target) -> Iterator[Finding]:
    """The target was released after the installed release.

    Why: the long-term line still receives fixes, so a higher version can be older code. An upgrade
        from 2.4.44 to 3.0.11 or 3.1.8 would lose fixes, including security fixes.
    Fix: choose the newest release of a line that is still maintained.
    """
    target_release, installed = require(target.release), require(target.installed_release)
    if target.version == target.installed or target_release.date >= installed.date:
        return
    yield warning(
        target.version,
        f"Nautobot {target.version} was released on {target_release.date}, before the installed"
        f" {target.installed} ({installed.date}). It may lack fixes that {target.installed} has.",
        fix=f"Choose a target released on {installed.date} or later. Otherwise read both release "
        "notes and make sure that the target has every fix that you need.",
        see=(target_release.reference, installed.reference),
    )


@check(phase=Phase.MIGRATE)
def intermediate_stop(target: Target, catalog: Catalog) -> Iterator[Finding]:
    """The target can be reached in one step.

    Why: in one step, the same Python version must run both the old and the new release. Also, some
        data is checked or converted only by a release between the two.
    Fix: upgrade to each stop in turn, verify there, then run Preflight again.
    """
    require(target.release)
    require(target.installed_release)
    for stop in catalog.upgrade_stops(target.installed, target.version):
        required = stop.kind == "required"
        can_evaluate = Version(stop.release) >= Version(MINIMUM_NAUTOBOT)
        yield finding(
            Severity.BLOCKER if required else Severity.WARNING,
            stop.release,
            f"An intermediate stop at Nautobot {stop.release} is"
            f" {'required' if required else 'recommended'}: {stop.reason}",
            fix=f"Run Preflight with target {stop.release} and upgrade to it first."
            if can_evaluate
            else f"Upgrade to {stop.release} first, as its release notes describe. Run Preflight"
            f" again there. Preflight cannot evaluate a target before {MINIMUM_NAUTOBOT}.",
            commands=(shell(PREFLIGHT, stop.release),) if can_evaluate else (),
            impact=Impact.OUTAGE if required else Impact.UNKNOWN,
            see=(stop.reference,),
        )


@check(phase=Phase.BOOT, impact=Impact.NONE)
def newer_line_available(target: Target, catalog: Catalog) -> Iterator[Finding]:
    """If no target was chosen, the installed release line is the newest one.

    Why: without a chosen target, Preflight evaluates the newest release of the installed line,
        which may not be the newest Nautobot.
    Fix: run Preflight again with the release as its target to see all changes.
    """
    if target.chosen:
        raise NotApplicable("a target was chosen")
    newest = catalog.newest()
    if Version(newest.version) > Version(target.version):
        yield info(
            newest.version,
            f"This run evaluates {target.version}, the newest known release of the installed line."
            f" The newest Nautobot is {newest.version} ({newest.date}).",
            fix=f"Run Preflight with target {newest.version} to see all changes.",
            commands=(shell(PREFLIGHT, newest.version),),
            see=(newest.reference,),
        )
