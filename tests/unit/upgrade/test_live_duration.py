"""The live upgrade takes at least the CPU time, and not much longer than the rehearsal."""

import pytest

from nautobot_upgrade_jobs.upgrade.live_duration import estimate_live_duration
from tests.support.builders import migrate_run, migration_run


@pytest.mark.parametrize(
    ("migrations", "seconds", "low", "high"),
    [
        pytest.param([(40.0, 39.0)], 47.0, 43.9, 70.5, id="quiet host"),
        pytest.param([(90.0, 39.0)], 104.0, 48.8, 156.0, id="busy host: only the upper end rises"),
        pytest.param([(2.0, 2.6)], 2.0, 2.0, 3.0, id="more CPU time than time: two threads"),
        pytest.param([], 5.0, 3.5, 7.5, id="no migration"),
    ],
)
def test_estimate_live_duration_has_cpu_time_as_lower_bound(migrations, seconds, low, high):
    runs = [migration_run(seconds=wall, cpu_seconds=cpu) for wall, cpu in migrations]
    duration = estimate_live_duration(migrate_run(*runs, seconds=seconds))
    assert (round(duration.low, 1), round(duration.high, 1)) == (low, high)
