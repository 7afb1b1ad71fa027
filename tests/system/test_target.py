"""The release to come, built and started beside a running one, which does not notice."""

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
    """Three that work today; two of them only today."""
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
def foresee(clone, tmp_path):
    """Preflight from the shell on a private database; its report."""

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


def keys(report, topic="booted"):
    return {one["key"] for one in report["findings"] if one["check"].startswith(f"{topic}.")}


@pytest.mark.lines
def test_every_app_that_does_not_load_is_named_and_the_rest_is_looked_at(foresee, apps):
    report = foresee(**apps)
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
    notes = {(one["distribution"], one["release"], one["kind"]) for one in report["notes"]}
    assert {("nautobot", "3.0", "action"), ("nautobot", "3.2.0", "breaking")} <= notes
    assert keys(report, "demands") <= {
        "preconditions.migration_cost:migrations",
        "preconditions.dropped_values:columns",
    }


@pytest.mark.lines
def test_a_configuration_that_the_target_refuses_is_told_by_its_line(foresee, tmp_path):
    config = tmp_path / "nautobot_config.py"
    removed = "from nautobot.core.settings_funcs import setup_structlog_logging\n"
    config.write_text(f"{Path(settings.SETTINGS_PATH).read_text()}\n{removed}setup_gone()\n")
    with pytest.raises(AssertionError, match="setup_gone"):
        foresee(NAUTOBOT_CONFIG=str(config))  # today's Nautobot refuses it, too
    line = "import nautobot\nassert nautobot.__version__.startswith('2.'), 'not ready for it'\n"
    config.write_text(f"{Path(settings.SETTINGS_PATH).read_text()}\n{line}")
    report = foresee(NAUTOBOT_CONFIG=str(config))
    assert keys(report) == {"trial_boot.fails_to_start:nautobot_config.py"}
    assert "not ready for it" in json.dumps(report)


def everything_live():
    """A digest of each thing that a start could touch, by its name."""
    redis = get_redis_connection("default")
    for key in redis.scan_iter():
        redis.persist(key)  # what ends by itself in the meantime is not a change
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
@pytest.mark.parametrize("killed", [False, True])
def test_nothing_live_changes_by_a_byte(clone, tmp_path, killed):
    work = tmp_path / "work"
    with clone("sample") as name:
        environment = os.environ | {"NAUTOBOT_DB_NAME": name, "TMPDIR": str(work)}
        work.mkdir()
        # Nautobot itself caches what it reads at its first start.
        subprocess.run(words("--no-build"), env=environment, stdout=subprocess.DEVNULL, check=False)
        before = set(everything_live())
        with subprocess.Popen(words(), env=environment, stdout=subprocess.DEVNULL) as run:
            if killed:
                _wait_for_the_target(work)
                run.send_signal(signal.SIGKILL)
        if killed:
            _wait_until_nobody_is_in(work)
        else:
            assert list(work.iterdir()) == []
        assert set(everything_live()) == before


def _wait_for_the_target(work):
    deadline = time.monotonic() + 120
    while not list(work.glob(f"{PREFIX}*/target/code")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(4)  # it has its configuration, and starts its Apps


def _wait_until_nobody_is_in(work):
    """A process that nobody waits for any more may still come to its end."""
    deadline = time.monotonic() + 120
    while any(_is_in(work, pid) for pid in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _is_in(work, process):
    try:
        return Path(os.readlink(process / "cwd")).is_relative_to(work)
    except OSError:
        return False
