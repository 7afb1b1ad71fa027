"""The window of the upgrade, step by step, for the way in which Nautobot is installed here.

Source of the order: https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/upgrading/
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..facts import Database, Runtime
from .container_commands import IMAGE, in_place
from .server_commands import NOT_ASKED, dump_of, options, packed, trial_of

SERVICES = "nautobot nautobot-worker nautobot-scheduler"
"""Units by the names of Nautobot's own installation guide."""
CONTAINERS = "nautobot celery_worker celery_beat"
INSTALL = "python -m pip install"
FROZEN = "--require-hashes --requirement constraints.txt"
SNAPSHOTS = "before-upgrade"
OWN = "nautobot-upgrade-jobs"


@dataclass(frozen=True)
class Step:
    """One step of a runbook."""

    title: str
    why: str
    commands: tuple[str, ...]
    verify: str = ""
    """A command, or a look, that proves it."""
    irreversible: bool = False
    """Afterwards there is no way back but the backup."""


@dataclass(frozen=True)
class Window:
    """What the runbook is about."""

    runtime: Runtime
    database: Database
    target: str
    migrations: int | None
    """How many migrations are to be applied; None if nobody knows."""
    of_apps: bool
    """Whether those of Apps are among them."""
    has_set: bool
    """Whether ``constraints.txt`` is at hand."""
    wheel_directory: str = ""
    """Folder that is installed from, instead of a package index."""
    unknown: tuple[str, ...] = ()
    """``name==version`` of what is installed and in no index, and therefore not in the set."""
    is_app: bool = True
    """Whether our own commands are there: a Git repository has the Jobs alone."""
    media: str = ""
    """Folder of the media files; empty if they are in none."""


def upgrade_steps(window: Window) -> tuple[Step, ...]:
    """Return the steps of the upgrade, from the first look to the last.

    Args:
        window: What is upgraded, and to what.
    """
    steps = (
        *(() if window.is_app else (_own(),)),
        _trial(window.database),
        stop_of(window.runtime),
        _snapshot(),
        _backup(window),
        _keep(window.runtime),
        *_install(window),
        _start_check(),
        _migrate(window),
        _verify(),
        _start(window.runtime),
    )
    return tuple(in_place(step, window.runtime) for step in steps)


def _own() -> Step:
    return Step(
        "Install the App itself, days before",
        "The commands of this plan are its own, and work where no Job can run; a Git repository "
        "or a folder has the Jobs alone. Add nautobot_upgrade_jobs to PLUGINS, remove the "
        "repository or the folder, restart web and workers, and run Preflight again.",
        (f"{INSTALL} {OWN}",),
        "nautobot-server help upgrade_jobs",
    )


def _trial(database: Database) -> Step:
    return Step(
        "Try the command of the backup",
        "Nothing is stopped yet: the program has to be as new as the server, and to be let in.",
        (trial_of(database),),
    )


def _snapshot() -> Step:
    return Step(
        "Capture a snapshot",
        "It alone can tell afterwards whether anything was lost. What users did after it would be "
        "told as lost, too, so nobody is at work any more.",
        (f"nautobot-server upgrade_jobs snapshot --output {SNAPSHOTS}",),
        f"ls -l {SNAPSHOTS}/snapshot-*.json.gz",
    )


def stop_of(runtime: Runtime) -> Step:
    """Return the step that stops everything that writes."""
    if runtime.container:
        commands: tuple[str, ...] = (f"docker compose stop {CONTAINERS}",)
        proof = f'test -z "$(docker compose ps --quiet --status running {CONTAINERS})"'
    else:
        commands = (f"sudo systemctl stop {SERVICES}",)
        proof = f"! systemctl is-active --quiet {SERVICES}"
    return Step(
        "Stop web, workers and beat",
        "Old code must not write while the schema changes, and what is written after the backup "
        "is not in it.",
        commands,
        proof,
    )


def _backup(window: Window) -> Step:
    database = window.database
    dump, proof = dump_of(database, "before-upgrade")
    files = (packed(window.media, "before-upgrade-media.tar.gz"),) if window.media else ()
    elsewhere = "" if files else " The media files are in no folder here: back them up there."
    login = "" if database.vendor == "postgresql" else f" {NOT_ASKED}"
    return Step(
        "Back up the database and the media files",
        "It is the only way back once migrations have run. A backup that was never restored is a "
        f"hope: restore it once elsewhere, before the window.{elsewhere}{login}",
        (dump, *files),
        proof,
    )


def _keep(runtime: Runtime) -> Step:
    files = "nautobot_config.py"
    kept = f'cp -p "$NAUTOBOT_ROOT"/{files} before-upgrade.nautobot_config.py'
    if runtime.layout == IMAGE:
        return Step(
            "Keep the configuration and the name of the image",
            "Until migrations have run, the way back is the old image.",
            (kept, "docker compose images > before-upgrade.images"),
        )
    return Step(
        "Keep the configuration and the list of what is installed",
        "Until migrations have run, the way back is to install exactly this again.",
        (kept, "python -m pip freeze > before-upgrade.requirements.txt"),
        "wc -l before-upgrade.requirements.txt",
    )


