"""The steps of the upgrade. They depend on how Nautobot is installed here.

Source of the order: https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/upgrading/
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..common.files import (
    BACKUP,
    CONSTRAINTS,
    KEPT_CONFIGURATION,
    KEPT_IMAGES,
    KEPT_REQUIREMENTS,
    MEDIA_ARCHIVE,
)
from ..facts import Database, Runtime
from .container_commands import CONTAINER_IMAGE, config_path, for_runtime
from .scheduled_fixes import ScheduledFix, fix_step
from .server_commands import (
    MYSQL_LOGIN_NOTE,
    dump_command,
    dump_dry_run,
    tar_create,
)
from .services import start_services, stop_services
from .steps import Step, pip_source_options

INSTALL = "python -m pip install"
PINNED_SET = f"--require-hashes --requirement {CONSTRAINTS}"
SNAPSHOT_DIRECTORY = BACKUP
VERIFY = f"nautobot-server upgrade_jobs verify --before {SNAPSHOT_DIRECTORY}/snapshot-*.json.gz"
START_SECONDS = 180  # Longest time that Verify waits for the workers that were just started.
AFTERCARE = (
    "traces cable paths, collects static files, removes stale content types and clears caches"
)
"""The steps of ``post_upgrade`` other than ``migrate``."""
APP_DISTRIBUTION = "nautobot-upgrade-jobs"


@dataclass(frozen=True)
class UpgradePlan:
    """The installation to upgrade, and the target."""

    runtime: Runtime
    database: Database
    target: str
    migrations: int | None
    """Number of pending migrations. None if unknown."""
    includes_apps: bool
    """Whether ``migrations`` includes the migrations of Apps."""
    has_constraints: bool
    """Whether there is a ``constraints.txt``."""
    wheel_directory: str = ""
    """Folder to install from instead of the package index."""
    packages_not_in_set: tuple[str, ...] = ()
    """``name==version`` of installed packages that are on no index. The package set lacks them."""
    app_installed: bool = True
    """Whether the commands of this App are available. A Git repository has only the Jobs."""
    media: str = ""
    """Folder of the media files. Empty if media files are not stored in a folder."""
    scheduled: tuple[ScheduledFix, ...] = ()
    """Fixes that the operator has scheduled into the maintenance window."""


def upgrade_steps(plan: UpgradePlan) -> tuple[Step, ...]:
    """Return the steps of the upgrade, from the first check to the last.

    Args:
        plan: The planned upgrade: the packages and the target.
    """
    steps = (
        *(() if plan.app_installed else (_install_app(),)),
        _test_backup_command(plan.database),
        stop_services(plan.runtime),
        _capture_snapshot(),
        _backup(plan),
        _save_configuration(plan.runtime),
        *_install(plan),
        *(fix_step(each, plan.database) for each in plan.scheduled),
        _run_doctor(),
        *_migrate(plan),
        _start_and_verify(plan.runtime),
    )
    return tuple(for_runtime(step, plan.runtime) for step in steps)


def _install_app() -> Step:
    return Step(
        "Install the App, days before",
        "The plan uses the App's commands, which work when no Job can run. A Git repository or a "
        "folder contains only the Jobs. Add nautobot_upgrade_jobs to PLUGINS, remove the "
        "repository or the folder, restart web and workers, and run Preflight again.",
        (f"{INSTALL} {APP_DISTRIBUTION}",),
        "nautobot-server help upgrade_jobs",
    )


def _test_backup_command(database: Database) -> Step:
    return Step(
        "Test the backup command",
        "Nothing is stopped yet. The program must be as new as the server and must be able to log "
        "in.",
        (dump_dry_run(database),),
    )


def _capture_snapshot() -> Step:
    return Step(
        "Capture a snapshot",
        "Compare Snapshots needs this snapshot after the upgrade to report what was lost. It also "
        "reports what users change after the snapshot, so no user may work from now on.",
        (f"nautobot-server upgrade_jobs snapshot --output {SNAPSHOT_DIRECTORY}",),
        f"ls -l {SNAPSHOT_DIRECTORY}/snapshot-*.json.gz",
    )


def _backup(plan: UpgradePlan) -> Step:
    dump, proof = dump_command(plan.database, BACKUP)
    files = (tar_create(plan.media, MEDIA_ARCHIVE),) if plan.media else ()
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
    )


def _save_configuration(runtime: Runtime) -> Step:
    copy = f"cp -p {config_path(runtime)} {KEPT_CONFIGURATION}"
    if runtime.layout == CONTAINER_IMAGE:
        return Step(
            "Save the configuration and the name of the image",
            "Until migrations have run, a rollback means starting the previous image.",
            (copy, f"docker compose images > {KEPT_IMAGES}"),
        )
    return Step(
        "Save the configuration and the list of installed packages",
        "Until migrations have run, a rollback means installing these packages again.",
        (copy, f"python -m pip freeze > {KEPT_REQUIREMENTS}"),
        f"wc -l {KEPT_REQUIREMENTS}",
    )


def _install(plan: UpgradePlan) -> Iterator[Step]:
    """Yield the steps that install the target's packages in this layout."""
    target, layout = plan.target, plan.runtime.layout
    what = PINNED_SET if plan.has_constraints else f"--upgrade nautobot=={target}"
    install = f"{INSTALL}{pip_source_options(plan.wheel_directory)} {what}"
    proof = "python -c 'from importlib.metadata import version; print(version(\"nautobot\"))'"
    why = _explain_installation(plan)
    if layout == CONTAINER_IMAGE:
        python = ".".join(plan.runtime.python.split(".")[:2])
        yield Step(
            "Build the image of the target",
            why,
            (
                f"sed -i 's|^FROM .*|FROM networktocode/nautobot:{target}-py{python}|' Dockerfile",
                f"# in the Dockerfile: COPY {CONSTRAINTS} ., and RUN {install}",
                "docker compose build",
            ),
            proof,
        )
        return
    if layout == "git checkout":
        yield Step(
            "Check out the target",
            "local_requirements.txt, uwsgi.ini and media in the checkout are not part of the "
            "release and stay unchanged.",
            ("git fetch --tags", f"git checkout v{target}"),
            "git describe --tags",
        )
    if layout == "release symlink":
        yield from _install_side_by_side(plan, install, why)
        return
    yield Step("Install the packages of the target", why, (install,), proof)


