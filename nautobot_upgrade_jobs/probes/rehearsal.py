"""Migrate a copy of the database with the code of an installation, and measure each migration.

``rehearsal/child.py`` runs this module in the isolation. It writes one JSON line for each event, so
that a process that is killed has reported what it had done.

Usage: rehearsal.py CONFIG JOURNAL ORDER, where ORDER is a JSON object:

- ``run``: the name of the rehearsal. Every connection must reach a database with this mark.
- ``seconds``: this process ends after this time.
- ``targets``: the arguments of each call of ``migrate``. Without arguments, it migrates forward.
- ``steps``: the commands to run afterwards. One that the release does not have is skipped.
- ``page_seconds``: the time for pages that are opened at the end. Zero for none.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from ..facts.rehearsal import MARK_TABLE
from .migration_meter import Journal, captured, measured, shorten
from .pages import open_pages
from .startup import describe_failure, load_configuration, load_nautobot, set_up_django
from .target import GC_THRESHOLD

GENERAL_ERROR = "HY000"
MYSQL_SHORTAGES = {
    **dict.fromkeys((3, 1021, 1026, 1114, 1878), "53100"),
    **dict.fromkeys((1037, 1038, 1041), "53200"),
    **dict.fromkeys((1053, 1077, 1079), "57P01"),
    **dict.fromkeys((2002, 2003, 2006, 2013, 2055), "08006"),
}
"""Numbers of errors for a full disk or memory, a server that shuts down, and a lost connection.
Each has the SQLSTATE that PostgreSQL gives it. Source: the error reference of MySQL 8.4."""
STEP_OPTIONS = {
    "trace_paths": {"no_input": True},
    "remove_stale_contenttypes": {"interactive": False},
}


def run(config: str, journal: Journal, order: dict[str, Any]) -> None:
    """Start the installation, migrate, and run the steps afterwards."""
    steps: dict[str, Callable[[], None]] = {
        "import": load_nautobot,
        "configuration": lambda: _load_configuration(config, order["run"]),
        "apps": set_up_django,
        **{
            f"migrate {' '.join(words)}".strip(): partial(_migrate, journal, words)
            for words in order["targets"]
        },
        **{name: partial(_run_step, journal, name) for name in order["steps"]},
    }
    if order["page_seconds"]:
        steps["pages"] = partial(open_pages, journal, order["page_seconds"])
    for name, step in steps.items():
        journal.write("stage", name=name)
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - any failure is the result
            journal.write(
                "failure", failure=describe_failure(name, error), **_describe_database(error)
            )
            if name not in order["steps"]:
                return
    journal.write("done")


def _load_configuration(config: str, mark: str) -> None:
    from django.db.backends.signals import connection_created

    def require_mark(connection: Any, **_: Any) -> None:
        schema = "public." if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT run FROM {schema}{MARK_TABLE}")  # noqa: S608 - our own constants
            if cursor.fetchone() != (mark,):
                raise RuntimeError("this database is not the copy of this rehearsal")

    connection_created.connect(require_mark, weak=False)
    load_configuration(config)


def _migrate(journal: Journal, words: list[str]) -> None:
    from django.core.management import call_command

    with measured(journal):
        call_command("migrate", *words, interactive=False, verbosity=0, skip_checks=True)


def _run_step(journal: Journal, name: str) -> None:
    from django.core.management import call_command, get_commands

    if name not in get_commands():
        return
    wall, cpu = time.monotonic(), time.process_time()
    with captured() as output:
        call_command(name, **STEP_OPTIONS.get(name, {}))
    journal.write(
        "step",
        name=name,
        seconds=time.monotonic() - wall,
        cpu_seconds=time.process_time() - cpu,
        output=shorten(output.getvalue()),
    )


def _describe_database(error: BaseException | None) -> dict[str, str]:
    """Return what the server has said about an error, without values of rows."""
    seen = error
    while seen is not None:
        if type(seen).__module__.startswith("MySQLdb"):
            number = seen.args[0] if seen.args else 0
            return {"sqlstate": MYSQL_SHORTAGES.get(number, GENERAL_ERROR)}
        diagnostics = getattr(seen, "diag", None)
        if diagnostics is not None:
            return {
                name: str(getattr(diagnostics, attribute, None) or "")
                for name, attribute in (
                    ("sqlstate", "sqlstate"),
                    ("table", "table_name"),
                    ("column", "column_name"),
                    ("constraint", "constraint_name"),
                )
            }
        seen = seen.__cause__ or seen.__context__
    return {}


if __name__ == "__main__":
    _order = json.loads(sys.argv[3])
    gc.set_threshold(GC_THRESHOLD)
    signal.alarm(int(_order["seconds"]))  # End this process even if its parent was killed.
    run(sys.argv[1], Journal(sys.argv[2]), _order)
    os._exit(0)  # Skip threads and exit handlers of Apps.
