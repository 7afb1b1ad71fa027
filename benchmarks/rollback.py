"""Compare the rollback plan, with and without its queries, with ``migrate --plan``.

``migrate --plan`` lists the migrations of one call. The rollback planner finds the calls, analyzes
every operation, and queries each dropped table once. Both are measured as functions and as whole
commands. Run: ``make bench``.
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
"""A generated history of 500 migrations, of which the newer half is reversed."""


def best(run: Callable[[], Any]) -> float:
    """Return the shortest of a few runs, in seconds."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def command(*words: str) -> Callable[[], Any]:
    """Return a function that runs a command of Nautobot."""
    return lambda: subprocess.run(["nautobot-server", *words], capture_output=True, check=False)


def generate_history() -> tuple[Any, frozenset[str]]:
    """Return a long history, and the keys that remain; each App depends on the previous one."""
    from nautobot_upgrade_jobs.facts.migrations import Migration, Migrations

    keys = [[f"app{app:02}.{number:04}" for number in range(EACH)] for app in range(APPS)]
    migrations = []
    for app, own in enumerate(keys):
        for number, key in enumerate(own):
            on = [own[number - 1]] if number else []
            on += [keys[app - 1][number]] if app else []
            migrations.append(Migration(key, tuple(on), ()))
    recorded = tuple(one.key for one in migrations)
    kept = frozenset(key for own in keys for key in own[: EACH // 2])
    return Migrations(
        tuple(migrations), recorded, tuple(f"app{app:02}" for app in range(APPS))
    ), kept


def main() -> None:
    """Measure both in one run and print the ratios."""
    nautobot.setup()
    from nautobot_upgrade_jobs.catalog import load_catalog
    from nautobot_upgrade_jobs.collect import migrations as history
    from nautobot_upgrade_jobs.collect.context import Context
    from nautobot_upgrade_jobs.collect.db.read_only_session import read_only_session
    from nautobot_upgrade_jobs.collect.operations import reversal
    from nautobot_upgrade_jobs.facts.reversal import ReverseEffect
    from nautobot_upgrade_jobs.migration_graph.reverse_plan import plan_reverse

    history_facts, kept = generate_history()
    plan = plan_reverse(history_facts, kept)
    taken = best(lambda: plan_reverse(history_facts, kept))
    print(
        f"{len(history_facts.on_disk)} migrations of {APPS} Apps, {len(plan.migrations)} of them"
        " reversed"
    )
    print(f"  by {len(plan.calls)} calls, found in {taken:.2f} s", flush=True)

    with read_only_session(60) as connection:
        context = Context(connection)
        current, catalog = history.collect(context), load_catalog()
        older = catalog.migrations(OLDER) or frozenset()
        previous = [
            key
            for key in current.recorded
            if key.partition(".")[0] not in catalog.core_apps or key in older
        ]
        plan_seconds = best(lambda: plan_reverse(current, previous))
        reversed_keys = plan_reverse(current, previous).migrations
        rows = best(lambda: reversal.collect(context, reversed_keys, catalog.known_reversals))
        effects = reversal.collect(context, reversed_keys, catalog.known_reversals).effects
    tables = len({one.table for one in effects if one.kind is ReverseEffect.DROPS})
    print(
        f"{len(reversed_keys)} migrations back to {OLDER}: plan {plan_seconds:.2f} s,"
        f" {len(effects)} effects"
    )
    print(f"  and {tables} tables queried in {rows:.2f} s", flush=True)

    theirs = best(command("migrate", "--plan"))
    ours = best(command("upgrade_jobs", "rollback", "--to", OLDER))
    print(f"migrate --plan {theirs:.1f} s, rollback {ours:.1f} s: {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