def _explain_installation(plan: UpgradePlan) -> str:
    why = (
        "Install all packages in one step. If you install them one by one, a package can change "
        "the version that another package needs."
    )
    if plan.packages_not_in_set:
        why += (
            f" {', '.join(plan.packages_not_in_set)}: installed from a file or on no index, and "
            "therefore not in the package set. Install it into a new environment from its source."
        )
    if plan.runtime.layout == "unknown":
        why += (
            f" It is unknown whether the symbolic link {plan.runtime.other_symlink} switches "
            "releases, because its target does not have the name of a release. This plan installs "
            "into the environment that the link leads to now, and does not change the link."
        )
    layouts = (CONTAINER_IMAGE, "release symlink")
    if plan.runtime.container and plan.runtime.layout not in layouts:
        why += (
            " This environment is inside a container and is removed with it. Also install the "
            "packages in the image."
        )
    return why


def _install_side_by_side(plan: UpgradePlan, install: str, why: str) -> Iterator[Step]:
    """Yield the steps that install a second environment and switch the symbolic link to it."""
    runtime = plan.runtime
    link, new = shlex.quote(runtime.symlink), shlex.quote(f"{runtime.symlink}-{plan.target}")
    below = PurePosixPath(runtime.prefix).relative_to(runtime.symlink)
    environment = shlex.quote(str(PurePosixPath(f"{runtime.symlink}-{plan.target}") / below))
    yield Step(
        "Install the target next to the old release",
        "The old environment stays unchanged. Until migrations have run, a rollback means "
        f"switching the link. {why}",
        (
            f"python3 -m venv {environment}",
            install.replace("python -m", f"{environment}/bin/python -m", 1),
            f"cp -p {link}/local_requirements.txt {link}/uwsgi.ini {new}/  # those that exist",
        ),
        f"{environment}/bin/nautobot-server --version",
    )
    yield Step(
        "Switch the link",
        "From now on, every command runs the code of the target.",
        (f"ln -sfn {new} {link}",),
        f"readlink {link}",
    )


def _run_doctor() -> Step:
    return Step(
        "Run the doctor",
        "Does the target start with this configuration and these Apps? Nothing has been migrated. "
        "If it does not start, reinstall the old packages.",
        ("python -m nautobot_upgrade_jobs doctor",),
        expected="It reports nothing but unapplied migrations.",
    )


def _migrate(plan: UpgradePlan) -> Iterator[Step]:
    """Yield the steps that migrate and finish. Nothing is removed before the verification."""
    if plan.migrations == 0 and plan.includes_apps:
        yield Step(
            "Finish with post_upgrade",
            "No migration is pending, so the old release also works with this database. "
            f"post_upgrade {AFTERCARE}.",
            ("nautobot-server post_upgrade",),
            "nautobot-server migrate --check",
        )
        return
    apps = "including those of the Apps" if plan.includes_apps else "and those of the Apps"
    count = "" if plan.migrations is None else f" ({plan.migrations}, {apps})"
    yield Step(
        "Migrate: the old packages alone no longer roll back",
        f"migrate applies all migrations{count}. Run it in one process, and never interrupt it.",
        ("nautobot-server migrate",),
        "nautobot-server migrate --check",
        irreversible=True,
    )
    yield Step(
        "Verify the migrations",
        "Is the schema what the code expects, and was nothing lost? post_upgrade has not run yet, "
        "so it has not deleted the rows that refer to removed models.",
        (VERIFY,),
        expected="It reports nothing but workers and beat, steps of post_upgrade, and warnings "
        "that Preflight had.",
    )
    # Not --no-migrate: models that an App loads with its Jobs would count as stale (ssot 4.7.0).
    yield Step(
        "Finish with post_upgrade",
        f"post_upgrade {AFTERCARE}. It deletes rows that refer to stale content types.",
        ("nautobot-server post_upgrade",),
        expected="It ends without an error.",
    )


def _start_and_verify(runtime: Runtime) -> Step:
    (start,) = start_services(runtime).commands
    return Step(
        "Start web, workers and beat, and verify again",
        "Verify now finds a worker that still runs old code.",
        (start, f"{VERIFY} --wait {START_SECONDS}"),
        expected="The verdict is GO, or it reports only warnings that Preflight had.",
    )
