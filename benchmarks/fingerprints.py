"""Compare fingerprints of a table with counts, row hashes, a dump, and the md5 method.

The table has the shape of Nautobot's interfaces: eleven columns and a UUID key. Keys are measured
before and after VACUUM: afterwards ``count(*)`` reads no rows, and queries that read the key, such
as ``count(id)``, cost more. Variable ``ROWS``: other sizes, such as ``100000 10000000``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

from .figures import (
    MEBIBYTES,
    MEMORY_LIMIT,
    Contenders,
    Figure,
    measure_in_turn,
    measure_peak_memory,
)

SIZES = (100_000, 1_000_000)
TABLE = "upgrade_jobs_benchmark"
MAKE = {
    "postgresql": """
CREATE TABLE {table} AS SELECT gen_random_uuid() AS id, 'eth' || n AS name,
  n % 5 = 0 AS enabled, CASE WHEN n % 3 = 0 THEN n % 9000 END AS mtu, md5(n::text) AS description,
  now() + n * interval '1 s' AS created, now() AS last_updated, '{{}}'::jsonb AS _custom_field_data,
  gen_random_uuid() AS device_id, CASE WHEN n % 2 = 0 THEN gen_random_uuid() END AS lag_id,
  'type-' || n % 20 AS type FROM generate_series(1, {rows}) n;
ALTER TABLE {table} ADD PRIMARY KEY (id), ALTER name SET NOT NULL, ALTER enabled SET NOT NULL,
  ALTER description SET NOT NULL, ALTER _custom_field_data SET NOT NULL,
  ALTER device_id SET NOT NULL, ALTER type SET NOT NULL;
ALTER TABLE {table} SET (autovacuum_enabled = off);
ANALYZE {table};
""",
    "mysql": """
SET SESSION cte_max_recursion_depth = {rows};
CREATE TABLE {table} (id char(32) PRIMARY KEY, name varchar(64) NOT NULL, enabled bool NOT NULL,
  mtu int, description varchar(255) NOT NULL, created datetime(6), last_updated datetime(6),
  _custom_field_data json NOT NULL, device_id char(32) NOT NULL, lag_id char(32),
  type varchar(50) NOT NULL);
INSERT INTO {table} WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s
  WHERE n < {rows}) SELECT left(sha2(n, 256), 32), concat('eth', n), n % 5 = 0,
  if(n % 3 = 0, n % 9000, NULL), left(sha2(n, 256), 40),
  now(6) + INTERVAL n SECOND, now(6), '{{}}', left(sha2(-n, 256), 32),
  if(n % 2 = 0, left(sha2(n + 0.5, 256), 32), NULL),
  concat('type-', n % 20) FROM s;
