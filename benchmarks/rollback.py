"""Compare the rollback plan, with and without its queries, with ``migrate --plan``.

``migrate --plan`` lists the migrations of one call. The rollback planner finds the calls, analyzes
every operation, and queries each dropped table once. Both are measured as whole commands.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

from .figures import Figure, measure_in_turn

OLDER = "2.4.44"
APPS, EACH = 20, 25
"""A generated history of 500 migrations, of which the newer half is reversed."""


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


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield the duration of a long plan, of the queries of its losses, and of the command."""
    from nautobot_upgrade_jobs.catalog import load_catalog
    from nautobot_upgrade_jobs.collect import migrations as history
    from nautobot_upgrade_jobs.collect.context import Context
    from nautobot_upgrade_jobs.collect.db.read_only_session import read_only_session
    from nautobot_upgrade_jobs.collect.operations import reversal
    from nautobot_upgrade_jobs.migration_graph.reverse_plan import plan_reverse

    long_history, kept = generate_history()
    catalog = load_catalog()
    older = catalog.migrations(OLDER) or frozenset()
    with read_only_session(60) as connection:
        context = Context(connection)
        current = history.collect(context)
        previous = [
            key
            for key in current.recorded
            if key.partition(".")[0] not in catalog.core_apps or key in older
        ]
        reversed_keys = plan_reverse(current, previous).migrations
        seconds = measure_in_turn(
            {
                "plan": lambda: plan_reverse(long_history, kept),
                "losses": lambda: reversal.collect(context, reversed_keys, catalog.known_reversals),
            },
            3,
        )
    seconds |= measure_in_turn(
        {
            "migrate --plan": command("migrate", "--plan"),
            "rollback": command("upgrade_jobs", "rollback", "--to", OLDER),
        },
        1 if is_short else 3,
    )
    for name, key, limit in (
        (f"plan to reverse half of {APPS * EACH} migrations", "plan", 0.02),
        (f"losses of {len(reversed_keys)} migrations", "losses", 0.5),
        (f"rollback --to {OLDER}", "rollback", 3.0),
    ):
        yield Figure(name, seconds[key], "migrate --plan", seconds["migrate --plan"], limit)
