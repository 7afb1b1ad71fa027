"""Measure each step of the target inspection: resolve, build, boot and collect.

It runs with warm caches. It is compared with ``pip install --dry-run --report`` of the same
requirements in a new environment, and with ``nautobot-server migrate --plan`` in the built
environment. The inspection also covers the releases of each App, Apps that fail to load, system
checks, customizations and preconditions.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

from .figures import Figure, measure_in_turn
from .isolation import without_isolation

TARGET = "3.2.7"
REPOSITORY = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 900
PLAN = "migrate --plan of the target"
BUILD = "Preflight with a build"
CORE_LIMITS, APP_LIMITS = (2.5, 1.6), (2.8, 1.9)
"""Limits of a Preflight with a build, and with a kept build. The code of Apps is read as well."""


def resolve_by_pip(requirements: list[str]) -> float:
    """Return the seconds that pip needs to resolve; measured once, because it takes minutes."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder, "bin", "pip")), "install", "--quiet", "--dry-run", "--report"]
        words = [*pip, str(Path(folder, "report.json")), *requirements]
        started = time.perf_counter()
        subprocess.run(words, capture_output=True, check=True, timeout=PATIENCE_SECONDS)
        return time.perf_counter() - started


def list_migrations(built: Path) -> None:
    """Run the target's own command that lists its migrations."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    words = [str(built / "bin" / "python"), "-m", "nautobot.core.cli", "migrate", "--plan"]
    subprocess.run(words, env=environment, capture_output=True, check=True)


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield the duration of each step, and of a whole Preflight."""
    from django.conf import settings
    from django.db import connection

    from nautobot_upgrade_jobs.app_settings import read_configuration
    from nautobot_upgrade_jobs.collect import collect_facts
    from nautobot_upgrade_jobs.facts import require
    from nautobot_upgrade_jobs.target.deadline import Deadline
    from nautobot_upgrade_jobs.target.index_config import build_uv_environment, build_uv_options
    from nautobot_upgrade_jobs.target.isolation import LiveDatabase
    from nautobot_upgrade_jobs.target.resolver import resolve
    from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
    from nautobot_upgrade_jobs.target.scratch_dir import remove_tree, scratch_folder
    from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation, TrialBooter
    from nautobot_upgrade_jobs.target.uv import Uv, find_interpreter
    from nautobot_upgrade_jobs.target.venv import KEPT_PREFIX, build
    from nautobot_upgrade_jobs.workflows.context import RunRequest
    from nautobot_upgrade_jobs.workflows.preflight import run_preflight

    facts = collect_facts(topics=("packages", "apps", "runtime"))
    wishes = RootRequirements(
        require(facts.packages), require(facts.apps), require(facts.runtime).python
    )
    resolution = resolve(wishes, TARGET, deadline=Deadline(600))
    database = LiveDatabase(connection.vendor, connection.get_connection_params())
    live = LiveInstallation(settings.SETTINGS_PATH, wishes.enabled_apps, "default", 30, database)

    def build_in(folder: Path) -> Path:
        uv = Uv(
            find_interpreter(),
            folder,
            build_uv_environment(""),
            Deadline(600),
            options=build_uv_options(""),
            timeout_message="too late",
        )
        return build(uv, resolution, wishes, limit=10_000, keep=0)

    def build_once() -> None:
        with scratch_folder() as folder:
            build_in(folder)

    with scratch_folder() as folder:
        built = build_in(folder)
        names = (folder / f"boot-{number}" for number in itertools.count())

        def boot() -> None:
            python, deadline = built / "bin" / "python", Deadline(600)
            TrialBooter(python, next(names), live, deadline).run(TARGET, ())

        seconds = measure_in_turn(
            {
                "resolve": lambda: resolve(wishes, TARGET, deadline=Deadline(600)),
                "build": build_once,
                "boot and collect": boot,
                PLAN: lambda: list_migrations(built),
            },
            1 if is_short else 3,
        )

    def preflight() -> None:
        run_preflight(RunRequest(target=TARGET))

    def preflight_with_build() -> None:
        for kept in Path(read_configuration().work_directory).glob(f"{KEPT_PREFIX}*"):
            remove_tree(kept)
        preflight()

    def preflight_plain() -> None:
        with without_isolation():
            preflight()

    seconds |= measure_in_turn(
        {
            BUILD: preflight_with_build,
            "Preflight": preflight,
            "without isolation": preflight_plain,
        },
        1 if is_short else 3,
    )
    apps = f"{len(wishes.app_distributions)} Apps"
    for name, limit in (("resolve", 0.4), ("build", None), ("boot and collect", 1.5)):
        yield Figure(f"{name}, {apps}", seconds[name], PLAN, seconds[PLAN], limit)
    with_build, kept = APP_LIMITS if wishes.app_distributions else CORE_LIMITS
    yield Figure(f"{BUILD}, {apps}", seconds[BUILD], PLAN, seconds[PLAN], with_build)
    whole = f"Preflight, kept build, {apps}", seconds["Preflight"]
    yield Figure(*whole, PLAN, seconds[PLAN], kept)
    yield Figure(*whole, "without isolation", seconds["without isolation"], 1.1)
    if not is_short:
        theirs = resolve_by_pip(wishes.resolve_roots(TARGET))
        yield Figure(f"resolve, {apps}", seconds["resolve"], "pip install --dry-run", theirs, 0.1)
