"""The steps of the upgrade. They depend on how Nautobot is installed here.

Source of the order: https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/upgrading/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from ..common.files import BACKUP, MEDIA_ARCHIVE
from ..deployment.known import KnownDeployment
from ..facts import Database, Runtime
from ..facts.manifests import Controller
from ..upgrade.downtime import UNKNOWN_DOWNTIME, Downtime, DowntimeClass
from .layouts import Layout, choose_layout
from .layouts.base import START_SECONDS
from .scheduled_fixes import ScheduledFix, fix_steps
from .server_commands import MYSQL_LOGIN_NOTE, dump_dry_run, tar_create
from .steps import Runbook, Step
from .target_packages import INSTALL, TargetPackages
from .tool_commands import OutsideTool, capture, start_test, verify

SNAPSHOT_DIRECTORY = BACKUP
AFTERCARE = (
    "traces cable paths, collects static files, removes stale content types and clears caches"
)
"""The steps of ``post_upgrade`` other than ``migrate``."""
APP_DISTRIBUTION = "nautobot-upgrade-jobs"


@dataclass(frozen=True)
class UpgradePlan:
    """The installation to upgrade, and the target."""

    runtime: Runtime
    deployment: KnownDeployment
    database: Database
    packages: TargetPackages
    migrations: int | None
    """Number of pending migrations. None if unknown."""
    includes_apps: bool
    """Whether ``migrations`` includes the migrations of Apps."""
    app_installed: bool = True
    """Whether the commands of this App are available. A Git repository has only the Jobs."""
    media: str = ""
    """Folder of the media files. Empty if media files are not stored in a folder."""
    scheduled: tuple[ScheduledFix, ...] = ()
    """Fixes that the operator has scheduled into the maintenance window."""
    downtime: Downtime = UNKNOWN_DOWNTIME
    controllers: tuple[Controller, ...] = ()
    """The objects in the manifests that can change the release by themselves."""
    outside: OutsideTool | None = None
    """This tool in an environment of its own. None if the plan uses the App."""


def plan_upgrade(plan: UpgradePlan) -> Runbook:
    """Return the runbook of the upgrade, from the first check to the last.

    Args:
        plan: The planned upgrade: the packages and the target.
    """
    layout = choose_layout(plan.deployment, plan.runtime, plan.database)
    upgraded = layout.with_new_code()
    in_turn = plan.downtime.kind is DowntimeClass.CODE_ONLY and layout.restarts_in_turn
    steps = (
        *(() if plan.app_installed or plan.outside else (_install_app(layout),)),
        _test_backup_command(layout),
        *layout.prepare(),
        *layout.suspend_controllers(plan.controllers),
        *(() if in_turn else (layout.stop_services(),)),
        _capture_snapshot(plan, layout, users_work=in_turn),
        _backup(plan, layout),
        layout.save_environment(),
        *layout.install(plan.packages),
        *chain.from_iterable(fix_steps(each, upgraded) for each in plan.scheduled),
        *_migrate(plan, upgraded),
        upgraded.restart_services() if in_turn else upgraded.start_services("target"),
        _verify_again(plan, upgraded),
        *upgraded.clean_up(),
        *layout.resume_controllers(plan.controllers),
    )
    return replace(layout.build_runbook(steps), downtime=plan.downtime)


def _install_app(layout: Layout) -> Step:
    return Step(
        "Install the App, days before",
        "The plan uses the App's commands, which work when no Job can run. A Git repository or a "
        "folder contains only the Jobs. Add nautobot_upgrade_jobs to PLUGINS, remove the "
        "repository or the folder, restart web and workers, and run Preflight again.",
        (layout.nautobot(f"{INSTALL} {APP_DISTRIBUTION}"),),
        layout.nautobot("nautobot-server help upgrade_jobs"),
    )


def _test_backup_command(layout: Layout) -> Step:
    return Step(
        "Test the backup command",
        "Nothing is stopped yet. The program must be as new as the server and must be able to log "
        "in.",
        (layout.client(dump_dry_run(layout.server)),),
        role="preparation",
    )


def _capture_snapshot(plan: UpgradePlan, layout: Layout, *, users_work: bool) -> Step:
    until = "" if users_work else ", so no user may work from now on"
    return Step(
        "Capture a snapshot",
        "Compare Snapshots needs this snapshot after the upgrade to report what was lost. It also "
        f"reports what users change after the snapshot{until}.",
        (capture(layout, plan.outside, SNAPSHOT_DIRECTORY),),
        f"ls -l {SNAPSHOT_DIRECTORY}/snapshot-*.json.gz",
        role="preparation",
    )


def _backup(plan: UpgradePlan, layout: Layout) -> Step:
    dump, proof = layout.dump(BACKUP)
    archive = tar_create(plan.media, MEDIA_ARCHIVE) if plan.media else ""
    files = (layout.nautobot(archive, writes=(MEDIA_ARCHIVE,)),) if archive else ()
    elsewhere = (
        "" if files else " The media files are not in a folder. Back them up where they are stored."
    )
    login = "" if plan.database.vendor == "postgresql" else f" {MYSQL_LOGIN_NOTE}"
    return Step(
        "Back up the database and the media files",
        "After migrations have run, only this backup restores the state before the upgrade. "
        f"Restore it once elsewhere before the maintenance window.{elsewhere}{login}",
        (dump, *files),
        proof,
        role="preparation",
    )


def _run_gate(plan: UpgradePlan, layout: Layout) -> Step:
    _, proof = layout.dump(BACKUP)
    return Step(
        "Check the backup and the target once more",
        "Is the backup in this folder complete? Does the target start with this configuration and "
        "these Apps? Nothing has been migrated. If the target does not start, reinstall the old "
        "packages.",
        (proof, start_test(layout, plan.outside)),
        expected="The backup is readable, and the target starts"
        + ("." if plan.outside else ": the doctor reports nothing but unapplied migrations."),
        role="gate",
    )


def _migrate(plan: UpgradePlan, layout: Layout) -> Iterator[Step]:
    """Yield the steps that migrate and finish. Nothing is removed before the verification."""
    post_upgrade = layout.nautobot("nautobot-server post_upgrade")
    is_complete = layout.nautobot("nautobot-server migrate --check")
    yield _run_gate(plan, layout)
    if plan.migrations == 0 and plan.includes_apps:
        yield Step(
            "Finish with post_upgrade",
            "No migration is pending, so the old release also works with this database. "
            f"post_upgrade {AFTERCARE}.",
            (post_upgrade,),
            is_complete,
        )
        return
    apps = "including those of the Apps" if plan.includes_apps else "and those of the Apps"
    count = "" if plan.migrations is None else f" ({plan.migrations}, {apps})"
    yield Step(
        "Migrate: the old packages alone no longer roll back",
        f"migrate applies all migrations{count}. Run it in one process, and never interrupt it.",
        (layout.nautobot("nautobot-server migrate"),),
        is_complete,
        irreversible=True,
    )
    yield Step(
        "Verify the migrations",
        "Is the schema what the code expects, and was nothing lost? post_upgrade has not run yet, "
        "so it has not deleted the rows that refer to removed models.",
        (verify(layout, plan.outside, SNAPSHOT_DIRECTORY, "--stopped"),),
        expected=_expect_of_verify(plan),
    )
    # Not --no-migrate: models that an App loads with its Jobs would count as stale (ssot 4.7.0).
    yield Step(
        "Finish with post_upgrade",
        f"post_upgrade {AFTERCARE}. It deletes rows that refer to stale content types.",
        (post_upgrade,),
        expected="It ends without an error.",
    )


def _verify_again(plan: UpgradePlan, layout: Layout) -> Step:
    return Step(
        "Verify again",
        "Are all rows there after post_upgrade?"
        if plan.outside
        else "Verify now finds a worker that still runs old code.",
        (verify(layout, plan.outside, SNAPSHOT_DIRECTORY, f"--wait {START_SECONDS}"),),
        expected=_expect_of_verify(plan),
    )


def _expect_of_verify(plan: UpgradePlan) -> str:
    if plan.outside:
        return (
            "No blocker. The verdict is INCOMPLETE, because the services are unknown from outside."
        )
    return "The verdict is GO, or it reports only warnings that Preflight had."
