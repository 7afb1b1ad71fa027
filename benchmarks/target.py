"""Measure each step of the target inspection: resolve, build, boot and collect.

It runs on an installation with Apps and with warm caches. It is compared with ``pip install
--dry-run --report`` of the same requirements in a new environment, and with ``nautobot-server
migrate --plan`` in the built environment. The inspection also covers the releases of each App, Apps
that fail to load, system checks, customizations and preconditions. Run: ``make bench``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nautobot

ROUNDS = 3
TARGET = "3.2.7"
REPOSITORY = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 900


def best(run: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Return the seconds of the fastest run, after one run that fills the caches."""
    run()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def by_pip(requirements: list[str]) -> float:
    """Return the seconds that pip needs to resolve; measured once, because it takes minutes."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder, "bin", "pip")), "install", "--quiet", "--dry-run", "--report"]
        words = [*pip, str(Path(folder, "report.json")), *requirements]

        def run() -> None:
            subprocess.run(words, capture_output=True, check=True, timeout=PATIENCE_SECONDS)

        return best(run, 1)


def by_migrate(built: Path) -> float:
    """Return the seconds that the target itself needs to list its migrations."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    words = [str(built / "bin" / "python"), "-m", "nautobot.core.cli", "migrate", "--plan"]
    return best(lambda: subprocess.run(words, env=environment, capture_output=True, check=True))


def main() -> None:
    """Measure each step and print it with its peer."""
    nautobot.setup()
    from django.conf import settings
    from django.db import connection

    from nautobot_upgrade_jobs.collect import collect_facts
    from nautobot_upgrade_jobs.facts import require
    from nautobot_upgrade_jobs.target.index_config import build_uv_environment, build_uv_options
    from nautobot_upgrade_jobs.target.isolation import LiveDatabase
    from nautobot_upgrade_jobs.target.resolver import resolve
    from nautobot_upgrade_jobs.target.root_requirements import RootRequirements
    from nautobot_upgrade_jobs.target.scratch_dir import scratch_folder
    from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation, TrialBooter
    from nautobot_upgrade_jobs.target.uv import Uv, find_interpreter
    from nautobot_upgrade_jobs.target.venv import build

    facts = collect_facts(topics=("packages", "apps", "runtime"))
    wishes = RootRequirements(
        require(facts.packages), require(facts.apps), require(facts.runtime).python
    )
    print(
        f"{len(wishes.app_distributions)} Apps, Python {sys.version.split()[0]}, target {TARGET}",
        flush=True,
    )
    resolved = best(lambda: resolve(wishes, TARGET, seconds=600))
    print(f"resolve           {resolved:6.2f} s", flush=True)
    resolution = resolve(wishes, TARGET, seconds=600)

    def made(folder: Path) -> Path:
        deadline = time.monotonic() + 600
        given = build_uv_environment(""), build_uv_options("")
        uv = Uv(
            find_interpreter(),
            folder,
            given[0],
            deadline,
            options=given[1],
            timeout_message="too late",
        )
        return build(uv, resolution, wishes, limit=10_000, keep=0)

    def build_once() -> None:
        with scratch_folder() as folder:
            made(folder)

    print(f"build             {best(build_once):6.2f} s", flush=True)
    database = LiveDatabase(connection.vendor, connection.get_connection_params())
    with scratch_folder() as folder:
        built = made(folder)
        live = LiveInstallation(
            settings.SETTINGS_PATH, wishes.enabled_apps, "default", 30, database
        )
        tries = iter(range(ROUNDS + 1))

        def boot() -> None:
            deadline = time.monotonic() + 600
            TrialBooter(
                built / "bin" / "python",
                folder / f"{next(tries)}",
                live,
                deadline,
                built / "bytecode",
            ).run(TARGET, ())

        trial_boot = best(boot)
        print(f"boot and collect  {trial_boot:6.2f} s", flush=True)
        listed = by_migrate(built)
        print(
            f"migrate --plan    {listed:6.2f} s: boot / plan {trial_boot / listed:.2f}", flush=True
        )
    theirs = by_pip(wishes.resolve_roots(TARGET))
    print(f"pip --dry-run     {theirs:6.2f} s: resolve / pip {resolved / theirs:.3f}")


if __name__ == "__main__":
    main()
