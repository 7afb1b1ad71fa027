"""Rehearse and upgrade databases of 0.1, 0.6 and 1.6 GB, and compare the one with the other.

Run it in the instance of 3.2.7 while that of 2.4.44 is up: ``make bench-volume``. It writes the
table ``volume.md``.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import nautobot

from development import dumps
from development.instance import Instance
from development.postgres import Postgres
from nautobot_upgrade_jobs.facts.rehearsal import MigrateRun, MigrationRun
from nautobot_upgrade_jobs.snapshot.rehearsal_file import REHEARSAL_FILE
from nautobot_upgrade_jobs.upgrade.live_duration import estimate_live_duration

from .rehearsal import compare_copies
from .volume_data import build_statements

UNITS = (1, 7, 20)
DATABASE, UPGRADED = "benchmark_volume", "benchmark_volume_upgraded"
TABLE = Path(__file__).with_name("volume.md")
DEAREST = "extras.0130"
"""It works on each result of a Job, so its duration grows with the data."""
HEAD = """# A rehearsal by the size of the database

Sample data of 2.4.44 with more rows, upgraded to 3.2.7 on PostgreSQL. Times are seconds on two
cores. *Range* is what the rehearsal expects of the real upgrade, which is then carried out.
*Growth* is the exponent from the smallest to the largest database: 0 is constant, 1 is linear.

"""


@dataclass(frozen=True)
class Bounds:
    """A measured time, and the range in which the rehearsal expects it."""

    low: float
    high: float
    seconds: float

    def __str__(self) -> str:
        word = "inside" if self.low <= self.seconds <= self.high else "OUTSIDE"
        ratio = self.high / self.low
        return f"{self.seconds:.1f} of {self.low:.1f} to {self.high:.1f} ({ratio:.1f}), {word}"


@dataclass(frozen=True)
class Volume:
    """What was measured with a database."""

    size_bytes: int
    stages: dict[str, float]
    copy_ratio: float
    """The duration of a copy as a multiple of that of a dump and a restore."""
    all_migrations: Bounds
    dearest: Bounds


def main() -> None:
    """Measure each size, print the table, and write it to its file."""
    nautobot.setup()
    target = Instance(os.environ["STACK_VERSION"], "postgresql", "")
    server = target.server()
    volumes = []
    try:
        for units in UNITS:
            server.restore(dumps.find_ltm_dump(target), DATABASE)
            server.sql(*build_statements(units), database=DATABASE)
            volumes.append(measure(server))
            print(volumes[-1], flush=True)
    finally:
        server.drop(DATABASE)
        server.drop(UPGRADED)
    text = build_table(volumes)
    TABLE.write_text(text, "utf-8")
    print(text)


def measure(server: Postgres) -> Volume:
    """Copy, rehearse, and upgrade a database."""
    copy, dump = compare_copies(DATABASE, rounds=1)
    report, forward = rehearse()
    before = set(read_applied(server, DATABASE))
    server.clone(DATABASE, UPGRADED)
    run_server(["nautobot-server", "migrate", "--no-input"], {"NAUTOBOT_DB_NAME": UPGRADED})
    times = {key: at for key, at in read_applied(server, UPGRADED).items() if key not in before}
    ends = sorted(times.values())
    (key,) = (key for key in times if key.startswith(DEAREST))
    begun = max(end for end in ends if end < times[key])
    _, *others = forward.migrations  # The database does not record when the first one began.
    dearest = [each for each in forward.migrations if each.migration == key]
    return Volume(
        int(server.sql(f"SELECT pg_database_size('{DATABASE}')")),
        {each["name"]: each["seconds"] for each in report["rehearsal"]["stages"]},
        copy / dump,
        predict(forward, others, ends[-1] - ends[0]),
        predict(forward, dearest, times[key] - begun),
    )


def predict(forward: MigrateRun, migrations: Sequence[MigrationRun], seconds: float) -> Bounds:
    """Return what a rehearsal expects of some migrations, with the seconds that they took."""
    live = estimate_live_duration(replace(forward, migrations=tuple(migrations)))
    return Bounds(*live.migrations, seconds)


def rehearse() -> tuple[dict[str, Any], MigrateRun]:
    """Rehearse the upgrade with the installed release. Return the report and the measurements."""
    older = Instance("2.4.44", "postgresql", "")
    with tempfile.TemporaryDirectory() as folder:
        command = ["upgrade_jobs", "rehearse", "--target", os.environ["STACK_VERSION"]]
        run_server(
            [older.venv / "bin" / "nautobot-server", *command, "--output", folder],
            {
                "NAUTOBOT_DB_NAME": DATABASE,
                "PATH": f"{older.venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
            },
        )
        (report,) = Path(folder).glob("rehearse-*.json")
        (record,) = Path(folder).glob("rehearsal-*.json.gz")
        forward = REHEARSAL_FILE.load(record.read_bytes()).rehearsal.forward
        assert isinstance(forward, MigrateRun), forward
        return json.loads(report.read_text("utf-8")), forward


def run_server(command: Sequence[str | Path], variables: dict[str, str]) -> None:
    """Run a command of Nautobot."""
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout[-4000:] + done.stderr[-4000:])


def read_applied(server: Postgres, database: str) -> dict[str, float]:
    """Return the time at which each migration was recorded."""
    query = "SELECT app || '.' || name || ' ' || applied AT TIME ZONE 'UTC' FROM django_migrations"
    rows = (line.split(" ", 1) for line in server.sql(query, database=database).splitlines())
    return {key: datetime.fromisoformat(f"{at}+00:00").timestamp() for key, at in rows}


def build_table(volumes: Sequence[Volume]) -> str:
    """Return the table: a row for each stage, and a column for each database."""
    sizes = [volume.size_bytes for volume in volumes]
    rows = [
        ("", *(f"{size / 1e9:.1f} GB" for size in sizes), "growth"),
        *[("---",) * (len(sizes) + 2)],
    ]
    for stage in volumes[-1].stages:
        seconds = [volume.stages.get(stage, 0.0) for volume in volumes]
        rows.append((stage, *(f"{each:.1f}" for each in seconds), f"{growth(sizes, seconds):.1f}"))
    total = [sum(volume.stages.values()) for volume in volumes]
    rows += [
        ("total", *(f"{each:.0f}" for each in total), f"{growth(sizes, total):.1f}"),
        ("copy, as a multiple of dump and restore", *(f"{v.copy_ratio:.2f}" for v in volumes), ""),
        ("real migrations", *(str(volume.all_migrations) for volume in volumes), ""),
        (f"real {DEAREST}", *(str(volume.dearest) for volume in volumes), ""),
    ]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def growth(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the exponent with which a time grows from the first to the last size."""
    return math.log(max(seconds[-1], 0.1) / max(seconds[0], 0.1)) / math.log(sizes[-1] / sizes[0])


if __name__ == "__main__":
    main()
