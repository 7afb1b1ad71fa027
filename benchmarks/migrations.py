"""Compare Preflight's estimate for an upgrade from 2.4.44 with the upgrade itself.

It uses a copy of the sample with additional cables. Run it in the instance of 3.2.7 while that of
2.4.44 is up.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator

from development import dumps
from development.instance import Instance

from .figures import Figure

DATABASE = "bench_upgrade"
CABLES = 10_000
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


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Fill a database of 2.4.44, estimate, and migrate. Yield the estimate."""
    from django.db import connection

    cables = CABLES // 10 if is_short else CABLES
    instance = Instance(os.environ["STACK_VERSION"], "postgresql", "")
    server = instance.server()
    server.restore(dumps.find_ltm_dump(instance), DATABASE)
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = DATABASE
    try:
        yield estimate_and_migrate(cables)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        server.drop(DATABASE)


def estimate_and_migrate(cables: int) -> Figure:
    """Measure on the database of the connection."""
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
    environment = os.environ | {"NAUTOBOT_DB_NAME": DATABASE}
    started = time.perf_counter()
    subprocess.run(["nautobot-server", "migrate"], env=environment, check=True, capture_output=True)
    took = time.perf_counter() - started
    name = f"lower estimate, {facts.preconditions.migrations_planned} migrations, {cables} cables"
    return Figure(name, estimate.low, "migrate", took, 1.5)