ANALYZE TABLE {table};
""",
}
# The methods of two well-known tools: normalise each value to text, join, md5, sum; and one hash of
# the whole row, if the server has one. MySQL 9 has no md5, so sha2 replaces it.
NORMALISED = {
    "timestamptz": "to_char({}::timestamp(6), 'YYYY-mm-dd HH24:MI:SS.US')",
    "bool": "{}::int::varchar",
    "int4": "{}::decimal(38, 0)::varchar",
    "uuid": "trim({}::varchar)",
}
MD5 = {
    "postgresql": "SELECT count(*), sum(('x' || substring(md5({joined}), 18))::bit(60)::bigint) "
    "FROM {table}",
    "mysql": "SELECT count(*), sum(cast(conv(right(sha2({joined}, 256), 15), 16, 10) AS unsigned)) "
    "FROM {table}",
}
JOINED_ROW = "SELECT count(*), BIT_XOR(CRC32({joined})) FROM {table}"
"""One checksum of the whole row, on MySQL."""
WHOLE_ROW = {
    "postgresql": "SELECT bit_xor(hash_record_extended(t.*, 0)) FROM {table} t",
    "mysql": "CHECKSUM TABLE {table} EXTENDED",
}


def fastest(contenders: Contenders, rows: int) -> dict[str, float]:
    """Return the seconds of the fastest round of each contender. Small tables get more rounds."""
    return measure_in_turn(contenders, min(30, max(3, 5_000_000 // rows)))


def join_texts(fields: Any) -> str:
    """Return the expression that joins the columns of a row on MySQL."""
    parts = [f"coalesce(cast({field.name} AS char), '<null>')" for field in fields]
    return f"concat_ws('|', {', '.join(parts)})"


def md5_query(vendor: str, fields: Any) -> str:
    """Return the query of the md5 method for this table."""
    if vendor == "mysql":
        return MD5[vendor].format(joined=join_texts(fields), table=TABLE)
    parts = [
        f"coalesce({NORMALISED.get(field.type, '{}::varchar').format(field.name)}, '<null>')"
        for field in fields
    ]
    return MD5[vendor].format(joined=" || '|' || ".join(parts), table=TABLE)


def dump(connection: Any) -> None:
    """Dump the table to /dev/null with the server's own program."""
    settings = connection.settings_dict
    command = [os.path.join(os.environ["STACK_DB_BINARIES"], "pg_dump"), "--table", TABLE]
    command += ["--host", settings["HOST"], "--port", str(settings["PORT"])]
    command += ["--username", settings["USER"], settings["NAME"]]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measure_table(connection: Any, rows: int) -> dict[str, float]:
    """Make a table of this size. Return the seconds by contender."""
    from nautobot_upgrade_jobs.collect.db import fingerprints_mysql, fingerprints_postgresql

    vendor = connection.vendor
    dialect = fingerprints_postgresql if vendor == "postgresql" else fingerprints_mysql
    with connection.cursor() as cursor:

        def theirs(query: str) -> Callable[[], Any]:
            return lambda: (cursor.execute(query), cursor.fetchall())

        def ours(columns: Any, **how: bool) -> Callable[[], Any]:
            return theirs(
                dialect.build_fingerprint_query(connection, TABLE, shape.key, columns, **how)
            )

        def keys(state: str = "") -> Contenders:
            return {
                f"{state}count": theirs(f"SELECT count(*) FROM {TABLE}"),
                f"{state}count(id)": theirs(f"SELECT count({shape.key[0].name}) FROM {TABLE}"),
                f"{state}keys": ours(()),
            }

        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")  # from an interrupted run
        for statement in MAKE[vendor].format(table=TABLE, rows=rows).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        try:
            shape = dialect.read_table_info(connection)[TABLE]
            took = fastest(keys(), rows)
            contents: dict[str, Callable[[], Any]] = {
                "content": ours(shape.columns),
                "buckets": ours(shape.columns, by_bucket=True),
                "whole row": theirs(WHOLE_ROW[vendor].format(table=TABLE)),
                "md5": theirs(md5_query(vendor, shape.columns)),
            }
            if vendor == "postgresql":
                contents["dump"] = lambda: dump(connection)
            else:
                joined = JOINED_ROW.format(joined=join_texts(shape.columns), table=TABLE)
                contents["joined row"] = theirs(joined)
            took |= fastest(contents, rows)
            if vendor == "postgresql":
                cursor.execute(f"VACUUM {TABLE}")
                took |= fastest(keys("vacuumed "), rows)
        finally:
            cursor.execute(f"DROP TABLE {TABLE}")
    return took


LIMITS: dict[str, tuple[tuple[str, str, float | None], ...]] = {
    "postgresql": (
        ("keys", "count", None),
        ("keys", "count(id)", 1.25),
        ("vacuumed keys", "vacuumed count", None),
        ("vacuumed keys", "vacuumed count(id)", 1.25),
        ("content", "whole row", 1.0),
        ("content", "dump", None),
        ("content", "md5", 0.25),
        ("buckets", "content", 2.0),
    ),
    # MySQL counts with several threads, and reads everything else with one.
    "mysql": (
        ("keys", "count", 4.5),
        ("content", "joined row", 1.5),
        ("content", "whole row", None),
        ("content", "md5", 1.2),
        ("buckets", "content", 1.5),
    ),
}
"""By server: a contender, its peer, and the largest ratio."""


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield each contender in proportion to its peer, for each size of the table."""
    from django.db import connection

    from nautobot_upgrade_jobs.collect import collect_facts

    sizes = map(int, os.environ.get("ROWS", "").split())
    collect_facts(topics=("fingerprints",))
    peaks: dict[int, int] = {}
    for rows in list(sizes) or SIZES[: 1 if is_short else None]:
        took = measure_table(connection, rows)
        peaks[rows] = measure_peak_memory()
        for name, peer, limit in LIMITS[connection.vendor]:
            yield Figure(f"{name}, {rows} rows", took[name], peer, took[peer], limit)
    first, last = (peaks[end] for end in (min(peaks), max(peaks)))
    memory = f"memory, {max(peaks)} rows", last, f"{min(peaks)} rows", first
    yield Figure(*memory, MEMORY_LIMIT, MEBIBYTES)
