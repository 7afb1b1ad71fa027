"""Measure what the isolation of a trial boot costs.

The installed release is started and its facts are collected, alternately with and without relay and
namespaces. A Preflight also resolves and builds, so the share of a whole run is smaller.
"""

from __future__ import annotations

import time
from pathlib import Path
from unittest.mock import patch

import nautobot

ROUNDS = 4
TARGETS = ("isolated", "not isolated")


def main() -> None:
    """Start the installed release in turn, and print the best times and their ratio."""
    nautobot.setup()
    from django.conf import settings
    from django.db import connection

    from nautobot_upgrade_jobs.collect import collect_facts
    from nautobot_upgrade_jobs.facts import require
    from nautobot_upgrade_jobs.target.isolation import LiveDatabase, sandbox
    from nautobot_upgrade_jobs.target.isolation.relay import Relay
    from nautobot_upgrade_jobs.target.scratch_dir import scratch_folder
    from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation, TrialBooter
    from nautobot_upgrade_jobs.target.uv import find_interpreter

    apps = require(collect_facts(topics=("apps",)).apps)

    def boot(folder: Path) -> float:
        live = LiveInstallation(settings.SETTINGS_PATH, apps, "default", 30, database)
        started = time.perf_counter()
        TrialBooter(Path(find_interpreter()), folder, live, time.monotonic() + 600).run(
            settings.VERSION, ()
        )
        return time.perf_counter() - started

    def refuse(*_: object) -> Relay:
        raise OSError("switched off")

    database = LiveDatabase(connection.vendor, connection.get_connection_params())
    connection.close()
    seconds: dict[str, list[float]] = {name: [] for name in TARGETS}
    with scratch_folder() as folder:
        for number in range(ROUNDS):
            isolated = boot(folder / f"isolated-{number}")
            with (
                patch.object(sandbox, "_probe_namespaces", lambda _: "switched off"),
                patch.object(sandbox, "create_relay", refuse),
            ):
                plain = boot(folder / f"plain-{number}")
            if number:  # The first round fills the caches.
                seconds["isolated"].append(isolated)
                seconds["not isolated"].append(plain)
    best = {name: min(times) for name, times in seconds.items()}
    for name, time_used in best.items():
        print(f"{name:<13} {time_used:6.2f} s")
    print(f"isolated / not isolated {best['isolated'] / best['not isolated']:.3f}")


if __name__ == "__main__":
    main()
