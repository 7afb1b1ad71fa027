"""Compare an amount of data with a quarter of it.

Time may grow as the data, memory and the number of queries may not.
What a collection takes without this data is subtracted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest import mock

from .figures import (
    MEBIBYTES,
    MEMORY_LIMIT,
    QUERIES,
    Figure,
    measure_in_turn,
    measure_peak_memory,
)

TABLES, JOBS, FILES = 500, 2_000, 200_000
PARTS = 4
FILES_PER_FOLDER = 1_000
PREFIX = "upgrade_jobs_growth_"
Make = Callable[[int], AbstractContextManager[None]]
SHORTEST = 0.05
"""Seconds. A smaller difference is noise."""
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
    from nautobot.extras.models import Job, JobQueue

    queue = JobQueue.objects.first()
    records = (
        Job(
            module_name=PREFIX,
            job_class_name=f"Job{each}",
            grouping=PREFIX,
            name=f"{PREFIX}{each}",
            default_job_queue=queue,
        )
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


def count_queries() -> int:
    """Return the number of queries with which Preflight collects its facts."""
    from django.db.backends.utils import CursorWrapper

    from nautobot_upgrade_jobs.checks.registry import checks_for_stage, required_topics
    from nautobot_upgrade_jobs.collect import collect_facts

    topics = required_topics(checks_for_stage("preflight"))
    with mock.patch.object(
        CursorWrapper, "execute", autospec=True, side_effect=CursorWrapper.execute
    ) as execute:
        collect_facts(topics=topics)
    return execute.call_count


def measure_amount(make: Make, topic: str, number: int) -> tuple[float, int]:
    """Return the seconds of the topic with an amount of data, and the queries of a Preflight."""
    from nautobot_upgrade_jobs.collect import collect_facts

    with make(number):
        seconds = measure_in_turn({topic: lambda: collect_facts(topics=(topic,))}, 3)[topic]
        return seconds, count_queries()


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield time, memory and queries of each amount, in proportion to a quarter of it."""
    amounts: tuple[tuple[str, int, Make, str, float | None], ...] = (
        ("tables", TABLES, make_tables, "fingerprints", None),  # needs one query for each table
        ("Jobs", JOBS, make_jobs, "jobs", 1),
        ("media files", FILES, make_files, "files", 1),
    )
    for name, number, make, topic, query_limit in amounts:
        amount = number // (10 if is_short else 1)
        none, _ = measure_amount(make, topic, 0)
        quarter, fewer_queries = measure_amount(make, topic, amount // PARTS)
        memory = measure_peak_memory()
        whole, queries = measure_amount(make, topic, amount)
        subject, peer = f"{topic} of {amount} {name}", f"{amount // PARTS} {name}"
        growth = max(whole - none, SHORTEST), max(PARTS * (quarter - none), SHORTEST)
        yield Figure(subject, growth[0], f"{PARTS} * {peer}", growth[1], LIMIT)
        yield Figure(subject, measure_peak_memory(), peer, memory, MEMORY_LIMIT, MEBIBYTES)
        subject = f"Preflight of {amount} {name}"
        yield Figure(subject, queries, peer, fewer_queries, query_limit, QUERIES)
