"""Rules about the folders that the upgrade writes to."""

import pytest

from nautobot_upgrade_jobs.facts import Storage
from tests.support.builders import facts, folder

WARNING = [("warning", "MEDIA_ROOT")]


@pytest.mark.parametrize(
    ("changes", "not_writable", "low_space"),
    [
        pytest.param({}, [], [], id="writable with space"),
        pytest.param({"exists": False, "writable": False}, WARNING, [], id="missing"),
        pytest.param({"writable": False}, WARNING, [], id="not writable"),
        pytest.param({"free_bytes": 1_000_000}, [], WARNING, id="low space"),
    ],
)
def test_not_writable_and_low_space_warn_independently(
    findings_of, changes, not_writable, low_space
):
    state = facts(storage=Storage((folder(**changes),), "nautobot"))
    assert findings_of("storage.not_writable", state) == not_writable
    assert findings_of("storage.low_space", state) == low_space