def _install(window: Window) -> Iterator[Step]:
    target, layout = window.target, window.runtime.layout
    what = FROZEN if window.has_set else f"--upgrade nautobot=={target}"
    install = f"{INSTALL}{source_of(window.wheel_directory)} {what}"
    proof = "python -c 'from importlib.metadata import version; print(version(\"nautobot\"))'"
    why = "All packages in one step: one by one, each installation may move what another needs."
    if window.unknown:
        why += (
            f" {', '.join(window.unknown)}: from a file, or in no index, and so not in the set. A "
            "new environment needs it from where it came."
        )
    if layout == IMAGE:
        python = ".".join(window.runtime.python.split(".")[:2])
        yield Step(
            "Build the image of the target",
            why,
            (
                f"sed -i 's|^FROM .*|FROM networktocode/nautobot:{target}-py{python}|' Dockerfile",
                f"# in the Dockerfile: COPY constraints.txt ., and RUN {install}",
                "docker compose build",
            ),
            proof,
        )
        return
    if layout == "git checkout":
        yield Step(
            "Check out the target",
            "local_requirements.txt, uwsgi.ini and media in the checkout are not of the release; "
            "they stay as they are.",
            ("git fetch --tags", f"git checkout v{target}"),
            "git describe --tags",
        )
    if layout == "release symlink":
        yield from _beside(window, install, why)
        return
    if window.runtime.container:
        why += (
            " This is an environment inside a container: what is installed there goes with it, so "
            "build it into the image as well."
        )
    yield Step("Install the packages of the target", why, (install,), proof)


def source_of(wheel_directory: str) -> str:
    """Return the options that tell pip of a folder of wheels; nothing for the configured index."""
    wheels = options(**{"find-links": wheel_directory})
    return f"{wheels and ' --no-index'}{wheels}"


def _beside(window: Window, install: str, why: str) -> Iterator[Step]:
    """Yield the steps for a new environment beside the old one, switched by a symbolic link."""
    runtime = window.runtime
    link, new = shlex.quote(runtime.symlink), shlex.quote(f"{runtime.symlink}-{window.target}")
    below = PurePosixPath(runtime.prefix).relative_to(runtime.symlink)
    place = shlex.quote(str(PurePosixPath(f"{runtime.symlink}-{window.target}") / below))
    yield Step(
        "Install the target beside the old release",
        "The old environment stays whole: until migrations have run, the way back is the link. "
        f"{why}",
        (
            f"python3 -m venv {place}",
            install.replace("python -m", f"{place}/bin/python -m", 1),
            f"cp -p {link}/local_requirements.txt {link}/uwsgi.ini {new}/  # those that are there",
        ),
        f"{place}/bin/nautobot-server --version",
    )
    yield Step(
        "Switch the link",
        "From now on every command is the target's.",
        (f"ln -sfn {new} {link}",),
        f"readlink {link}",
    )


def _start_check() -> Step:
    return Step(
        "Ask the doctor",
        "Does the target start with this configuration and these Apps? Nothing has been migrated: "
        "if not, the old packages bring everything back.",
        ("python -m nautobot_upgrade_jobs doctor",),
        "It names nothing but migrations that are not applied.",
    )


def _migrate(window: Window) -> Step:
    apps = "those of the Apps among them" if window.of_apps else "and those of the Apps"
    several = "" if window.migrations is None else f" ({window.migrations}, {apps})"
    return Step(
        "Migrate: the point of no return",
        f"It applies all migrations{several}, traces cable paths, collects "
        "static files, removes stale content types and clears caches. Let it run in one process, "
        "and never interrupt it.",
        ("nautobot-server post_upgrade",),
        "nautobot-server migrate --check",
        irreversible=True,
    )


def _verify() -> Step:
    return Step(
        "Verify, before anybody is let in",
        "Is it finished, is the schema what the code needs, and is anything lost? Workers are "
        "still down, so it cannot be GO yet.",
        (f"nautobot-server upgrade_jobs verify --before {SNAPSHOTS}/snapshot-*.json.gz",),
        "It names nothing but workers and beat, and warnings that Preflight had.",
    )


def start_of(runtime: Runtime) -> Step:
    """Return the step that starts everything again."""
    return Step(
        "Start web, workers and beat",
        "All at once: one that still runs other code would be in the way.",
        (
            "docker compose up --detach"
            if runtime.container
            else f"sudo systemctl start {SERVICES}",
        ),
    )


def _start(runtime: Runtime) -> Step:
    (start,) = start_of(runtime).commands
    return Step(
        "Start web, workers and beat, and verify again",
        "A worker that still runs old code is found now.",
        (
            start,
            f"nautobot-server upgrade_jobs verify --before {SNAPSHOTS}/snapshot-*.json.gz",
        ),
        "The verdict is GO, or names the warnings that Preflight had alone.",
    )
