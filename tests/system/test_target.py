"""The target, built and started next to a running Nautobot without any effect on it."""

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django_redis import get_redis_connection

from development import dumps
from nautobot_upgrade_jobs.target.scratch_dir import PREFIX
from tests.support.nautobot import rows_of_every_table, this_instance
from tests.support.planted_apps import app

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(
        this_instance().version != dumps.LTM_VERSION, reason="there is no newer line to go to"
    ),
]
TARGET = "3.2.7"


@pytest.fixture
def apps(tmp_path):
    """Three Apps that work now; two of them fail in the target."""
    folder = tmp_path / "apps"
    folder.mkdir()
    names = [
        app(folder, "planted_removed", models="from nautobot.apps.models import StatusModel\n"),
        app(folder, "planted_limit", extra='max_version = "2.99.99"'),
        app(folder, "planted_fine", models="from nautobot.apps.models import PrimaryModel\n"),
    ]
    return {"PYTHONPATH": str(folder), "STACK_APPS": ",".join(names)}


def words(*more):
    return ["nautobot-server", "upgrade_jobs", "preflight", "--target", TARGET, *more]


@pytest.fixture
def preflight(clone, tmp_path):
    """Return a function that runs Preflight on a private database and returns its report."""

    def run(*more, **environment):
        with clone("sample") as name:
            done = subprocess.run(
                words("--output", str(tmp_path), *more),
                env=os.environ | {"NAUTOBOT_DB_NAME": name} | environment,
                capture_output=True,
                text=True,
                check=False,
            )
        paths = list(tmp_path.glob("preflight-*.json"))
        assert paths, done.stdout + done.stderr
        return json.loads(paths[0].read_text())

    return run


def keys(report, topic="trial_boot"):
    """Return the findings of a topic that ask for an action."""
    return {
        one["key"]
        for one in report["findings"]
        if one["check"].startswith(f"{topic}.") and one["severity"] != "info"
    }


@pytest.mark.lines
@pytest.mark.slow
def test_trial_boot_names_apps_that_fail_to_load_and_checks_the_rest(preflight, apps):
    report = preflight(**apps)
    assert keys(report) == {
        "trial_boot.app_fails_to_load:planted_limit",
        "trial_boot.app_fails_to_load:planted_removed",
    }
    assert not {one["check"] for one in report["not_checked"]} & {
        "trial_boot.new_system_check_messages"
    }
    assert len(report["migrations"]) > 50
    text = json.dumps(report)
    assert "cannot import name 'StatusModel'" in text
    assert "planted_removed/models.py, line 1" in text
    notes = {(one["distribution"], one["release"], one["kind"]) for one in report["release_notes"]}
    assert {("nautobot", "3.0", "action"), ("nautobot", "3.2.0", "breaking")} <= notes
    assert keys(report, "preconditions") <= {
        "preconditions.migration_cost:migrations",
        "preconditions.dropped_values:columns",
    }


@pytest.mark.lines
@pytest.mark.slow
def test_trial_boot_refused_configuration_names_the_file(preflight, tmp_path):
    config = tmp_path / "nautobot_config.py"
    removed = "from nautobot.core.settings_funcs import setup_structlog_logging\n"
    config.write_text(f"{Path(settings.SETTINGS_PATH).read_text()}\n{removed}setup_gone()\n")
    with pytest.raises(AssertionError, match="setup_gone"):
        preflight(NAUTOBOT_CONFIG=str(config))  # the current Nautobot refuses it, too
    line = "import nautobot\nassert nautobot.__version__.startswith('2.'), 'not ready for it'\n"
    config.write_text(f"{Path(settings.SETTINGS_PATH).read_text()}\n{line}")
    report = preflight(NAUTOBOT_CONFIG=str(config))
    assert keys(report) == {"trial_boot.fails_to_start:nautobot_config.py"}
    assert "not ready for it" in json.dumps(report)


@pytest.mark.lines
@pytest.mark.slow
def test_job_file_that_ends_its_process_hides_no_other_fact(preflight, tmp_path):
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "ends_the_process.py").write_text("import os\nos._exit(7)\n")
    report = preflight(NAUTOBOT_JOBS_ROOT=str(jobs))
    reasons = [one["reason"] for one in report["not_checked"]]
    assert "its process ended too early, with exit code 7" in " ".join(reasons)
    assert len(report["migrations"]) > 50
    assert not keys(report)


def everything_live():
    """Yield the name and a digest of everything that a start could change."""
    redis = get_redis_connection("default")
    for key in redis.scan_iter():
        redis.persist(key)  # otherwise an expiring key would look like a change
        yield key, redis.dump(key)
    for name in ("NAUTOBOT_ROOT", "MEDIA_ROOT", "STATIC_ROOT", "JOBS_ROOT", "GIT_ROOT"):
        yield from _files(Path(getattr(settings, name)))
    with connection.cursor() as cursor:
        for table, rows in rows_of_every_table(cursor).items():
            yield table, hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _files(root):
    for path in root.rglob("*"):
        if path.is_file() and path.suffix != ".log" and "heartbeat" not in path.name:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            yield str(path), (path.stat().st_mtime_ns, content)


@pytest.fixture
def empty_cache():
    redis = get_redis_connection("default")
    redis.flushdb()
    yield
    redis.flushdb()


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.slow
def test_trial_boot_finished_or_killed_changes_nothing_live(clone, tmp_path):
    whole, cut_short = tmp_path / "whole", tmp_path / "cut_short"
    with clone("sample") as name:
        environment = os.environ | {"NAUTOBOT_DB_NAME": name, "STACK_WORK": ""}
        # Nautobot itself caches what it reads at its first start.
        subprocess.run(words("--no-build"), env=environment, stdout=subprocess.DEVNULL, check=False)
        before = set(everything_live())
        whole.mkdir()
        quiet = {"stdout": subprocess.DEVNULL, "check": False}
        subprocess.run(words(), env=environment | {"TMPDIR": str(whole)}, **quiet)
        assert list(whole.iterdir()) == []
        assert set(everything_live()) == before
        cut_short.mkdir()
        environment["TMPDIR"] = str(cut_short)
        with subprocess.Popen(words(), env=environment, stdout=subprocess.DEVNULL) as run:
            _wait_for_the_target(cut_short)
            run.send_signal(signal.SIGKILL)
        _wait_until_no_process_is_in(cut_short)
        assert set(everything_live()) == before


def _wait_for_the_target(work):
    deadline = time.monotonic() + 120
    while not list(work.glob(f"{PREFIX}*/target/code")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(4)  # it has its configuration, and starts its Apps


def _wait_until_no_process_is_in(work):
    """The children of a killed process may still run to their end."""
    deadline = time.monotonic() + 120
    while any(_is_in(work, pid) for pid in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _is_in(work, process):
    try:
        return Path(os.readlink(process / "cwd")).is_relative_to(work)
    except OSError:
        return False
