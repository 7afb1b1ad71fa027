"""A real upgrade, work on it, the rollback by the planner's own script, and the comparison."""

import json
import shutil

import pytest

from development import dumps
from tests.support.nautobot import CLONE, this_instance
from tests.support.rollback_terms import (
    RESTORE_BACKUP,
    RESTORED_EMPTY,
    REVERSE_MIGRATIONS,
    WRITTEN_SINCE,
)
from tests.support.window import go_through, installation

pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.network,
    pytest.mark.skipif(
        (this_instance().version, this_instance().engine) != (dumps.LTM_VERSION, "postgresql"),
        reason="needs the LTM release on PostgreSQL",
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


def test_rollback_script_restores_the_previous_state(instance, nautobot, tmp_path):
    """The upgrade moved the ends of cables, so only the backup restores the state."""
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
        assert planned.returncode == 2, planned.stdout  # the backup is unproven
        (report,) = tmp_path.glob("rollback-*.json")
        rollback = json.loads(report.read_text())["rollback"]
        assert (rollback["state"], rollback["recommended"]) == ("complete", RESTORE_BACKUP)
        (preflight,) = tmp_path.glob("preflight-*.json")
        assert emptied(rollback) == emptied(json.loads(preflight.read_text())["rollback"])
        lost = {
            (one["subject"], one["description"]): one["count"]
            for option in rollback["options"]
            for one in option["losses"]
            if one["kind"] == WRITTEN_SINCE
        }
        assert lost == {
            ("dcim.manufacturer", "create"): 3,
            ("dcim.manufacturer", "update"): 1,
        }

        words = f"rollback --to {snapshot} --backup before-upgrade.postgresql --output proven"
        planned = run(f"nautobot-server upgrade_jobs {words}")
        assert planned.returncode == 0, (
            planned.stdout
        )  # the verdict is CAUTION: later changes are lost
        (script,) = (tmp_path / "proven").glob("rollback-*.sh")
        for name in tmp_path.glob("before-upgrade*.*"):
            shutil.copy(name, script.parent)
        done = run(f"bash {script} --yes")
        assert "All steps are complete." in done.stdout, done.stdout
        compared = run(f"nautobot-server upgrade_jobs compare {snapshot}")
        assert compared.returncode == 0, compared.stdout
        assert "GO" in compared.stdout, compared.stdout


def emptied(rollback):
    """Return what reversing would restore empty, and where it would fail."""
    (reverse,) = (one for one in rollback["options"] if one["kind"] == REVERSE_MIGRATIONS)
    lost = {
        (one["subject"], one["count"], one["cause"])
        for one in reverse["losses"]
        if one["kind"] == RESTORED_EMPTY
    }
    return lost, reverse["fails_at"], reverse["point_of_no_return"]
