"""This repository as a Git repository of Jobs, loaded by Nautobot's own loader."""

import shutil
import sys

import pytest
from nautobot.core.utils.module_loading import import_modules_privately

from development.venvs import REPOSITORY

pytestmark = pytest.mark.lines

SLUG = "upgrade_checks"


@pytest.fixture
def loaded(tmp_path):
    """Nautobot's registry of Job classes, with the repository cloned under its slug."""
    clone = tmp_path / SLUG
    for folder in ("jobs", "nautobot_upgrade_jobs"):
        shutil.copytree(REPOSITORY / folder, clone / folder)
    shutil.copy(REPOSITORY / "__init__.py", clone)
    modules = import_modules_privately(str(tmp_path), module_path=[SLUG, "jobs"])
    assert modules, "Nautobot found no Jobs in the repository"
    yield sys.modules[f"{SLUG}.jobs"]
    for name in [name for name in sys.modules if name.partition(".")[0] == SLUG]:
        del sys.modules[name]


def test_git_repository_job_has_the_path_of_the_repository(loaded):
    assert loaded.Preflight.class_path == f"{SLUG}.jobs.Preflight"
    assert loaded.Preflight.grouping == "Upgrade"
    assert loaded.Preflight.name == "Preflight"
    assert set(loaded.Preflight._get_vars()) == {
        *("target", "requirements", "skip_build", "backup", "exclude", "only", "accept")
    }


def test_git_repository_loads_no_app_registration(loaded):
    assert f"{SLUG}.nautobot_upgrade_jobs.job_registration" not in sys.modules
    assert f"{SLUG}.nautobot_upgrade_jobs.apps" not in sys.modules


@pytest.mark.slow
def test_git_repository_preflight_runs_without_crash(loaded):
    package = sys.modules[f"{SLUG}.nautobot_upgrade_jobs.workflows.preflight"]
    report = package.run_preflight(package.RunRequest(target="3.2.7", may_build=False))
    assert report.results
    assert all(result.status.value != "crashed" for result in report.results)
