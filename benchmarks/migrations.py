"""Compare Preflight's estimate for an upgrade from 2.4.44 with the upgrade itself.

It uses a copy of the sample with additional cables; their number is an argument, 10,000 by
default. Run in the instance of 3.2.7 while that of 2.4.44 is up: ``make bench``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from development import dumps
from development.instance import Instance

DATABASE = "bench_upgrade"
MORE_INTERFACES = """
INSERT INTO dcim_interface SELECT (jsonb_populate_record(
    NULL::dcim_interface, to_jsonb(one) || jsonb_build_object(
    'id', gen_random_uuid(), 'name', 'bench-' || n, '_name', 'bench-' || lpad(n::text, 8, '0'),
    'cable_id', NULL, '_path_id', NULL, '_cable_peer_id', NULL, '_cable_peer_type_id', NULL))).*
FROM (SELECT * FROM dcim_interface ORDER BY id LIMIT 1) one, generate_series(1, %s) n
"""
MORE_CABLES = """
WITH ends AS (
    SELECT id, row_number() OVER (ORDER BY _name) AS n FROM dcim_interface
    WHERE name LIKE 'bench-%'
), pairs AS (
    SELECT a.id AS a, b.id AS b FROM ends a JOIN ends b ON b.n = a.n + 1 WHERE a.n % 2 = 1
)
INSERT INTO dcim_cable SELECT (jsonb_populate_record(
    NULL::dcim_cable, to_jsonb(one) || jsonb_build_object(
    'id', gen_random_uuid(), 'termination_a_id', a, 'termination_b_id', b,
    'termination_a_type_id', kind.id, 'termination_b_type_id', kind.id,
    '_termination_a_device_id', NULL, '_termination_b_device_id', NULL))).*
FROM pairs, (SELECT * FROM dcim_cable ORDER BY id LIMIT 1) one,
    (SELECT id FROM django_content_type WHERE app_label = 'dcim' AND model = 'interface') kind
"""


def main() -> None:
    """Fill a database of 2.4.44, estimate, migrate, and print both durations."""
    cables = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    instance = Instance(os.environ["STACK_VERSION"], "postgresql", "")
    server = instance.server()
    server.restore(dumps.find_ltm_dump(instance), DATABASE)
    os.environ["NAUTOBOT_DB_NAME"] = DATABASE
    try:
        measure(cables)
    finally:
        server.drop(DATABASE)


def measure(cables: int) -> None:
    """Measure on the database of the environment."""
    import nautobot

    nautobot.setup()
    from django.db import connection

    from nautobot_upgrade_jobs.collect import collect_facts
    from nautobot_upgrade_jobs.migration_graph.cost_estimate import estimate_cost

    with connection.cursor() as cursor:
        cursor.execute(MORE_INTERFACES, [2 * cables])
        cursor.execute(MORE_CABLES)
        cursor.execute("ANALYZE")
    facts = collect_facts(topics=("preconditions", "tables"))
    estimate = estimate_cost(facts.preconditions, facts.tables)
    connection.close()
    started = time.perf_counter()
    subprocess.run(["nautobot-server", "migrate"], check=True, capture_output=True)
    took = time.perf_counter() - started
    print(
        f"{facts.preconditions.migrations_planned} migrations, {cables} additional cables:"
        f" estimated {estimate.low:.0f} to {estimate.high:.0f} s, took {took:.0f} s:"
        f" {took / estimate.low:.1f} times the lower end"
    )


if __name__ == "__main__":
    main()
