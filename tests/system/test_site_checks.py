"""The example package of the documentation: its check in reports, and its crash."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.support.command import run_command, run_server

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "site_checks"
MODULE = "acme_upgrade_checks"

pytestmark = [pytest.mark.once, pytest.mark.slow]


@pytest.fixture
def site(tmp_path):
    """The example as pip would install it."""
    shutil.copy(EXAMPLE / f"{MODULE}.py", tmp_path)
    info = tmp_path / f"{MODULE}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-upgrade-checks\nVersion: 1\n")
    line = next(
        line for line in (EXAMPLE / "pyproject.toml").read_text().splitlines() if MODULE in line
    )
    (info / "entry_points.txt").write_text(
        f"[nautobot_upgrade_jobs.checks]\n{line.replace(chr(34), '')}\n"
    )
    return tmp_path


def preflight(site, database, *words):
    words = ("preflight", "--no-build", *words)
    return run_command(*words, NAUTOBOT_DB_NAME=database, PYTHONPATH=str(site))


def page_of_checks(site, database):
    """The page Checks, as a process with the package shows it."""
    code = (
        "from django.test import Client; from nautobot.users.models import User; "
        "client = Client(SERVER_NAME='localhost'); "
        "client.force_login(User.objects.get(username='admin')); "
        "print(client.get('/plugins/upgrade-jobs/checks/').content.decode())"
    )
    environment = {"NAUTOBOT_DB_NAME": database, "PYTHONPATH": str(site)}
    return run_server("nbshell", "--command", code, **environment).stdout


def test_rows_of_the_example_are_in_the_catalog(site, clone):
    """A removed setting of the operator's own App is found like one of Nautobot."""
    with clone("pristine") as name:
        config = site / "nautobot_config.py"
        config.write_text(f"{Path(os.environ['NAUTOBOT_CONFIG']).read_text()}\nACME_PORTAL = 1\n")
        words = ("preflight", "--no-build", "--target", "3.2.7", "--format", "json")
        done = run_command(
            *words, NAUTOBOT_DB_NAME=name, PYTHONPATH=str(site), NAUTOBOT_CONFIG=str(config)
        )
    keys = {one["key"] for one in json.loads(done.stdout)["findings"]}
    assert "settings.removed:ACME_PORTAL" in keys


def test_check_of_the_example_appears_in_report_page_and_junit(site, clone):
    with clone("sample") as name:
        document = json.loads(preflight(site, name, "--format", "json").stdout)
        junit = preflight(site, name, "--format", "junit").stdout
        summary = page_of_checks(site, name)
    (entry,) = [one for one in document["checks"] if one["check"] == "acme.change_freeze"]
    assert entry["status"] == "passed"
    assert "acme.change_freeze" in summary
    assert "acme.change_freeze" in junit


def test_finding_of_the_example_blocks(site, clone):
    from nautobot.extras.models import Tag

    with clone("sample") as name:
        Tag.objects.create(name="change-freeze")
        document = json.loads(preflight(site, name, "--format", "json").stdout)
    assert "acme.change_freeze:change-freeze" in {one["key"] for one in document["findings"]}
    assert document["verdict"] == "blocked"


def test_crash_of_the_example_is_reported_and_ends_no_run(site, clone):
    path = site / f"{MODULE}.py"
    path.write_text(path.read_text().replace("if freeze.is_active:", "if freeze.missing:"))
    with clone("pristine") as name:
        done = preflight(site, name, "--format", "json")
    document = json.loads(done.stdout)
    (entry,) = [one for one in document["not_checked"] if one["check"] == "acme.change_freeze"]
    assert "missing" in entry["reason"]
    assert document["verdict"] == "incomplete"
