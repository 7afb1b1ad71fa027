"""A real upgrade by the commands of its own upgrade plan, and no others."""

import pytest

from development import dumps
from tests.support.nautobot import CLONE, this_instance
from tests.support.window import go_through, installation

pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.network,
    pytest.mark.skipif(
        (this_instance().version, this_instance().kind) != (dumps.LTM_VERSION, "apps"),
        reason="needs the LTM release with Apps",
    ),
]
TARGET = "3.2.7"


def test_upgrade_plan_commands_lead_to_go(instance, nautobot, tmp_path):
    """With Apps for 2.4, which all change their version, too."""
    with installation(instance, tmp_path, f"{CLONE}_window") as run:
        run("nautobot-server post_upgrade; systemctl start")
        preflight = run(
            f"nautobot-server upgrade_jobs preflight --target {TARGET} --output {tmp_path}"
        )
        assert preflight.returncode == 0, preflight.stdout
        verified = go_through(run, (tmp_path / "upgrade-plan.md").read_text())
        assert verified.returncode == 0, verified.stdout
