"""A real upgrade, work on it, and the way back by the planner's own script; then the comparison."""

import json
import shutil

import pytest

from development import dumps
from tests.support.nautobot import CLONE, this_instance
from tests.support.window import go_through, installation

pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.network,
    pytest.mark.skipif(
        (this_instance().version, this_instance().evidence_source)
        != (dumps.LTM_VERSION, "postgresql"),
        reason="the window of another line",
    ),
]
TARGET = "3.2.7"
WORK = """
from nautobot.dcim.models import Manufacturer
from nautobot.extras.context_managers import web_request_context
from nautobot.users.models import User
with web_request_context(User.objects.get(username="admin")):
    for number in range(3):
        Manufacturer.objects.create(name=f"Since {number}")
    Manufacturer.objects.exclude(name__startswith="Since").first().save()
"""


def test_the_script_leads_back_to_what_was(instance, nautobot, tmp_path):
    """The upgrade has moved the ends of cables, so only the backup leads back."""
    with installation(instance, tmp_path, f"{CLONE}_back") as run:
        run("nautobot-server post_upgrade; systemctl start")
        run(f"nautobot-server upgrade_jobs preflight --target {TARGET} --output {tmp_path}")
        verified = go_through(run, (tmp_path / "upgrade-plan.md").read_text())
        assert verified.returncode == 0, verified.stdout
        (tmp_path / "work.py").write_text(WORK)
        worked = run("nautobot-server shell < work.py")
        assert worked.returncode == 0, worked.stdout

        snapshot = next((tmp_path / "before-upgrade").glob("snapshot-*.json.gz"))
        planned = run(f"nautobot-server upgrade_jobs rollback --to {snapshot} --output {tmp_path}")
        assert planned.returncode == 2, planned.stdout  # nothing proves yet that there is a backup
        (report,) = tmp_path.glob("rollback-*.json")
        ways = json.loads(report.read_text())["ways"]
        assert (ways["stage"], ways["advised"]) == ("complete", "restore")
        (foretold,) = tmp_path.glob("preflight-*.json")
        assert emptied(ways) == emptied(json.loads(foretold.read_text())["ways"])
        lost = {
            (one["subject"], one["says"]): one["number"]
            for way in ways["ways"]
            for one in way["losses"]
            if one["kind"] == "written since"
        }
        assert lost == {
            ("dcim.manufacturer", "create"): 3,
            ("dcim.manufacturer", "update"): 1,
        }

        words = f"rollback --to {snapshot} --backup before-upgrade.postgresql --output proven"
        planned = run(f"nautobot-server upgrade_jobs {words}")
        assert planned.returncode == 0, planned.stdout  # it costs what was written since
        (script,) = (tmp_path / "proven").glob("rollback-*.sh")
        for name in tmp_path.glob("before-upgrade*.*"):
            shutil.copy(name, script.parent)
        went = run(f"bash {script} --yes")
        assert "Everything is done." in went.stdout, went.stdout
        compared = run(f"nautobot-server upgrade_jobs compare {snapshot}")
        assert compared.returncode == 0, compared.stdout
        assert "GO" in compared.stdout, compared.stdout


def emptied(ways):
    """What reversing would bring back empty, and where it would stop."""
    (reverse,) = (one for one in ways["ways"] if one["kind"] == "reverse")
    lost = {
        (one["subject"], one["number"], one["cause"])
        for one in reverse["losses"]
        if one["kind"] == "comes back empty"
    }
    return lost, reverse["stops_at"], reverse["no_return"]
