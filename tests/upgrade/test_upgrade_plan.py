"""The window of a real upgrade by its own runbook: the commands as they stand there, no others."""

import pytest

from development import dumps
from tests.support.nautobot import CLONE, this_instance
from tests.support.window import go_through, installation

pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.network,
    pytest.mark.skipif(
        (this_instance().version, this_instance().kind) != (dumps.LTM_VERSION, "apps"),
        reason="there is no newer line to go to, or there are no Apps",
    ),
]
TARGET = "3.2.7"


def test_the_runbook_leads_to_go(instance, nautobot, tmp_path):
    """With Apps of 2.4's day, which all move, too."""
    with installation(instance, tmp_path, f"{CLONE}_window") as run:
        run("nautobot-server post_upgrade; systemctl start")
        foreseen = run(
            f"nautobot-server upgrade_jobs preflight --target {TARGET} --output {tmp_path}"
        )
        assert foreseen.returncode == 0, foreseen.stdout
        verified = go_through(run, (tmp_path / "upgrade-plan.md").read_text())
        assert verified.returncode == 0, verified.stdout
