"""The target itself: is it known, is it ahead, and can it be reached in one step?"""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from ...catalog import Catalog
from ...catalog.target_release import BEFORE_FIRST_RELEASE, Target
from ...facts import require
from ..findings import Finding, Impact, Phase, Severity
from ..registry import NotApplicable, check

UPGRADING = "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/upgrading/"


@check()
def not_in_catalog(target: Target, catalog: Catalog) -> Iterator[Finding]:
    """The catalog knows the target release.

    Why: requirements, removed settings and migrations of a release that the catalog has never seen
        cannot be judged, and silence about them would look like consent.
    Fix: upgrade nautobot-upgrade-jobs for a newer catalog, or choose a target that it knows.
    """
    require(target.release)
    yield from ()


@check()
def not_newer(target: Target) -> Iterator[Finding]:
    """The target is newer than what is installed, and is a final release.

    Why: code that is older than the schema looks healthy to Nautobot's own checks and then breaks;
        a pre-release may leave migration names in the database that no final release knows.
    Fix: choose a newer, final release. To go back, restore the backup taken before the upgrade.
    """
    installed, wanted = Version(target.installed), Version(target.version)
    if wanted < installed:
        yield Finding(
            severity=Severity.BLOCKER,
            subject=target.version,
            message=f"Nautobot {wanted} is older than the installed {installed}.",
            remediation=f"Choose a release newer than {installed}; an older release cannot run on "
            "the schema of a newer one.",
            phase=Phase.BOOT,
            impact=Impact.OUTAGE,
            references=(UPGRADING,),
        )
    if wanted.is_prerelease:
        yield Finding(
            severity=Severity.WARNING,
            subject="pre-release",
            message=f"Nautobot {wanted} is a pre-release.",
            remediation="Use it on a copy of the data only, and wait for the final release.",
            phase=Phase.MIGRATE,
            impact=Impact.DATA_LOSS,
        )
    if wanted == installed and target.chosen and not target.schema_release:
        yield Finding(
            severity=Severity.INFO,
            subject="same-release",
            message=f"Nautobot {wanted} is already installed; there is nothing to upgrade.",
            remediation="Choose a newer release to judge an upgrade to it.",
            phase=Phase.BOOT,
            impact=Impact.NONE,
        )


@check()
def database_behind_code(target: Target) -> Iterator[Finding]:
    """The database has the schema of the installed code.

    Why: between the installation of new code and `migrate`, the rows are those of the old release,
        and only the old code can mend them: the new one's models and pages do not fit.
    Fix: switch back to the previous environment or image, mend there what the report names, and
        return.
    """
    if target.schema_release:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="unmigrated",
            message=f"Nautobot {target.installed} is installed, but its migrations are not all "
            f"applied; the rows are {_describe_schema_release(target.schema_release)}.",
            remediation="Before all else: switch back to the previous environment or image, mend "
            "there whatever else this report names, and return. Do not migrate in between. If "
            "nothing else is named, take a backup and finish the upgrade.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE,
            references=(UPGRADING,),
        )


def _describe_schema_release(database: str) -> str:
    return (
        "between two releases" if database == BEFORE_FIRST_RELEASE else f"still those of {database}"
    )


@check()
def older_release_date(target: Target) -> Iterator[Finding]:
    """The target was released after the installed release.

    Why: the long-term line keeps receiving fixes, so a higher number can be the older code: going
        from 2.4.44 to 3.0.11 or 3.1.8 would lose fixes, security fixes among them.
    Fix: choose the newest release of a line that is still maintained.
    """
    target_release, installed = require(target.release), require(target.installed_release)
    if target.version == target.installed or target_release.date >= installed.date:
        return
    yield Finding(
        severity=Severity.WARNING,
        subject=target.version,
        message=f"Nautobot {target.version} ({target_release.date}) was released before the "
        f"installed {target.installed} ({installed.date}): every fix made to the installed line "
        "in between would be lost.",
        remediation="Choose a target released on or after that date, or read both release notes "
        "and make sure that no fix you need is missing.",
        phase=Phase.RUNTIME,
        impact=Impact.FEATURE_LOSS,
        references=(target_release.reference, installed.reference),
    )


@check()
def intermediate_stop(target: Target, catalog: Catalog) -> Iterator[Finding]:
    """The target can be reached in one step.

    Why: one interpreter has to run the release before and the release after, and some data is only
        checked or converted by a release in between.
    Fix: upgrade to each stop in turn, verify there, then run this Preflight again.
    """
    require(target.release)
    require(target.installed_release)
    for stop in catalog.upgrade_stops(target.installed, target.version):
        required = stop.kind == "required"
        yield Finding(
            severity=Severity.BLOCKER if required else Severity.WARNING,
            subject=stop.release,
            message=f"Stop at Nautobot {stop.release} on the way "
            f"({'required' if required else 'recommended'}): {stop.reason}",
            remediation=f"Run Preflight with target {stop.release} and upgrade to it first.",
            phase=Phase.MIGRATE,
            impact=Impact.OUTAGE if required else Impact.UNKNOWN,
            commands=(f"nautobot-server upgrade_jobs preflight --target {stop.release}",),
            references=(stop.reference,),
        )


@check()
def newer_line_available(target: Target, catalog: Catalog) -> Iterator[Finding]:
    """Newer lines of Nautobot are mentioned when the target was not named.

    Why: without a named target the newest release of the installed line is judged, and the operator
        should know that it is not the newest Nautobot.
    Fix: run Preflight again with the release as its target to see what it would take.
    """
    if target.chosen:
        raise NotApplicable("the target was named")
    newest = catalog.newest()
    if Version(newest.version) > Version(target.version):
        yield Finding(
            severity=Severity.INFO,
            subject=newest.version,
            message=f"This run judges {target.version}, the newest known release of the installed "
            f"line. The newest Nautobot is {newest.version} ({newest.date}).",
            remediation=f"Run Preflight with target {newest.version} to see what it would take.",
            phase=Phase.BOOT,
            impact=Impact.NONE,
            commands=(f"nautobot-server upgrade_jobs preflight --target {newest.version}",),
            references=(newest.reference,),
        )
