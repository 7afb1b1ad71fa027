"""Compare an amount of data with a quarter of it: time may grow as the data, memory may not.

What a collection takes without this data is subtracted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .figures import MEBIBYTES, MEMORY_LIMIT, Figure, measure_in_turn, measure_peak_memory

TABLES, JOBS, FILES = 500, 2_000, 200_000
PARTS = 4
FILES_PER_FOLDER = 1_000
PREFIX = "upgrade_jobs_growth_"
LIMIT = 1.3
"""Linear growth has the ratio 1. The rest is noise, and what is left of each query's overhead."""


@contextmanager
def make_tables(number: int) -> Iterator[None]:
    """Have tables with a hundred rows each."""
    from django.db import connection

    def execute(template: str) -> None:
        with connection.cursor() as cursor:
            for each in range(number):
                cursor.execute(template.format(f"{PREFIX}{each}"))

    try:
        execute("CREATE TABLE {} (id int PRIMARY KEY, name varchar(50) NOT NULL)")
        execute("INSERT INTO {} SELECT n, 'name' || n FROM generate_series(1, 100) n")
        yield
    finally:
        execute("DROP TABLE IF EXISTS {}")


@contextmanager
def make_jobs(number: int) -> Iterator[None]:
    """Have records of Jobs whose files are not installed."""
    from nautobot.extras.models import Job

    records = (
        Job(module_name=PREFIX, job_class_name=f"Job{each}", grouping=PREFIX, name=f"Job {each}")
        for each in range(number)
    )
    try:
        Job.objects.bulk_create(records)
        yield
    finally:
        Job.objects.filter(module_name=PREFIX)._raw_delete("default")


@contextmanager
def make_files(number: int) -> Iterator[None]:
    """Have media files with a few bytes each."""
    from django.test import override_settings

    with tempfile.TemporaryDirectory(prefix=PREFIX) as root:
        for each in range(number):
            folder, name = divmod(each, FILES_PER_FOLDER)
            path = Path(root, f"folder{folder}", f"file{name}")
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"content {each}")
        with override_settings(MEDIA_ROOT=root):
            yield


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield the time and the memory of each amount, in proportion to a quarter of it."""
    from nautobot_upgrade_jobs.collect import collect_facts

    amounts: tuple[tuple[str, int, Callable[[int], Any], str], ...] = (
        ("tables", TABLES, make_tables, "fingerprints"),
        ("Jobs", JOBS, make_jobs, "jobs"),
        ("media files", FILES, make_files, "files"),
    )
    for name, number, make, topic in amounts:
        amount = number // (10 if is_short else 1)

        def collect(topic: str = topic) -> None:
            collect_facts(topics=(topic,))

        seconds, memory = [], []
        for present in (0, amount // PARTS, amount):
            with make(present):
                seconds.append(measure_in_turn({"collect": collect}, 3)["collect"])
            memory.append(measure_peak_memory())
        none, quarter, whole = seconds
        subject, peer = f"{topic} of {amount} {name}", f"{PARTS} * {amount // PARTS} {name}"
        yield Figure(subject, whole - none, peer, PARTS * (quarter - none), LIMIT)
        memory_peer = f"{amount // PARTS} {name}"
        yield Figure(subject, memory[2], memory_peer, memory[1], MEMORY_LIMIT, MEBIBYTES)
