"""A rehearsal in words: where the copy came from, and where it was."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts.rehearsal import Copy
from nautobot_upgrade_jobs.report.rehearsal_text import list_facts
from tests.support.builders import rehearsal

COPY = Copy("15.4", 198, 17362, 18 << 20, 2.0)
ROWS = "17362 rows of 198 tables, 18 MiB"
SERVER = "the account rehearsal on db2:5432"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({}, f"{ROWS}, of the live database in 2.0 s", id="live"),
        pytest.param({"backup": "x.dump"}, f"{ROWS}, of the backup x.dump in 2.0 s", id="backup"),
        pytest.param(
            {"server": SERVER}, f"{ROWS}, of the live database in 2.0 s, as {SERVER}", id="named"
        ),
        pytest.param(
            {"server": SERVER, "exists_before": True},
            f"{ROWS}, which existed before, as {SERVER}",
            id="existing",
        ),
    ],
)
def test_copy_is_described_with_its_source_and_its_server(changes, text):
    assert dict(list_facts(rehearsal(copy=replace(COPY, **changes))))["Copy"] == text
