"""Fingerprints of a table beside counting it, hashing whole rows, and the md5 way, on PostgreSQL.

The table looks like Nautobot's interfaces: eleven columns, a UUID for a key. All contenders run in
turn in one session; what counts are the ratios. Run: ``make bench``; other sizes:
``python -m benchmarks.fingerprints 100000 1000000 10000000``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import nautobot

ROUNDS = 3
SIZES = (100_000, 1_000_000)
TABLE = "upgrade_jobs_benchmark"
MAKE = """
CREATE UNLOGGED TABLE {table} AS SELECT gen_random_uuid() AS id, 'eth' || n AS name,
  n % 5 = 0 AS enabled, CASE WHEN n % 3 = 0 THEN n % 9000 END AS mtu, md5(n::text) AS description,
  now() + n * interval '1 s' AS created, now() AS last_updated, '{{}}'::jsonb AS _custom_field_data,
  gen_random_uuid() AS device_id, CASE WHEN n % 2 = 0 THEN gen_random_uuid() END AS lag_id,
  'type-' || n % 20 AS type FROM generate_series(1, {rows}) n;
ALTER TABLE {table} ADD PRIMARY KEY (id); ANALYZE {table};
"""
MD5 = (
    "SELECT count(*), "
    "sum(('x' || substring(md5(concat_ws('|', {columns})), 1, 8))::bit(32)::bigint) FROM {table}"
)


def best(run: Callable[[str], Any], query: str) -> float:
    """Return the seconds of the fastest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run(query)
        times.append(time.perf_counter() - started)
    return min(times)


def measure(connection: Any, rows: int) -> None:
    """Make a table of this size and print the ratios."""
    from nautobot_upgrade_jobs.collect import fingerprints_postgresql as dialect

    with connection.cursor() as cursor:

        def run(query: str) -> Any:
            cursor.execute(query)
            return cursor.fetchall()

        cursor.execute(MAKE.format(table=TABLE, rows=rows))
        try:
            shape = dialect.tables(connection)[TABLE]
            columns = ", ".join(field.name for field in shape.columns)
            count = best(run, f"SELECT count(*) FROM {TABLE}")
            keys = best(run, dialect.query(connection, TABLE, shape.key, ()))
            whole = best(run, f"SELECT bit_xor(hash_record_extended(t.*, 0)) FROM {TABLE} t")
            content = best(run, dialect.query(connection, TABLE, shape.key, shape.columns))
            md5 = best(run, MD5.format(columns=columns, table=TABLE))
        finally:
            cursor.execute(f"DROP TABLE {TABLE}")
    print(f"{rows:>10} rows  count {count:.3f} s  keys {keys:.3f} s  content {content:.3f} s")
    print(f"{'':>10}       keys / count(*)              {keys / count:6.2f}")
    print(f"{'':>10}       content / whole-row hash     {content / whole:6.2f}")
    print(f"{'':>10}       md5 of whole rows / content  {md5 / content:6.2f}")


def main() -> None:
    """Measure every size in a database of its own."""
    nautobot.setup()
    from django.db import connection

    for rows in [int(word) for word in sys.argv[1:]] or SIZES:
        measure(connection, rows)


if __name__ == "__main__":
    main()
