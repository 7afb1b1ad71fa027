"""Upgrade and rollback of each layout by the generated scripts, with real services."""

import json
import shutil

import pytest

from development import dumps
from tests.support.deployed import CODE_ONLY, KINDS, TARGET, deployed
from tests.support.nautobot import CLONE, this_instance

pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.network,
    pytest.mark.skipif(
        this_instance().name not in (f"{dumps.LTM_VERSION}-postgresql", f"{CODE_ONLY}-postgresql"),
        reason="needs the LTM release, or the release before it, on PostgreSQL",
    ),
]
WORK = """
from nautobot.dcim.models import Manufacturer
Manufacturer.objects.create(name="Since the upgrade")
"""


@pytest.mark.skipif(this_instance().version != CODE_ONLY, reason="the upgrade has migrations")
@pytest.mark.parametrize(
    ("layout", "in_turn"),
    [("release link", True), ("compose", True), ("kubernetes", True), ("virtualenv", False)],
)
def test_script_without_migrations_restarts_in_turn(layout, in_turn, instance, nautobot, tmp_path):
    with deployed(KINDS[layout], instance, tmp_path, f"{CLONE}_deployed") as here:
        plan(here, f"preflight --target {TARGET}", tmp_path)
        report = json.loads(next(tmp_path.glob("preflight-*.json")).read_text())
        assert report["downtime"]["class"] == "code only"
        upgrade(here)
        log = (tmp_path / "upgrade.sh.log").read_text()
        assert ("Stop web, workers and beat" not in log) is in_turn
        assert here.web_release() == TARGET


@pytest.mark.skipif(this_instance().version == CODE_ONLY, reason="the upgrade has no migration")
@pytest.mark.parametrize("layout", KINDS)
def test_scripts_upgrade_and_roll_back(layout, instance, nautobot, tmp_path):
    with deployed(KINDS[layout], instance, tmp_path, f"{CLONE}_deployed") as here:
        assert here.web_release() == instance.version
        plan(here, f"preflight --target {TARGET}", tmp_path)
        report = json.loads(next(tmp_path.glob("preflight-*.json")).read_text())
        assert known(report)["layout"] == [layout]

        upgrade(here)
        assert here.web_release() == TARGET
        (tmp_path / "work.py").write_text(WORK)
        here.nautobot(f"nautobot-server shell < {tmp_path}/work.py")
        (snapshot,) = (tmp_path / "before-upgrade").glob("snapshot-*.json.gz")
        roll_back(here, snapshot)
        assert here.web_release() == instance.version
        compared = here.nautobot(f"nautobot-server upgrade_jobs compare {snapshot}")
        assert "GO" in compared


def plan(here, words, folder):
    here.nautobot(f"nautobot-server upgrade_jobs {words} --output {folder}", check=False)


def known(report):
    return {part["name"]: part["values"] for part in report["deployment"]}


def upgrade(here):
    """Run the script. The App is on no index, so the operator installs it into new code."""
    if here.builds_before:
        here.install_app()
    output = here.shell("bash upgrade.sh --yes", check=False, TARGET_IMAGE=here.image(TARGET))
    if not here.keeps_app:
        assert "STOPPED: step" in output, output
        here.install_app()
        output = here.shell("bash upgrade.sh --yes", check=False)
    assert "All steps are complete." in output, output


def roll_back(here, snapshot):
    words = f"rollback --to {snapshot} --backup {here.folder}/before-upgrade.postgresql"
    plan(here, words, here.folder / "rollback")
    (script,) = (here.folder / "rollback").glob("rollback-*.sh")
    folder = here.folder if here.in_project else script.parent
    shutil.copy(snapshot, here.folder / "rollback")
    for name in here.folder.glob("before-upgrade*.*"):
        shutil.copy(name, script.parent)
    if folder != script.parent:
        for name in script.parent.iterdir():
            shutil.copy(name, folder)
    old = {"OLD_RELEASE": str(here.folder / "opt" / f"nautobot-{here.instance.version}")}
    done = here.shell(f"bash {folder}/{script.name} --yes", check=False, **old)
    assert "All steps are complete." in done, done
