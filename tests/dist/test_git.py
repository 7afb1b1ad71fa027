"""This repository as a Git repository of Jobs and in JOBS_ROOT, without the App installed."""

import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from development.instance import Instance
from development.venvs import REPOSITORY
from tests.dist.conftest import copy_of_the_tree
from tests.dist.host import APP, Host
from tests.support.folder_server import serve_folder

SLUG = "upgrade_checks"
VERDICTS = ("go", "caution", "blocked", "incomplete", "up_to_date")
CLASSES = [
    *("CaptureSnapshot", "CompareSnapshots", "Preflight", "RehearseUpgrade"),
    *("RollbackPlanner", "VerifyMigrations"),
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """The URL of a clone of this repository."""
    folder = tmp_path_factory.mktemp("served")
    tree = copy_of_the_tree(tmp_path_factory.mktemp("committed"))
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (
        ["git", "-C", tree, "init", "-q", "--initial-branch", "main"],
        ["git", "-C", tree, "add", "--all"],
        [*git, "-C", tree, "commit", "-q", "-m", "All of it"],
        ["git", "clone", "-q", "--bare", tree, folder / "jobs.git"],
        ["git", "-C", folder / "jobs.git", "update-server-info"],
    ):
        subprocess.run(command, check=True)
    with serve_folder(folder) as address:
        yield f"{address}/jobs.git"


@pytest.fixture(scope="module", params=["2.4.44", "3.2.7"])
def without(request, tmp_path_factory):
    """A host with Nautobot and without the App."""
    folder = tmp_path_factory.mktemp(f"git-{request.param}")
    one = Host(Instance(request.param), folder, None)
    one.build()
    assert one.shell("python -c 'import nautobot_upgrade_jobs'").returncode
    yield one
    one.remove()


def jobs_of(rest, folder):
    """Return the Jobs of a folder by class; each class occurs once."""
    found = [
        one
        for one in rest.all("/api/extras/jobs/")
        if one["module_name"].startswith(folder) and one["installed"]
    ]
    assert sorted(one["job_class_name"] for one in found) == CLASSES
    assert {one["module_name"] for one in found} == {f"{folder}.jobs"}
    return {one["job_class_name"]: one for one in found}


def preflight_works(rest, job):
    """Enable Preflight and run it."""
    rest.fetch(f"/api/extras/jobs/{job['id']}/", {"enabled": True}, "PATCH")
    path = f"{job['module_name']}.{job['job_class_name']}"
    result = rest.run_job(path, {"target": "3.2.7"})
    log = rest.all(f"/api/extras/job-results/{result['id']}/logs/")
    assert result["result"]["verdict"] in VERDICTS, log
    assert not [one for one in log if "Traceback" in one["message"]]
    files = rest.files(result["id"])
    assert {name.rpartition(".")[2] for name in files} >= {"html", "json", "md"}
    if "upgrade-plan.md" in files:
        assert b"pip install nautobot-upgrade-jobs" in files["upgrade-plan.md"]
    (report,) = (json.loads(data) for name, data in files.items() if name.endswith(".json"))
    assert not [one for one in report["checks"] if one["status"] == "crashed"]
    return report


@contextmanager
def listening(one):
    """Run the example that waits for events; yield its lines when it ends."""
    program = [sys.executable, REPOSITORY / "docs" / "examples" / "listen.py"]
    lines = []
    with subprocess.Popen(program, env=one.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "listening\n"
        yield lines
        time.sleep(1)
        process.terminate()
        lines += process.stdout.read().splitlines()


def counts(report):
    severities = [one["severity"] for one in report["findings"] if not one["accepted"]]
    numbers = {name: severities.count(name) for name in ("blocker", "warning", "info")}
    return {**numbers, "accepted": len(report["findings"]) - len(severities)}


def test_git_repository_provides_jobs(without, repository):
    with without.running() as rest:
        made = rest.post(
            "/api/extras/git-repositories/",
            {
                "name": "Upgrade checks",
                "slug": SLUG,
                "remote_url": repository,
                "branch": "main",
                "provided_contents": ["extras.job"],
            },
        )
        started = rest.post(f"/api/extras/git-repositories/{made['id']}/sync/", {})
        log = list(rest.follow_job(started["job_result"]["id"]))
        assert not [one for one in log if one["log_level"] in ("error", "failure", "critical")]
        found = jobs_of(rest, SLUG)
        assert {one["grouping"] for one in found.values()} == {"Upgrade"}
        with listening(without) as lines:
            report = preflight_works(rest, found["Preflight"])
        assert lines[0] == f"Preflight: {report['verdict'].upper()} {counts(report)}"
        causes = {(one["severity"], one["check"]) for one in report["findings"]}
        warnings = sum(severity == "warning" for severity, _ in causes)
        blockers = sum(severity == "blocker" for severity, _ in causes)
        assert len(lines) == 1 + blockers + min(5, warnings)
        status = rest.get("/api/status/")
        assert APP not in status.get("nautobot-apps", {})


def test_jobs_root_folder_provides_jobs(without, tree):
    folder = without.folder / "root" / "jobs" / "upgrade_folder"
    for name in ("jobs", APP):
        shutil.copytree(tree / name, folder / name)
    shutil.copy(tree / "__init__.py", folder)
    without.must("nautobot-server post_upgrade")
    with without.running() as rest:
        found = jobs_of(rest, folder.name)
        preflight_works(rest, found["Preflight"])
