"""The way back beside ``migrate --plan``: the plan alone, and what each step does to the rows.

``migrate --plan`` tells one call's migrations and their names. Ours finds the calls, goes through
every operation, and asks each table that goes, once. Both without loading the code, and as a whole
command. Run: ``make bench``.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

import nautobot

ROUNDS = 3
OLDER = "2.4.44"
APPS, EACH = 20, 25
"""Of the history that is made up: 500 migrations, of which the newer half is undone."""


def best(run: Callable[[], Any]) -> float:
    """Return the shortest of a few runs, in seconds."""
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return min(found)


def command(*words: str) -> Callable[[], Any]:
    """Return what runs a command of Nautobot."""
    return lambda: subprocess.run(["nautobot-server", *words], capture_output=True, check=False)


def made_up() -> tuple[Any, frozenset[str]]:
    """Return a long history, and what of it stays; each App builds on the one before."""
    from nautobot_upgrade_jobs.facts.migrations import Migration, Migrations

    keys = [[f"app{app:02}.{number:04}" for number in range(EACH)] for app in range(APPS)]
    found = []
    for app, own in enumerate(keys):
        for number, key in enumerate(own):
            on = [own[number - 1]] if number else []
            on += [keys[app - 1][number]] if app else []
            found.append(Migration(key, tuple(on), ()))
    recorded = tuple(one.key for one in found)
    stays = frozenset(key for own in keys for key in own[: EACH // 2])
    return Migrations(tuple(found), recorded, tuple(f"app{app:02}" for app in range(APPS))), stays


def main() -> None:
    """Measure both in one run and print the ratios."""
    nautobot.setup()
    from nautobot_upgrade_jobs.catalog import load_catalog
    from nautobot_upgrade_jobs.collect import Context
    from nautobot_upgrade_jobs.collect import migrations as history
    from nautobot_upgrade_jobs.collect.db.read_only_session import read_only_session
    from nautobot_upgrade_jobs.collect.operations import reversal
    from nautobot_upgrade_jobs.migration_graph.reverse_plan import way_back

    long, stays = made_up()
    found = way_back(long, stays)
    taken = best(lambda: way_back(long, stays))
    print(f"{len(long.on_disk)} migrations of {APPS} Apps, {len(found.undoes)} of them undone")
    print(f"  by {len(found.calls)} calls, found in {taken:.2f} s", flush=True)

    with read_only_session(60) as connection:
        context = Context(connection)
        now, catalog = history.collect(context), load_catalog()
        older = catalog.migrations(OLDER) or frozenset()
        then = [
            key
            for key in now.recorded
            if key.partition(".")[0] not in catalog.core_apps or key in older
        ]
        plan = best(lambda: way_back(now, then))
        undoes = way_back(now, then).undoes
        rows = best(lambda: reversal.collect(context, undoes, catalog.known_reversals))
        effects = reversal.collect(context, undoes, catalog.known_reversals).effects
    tables = len({one.table for one in effects if one.kind == "drops"})
    print(f"{len(undoes)} migrations back to {OLDER}: plan {plan:.2f} s, {len(effects)} effects")
    print(f"  and {tables} tables asked in {rows:.2f} s", flush=True)

    theirs = best(command("migrate", "--plan"))
    ours = best(command("upgrade_jobs", "rollback", "--to", OLDER))
    print(f"migrate --plan {theirs:.1f} s, rollback {ours:.1f} s: {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
