"""Measure what the isolation of a trial boot costs.

The installed release is started and its facts are collected. A Preflight also resolves and builds,
so the share of a whole run is smaller: the benchmark of the target measures it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from .figures import Figure, measure_in_turn


@contextmanager
def without_isolation() -> Iterator[None]:
    """Switch off the relay and the namespaces of each trial boot."""
    from nautobot_upgrade_jobs.target.isolation import sandbox
    from nautobot_upgrade_jobs.target.isolation.relay import Relay

    def refuse(*_: object) -> Relay:
        raise OSError("switched off")

    with (
        patch.object(sandbox, "_probe_namespaces", lambda _: "switched off"),
        patch.object(sandbox, "create_relay", refuse),
    ):
        yield


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield the duration of a trial boot with relay and namespaces."""
    from django.conf import settings
    from django.db import connection

    from nautobot_upgrade_jobs.collect import collect_facts
    from nautobot_upgrade_jobs.facts import require
    from nautobot_upgrade_jobs.target.deadline import Deadline
    from nautobot_upgrade_jobs.target.isolation import LiveDatabase
    from nautobot_upgrade_jobs.target.scratch_dir import scratch_folder
    from nautobot_upgrade_jobs.target.trial_boot import LiveInstallation, TrialBooter
    from nautobot_upgrade_jobs.target.uv import find_interpreter

    apps = require(collect_facts(topics=("apps",)).apps)

    def boot(folder: Path) -> None:
        live = LiveInstallation(settings.SETTINGS_PATH, apps, "default", 30, database)
        TrialBooter(Path(find_interpreter()), folder, live, Deadline(600)).run(settings.VERSION, ())

    def boot_plain(folder: Path) -> None:
        with without_isolation():
            boot(folder)

    database = LiveDatabase(connection.vendor, connection.get_connection_params())
    connection.close()
    with scratch_folder() as folder:
        names = (folder / str(number) for number in itertools.count())
        seconds = measure_in_turn(
            {"isolated": lambda: boot(next(names)), "plain": lambda: boot_plain(next(names))},
            2 if is_short else 4,
        )
    yield Figure(
        "isolated trial boot", seconds["isolated"], "without isolation", seconds["plain"], 1.25
    )
