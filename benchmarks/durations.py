"""Measure the CPU time of each migration from 2.4.44 on, and write the catalog's durations.

It migrates the sample twice, the second time with more rows. A migration whose code works on these
rows gets a time for each row. Run it for each new release, in its instance while that of 2.4.44 is
up: ``make durations``. CPU time depends little on other work on the host.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.migrations import MORE_CABLES, MORE_INTERFACES
from development import dumps
from development.instance import Instance

DATABASE = "bench_durations"
FILE = Path(__file__).parents[1] / "nautobot_upgrade_jobs" / "catalog" / "durations.toml"
ROWS = 10_000
"""Number of additional job results, object changes and cables."""
LOG_LINES = 20
"""Number of log lines of an additional job result."""
COPY = """
INSERT INTO {table} SELECT (jsonb_populate_record(
    NULL::{table}, to_jsonb(one) || jsonb_build_object({new}))).*
FROM (SELECT * FROM {table} LIMIT 1) one, generate_series(1, %s)
"""
NEW_VALUES = {
    "extras_jobresult": "'id', gen_random_uuid()",
    "extras_objectchange": "'id', gen_random_uuid(), 'request_id', gen_random_uuid()",
}
"""Tables that grow, each with the columns that must be unique."""
MORE_LOG_LINES = """
INSERT INTO extras_joblogentry SELECT (jsonb_populate_record(
    NULL::extras_joblogentry, to_jsonb(one) || jsonb_build_object(
    'id', gen_random_uuid(), 'job_result_id', result.id))).*
FROM (SELECT * FROM extras_joblogentry LIMIT 1) one, extras_jobresult result,
    generate_series(1, %s)
"""
NOISE_SECONDS = 0.5
"""A smaller difference between the two runs is noise."""
HEAD = """\
# CPU seconds of each migration, of the process that runs `migrate`. `seconds` is the time with
# almost no rows, and most of it is Django's rendering of the models. A row of `rows` adds the time
# for each million rows of a table. Source: `make durations`, from {source} to {target}. To extend:
# run it for a new release.

"""
CHILD = """
import json, sys, time
import nautobot
nautobot.setup()
from django.core.management import call_command
from django.db.migrations.executor import MigrationExecutor
apply, taken = MigrationExecutor.apply_migration, {}
def timed(self, state, migration, *args, **kwargs):
    began = time.process_time()
    try:
        return apply(self, state, migration, *args, **kwargs)
    finally:
        taken[f"{migration.app_label}.{migration.name}"] = time.process_time() - began
MigrationExecutor.apply_migration = timed
call_command("migrate", interactive=False, verbosity=0)
open(sys.argv[1], "w").write(json.dumps(taken))
"""


def main() -> None:
    """Measure twice, and write the file."""
    instance = Instance(os.environ["STACK_VERSION"], "postgresql", "")
    small, more = (measure(instance, rows) for rows in (0, ROWS))
    FILE.write_text("".join(render(instance.version, small, more)), "utf-8")
    print(f"{len(small)} migrations, {sum(small.values()):.0f} s of CPU time")


def measure(instance: Instance, rows: int) -> dict[str, float]:
    """Return the CPU seconds of each migration of the sample with more rows."""
    server = instance.server()
    server.restore(dumps.find_ltm_dump(instance), DATABASE)
    environment = {**os.environ, "NAUTOBOT_DB_NAME": DATABASE}
    try:
        with tempfile.NamedTemporaryFile() as file:
            if rows:
                subprocess.run(
                    [sys.executable, "-m", "benchmarks.durations", str(rows)],
                    env=environment,
                    check=True,
                )
            subprocess.run([sys.executable, "-c", CHILD, file.name], env=environment, check=True)
            taken: dict[str, float] = json.loads(Path(file.name).read_text("utf-8"))
            return taken
    finally:
        server.drop(DATABASE)


def add_rows(rows: int) -> None:
    """Add rows to the database of the environment."""
    import nautobot

    nautobot.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(MORE_INTERFACES, [2 * rows])
        cursor.execute(MORE_CABLES)
        for table, new in NEW_VALUES.items():
            cursor.execute(COPY.format(table=table, new=new), [rows])
        cursor.execute(MORE_LOG_LINES, [LOG_LINES])
        cursor.execute("ANALYZE")


def render(version: str, small: dict[str, float], more: dict[str, float]) -> list[str]:
    """Return the lines of the file."""
    varied = sorted({*NEW_VALUES, "dcim_cable", "dcim_interface", "extras_joblogentry"})
    lines = [HEAD.format(source=dumps.LTM_VERSION, target=version)]
    lines += [f"varied_tables = {json.dumps(varied)}\n\n", "[seconds]\n"]
    lines += [f'"{key}" = {seconds:.2f}\n' for key, seconds in small.items()]
    for key, seconds in more.items():
        added, table = seconds - small[key], _table_of(key)
        if table and added > NOISE_SECONDS:
            lines += [
                "\n[[rows]]\n",
                f'migration = "{key}"\n',
                f'table = "{table}"\n',
                f"seconds_per_million = {added / ROWS * 1e6:.1f}\n",
            ]
    return lines


def _table_of(key: str) -> str:
    """Return the table with more rows that a migration is named after; empty if there is none."""
    tables = (*NEW_VALUES, "dcim_cable")
    return next((table for table in tables if table.partition("_")[2] in key), "")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        add_rows(int(sys.argv[1]))
    else:
        main()
