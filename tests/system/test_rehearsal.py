"""Rehearse Upgrade from a shell: what it proves, and where it stops."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from django.conf import settings
from django_redis import get_redis_connection

from nautobot_upgrade_jobs.report.formats.json import load_schema

pytestmark = [pytest.mark.once, pytest.mark.lines, pytest.mark.network]


def rehearse(config, *words, database):
    return run("rehearse", config, *words, database=database)


def run(job, config, *words, database):
    command = [sys.executable, "-m", "nautobot_upgrade_jobs", job, "--config", config]
    return subprocess.run(
        [*command, "--python", sys.executable, "--format", "json", *words],
        env={**os.environ, "NAUTOBOT_DB_NAME": database},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.fixture
def place():
    """A folder for copies that the account of their server can enter."""
    folder = Path("/var/tmp") / f"rehearsal-shell-{os.getpid()}"
    folder.mkdir(mode=0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_rehearsal_from_a_shell_stops_at_a_planted_row(instance, place):
    """A ScheduledJob that awaits approval stops the third migration, as nothing but data shows."""
    name = "rehearsal_planted"
    instance.server().clone("nautobot", name)
    try:
        instance.server().sql(
            "UPDATE extras_scheduledjob SET approval_required = true, enabled = false "
            "WHERE id = (SELECT id FROM extras_scheduledjob LIMIT 1)",
            database=name,
        )
        words = ["--target", "3.2.7", "--directory", str(place)]
        done = rehearse(os.environ["NAUTOBOT_CONFIG"], *words, database=name)
        assert done.returncode == 2, done.stderr
        assert list(place.iterdir()) == []
        document = json.loads(done.stdout)
        (found,) = [
            each for each in document["findings"] if each["check"] == "rehearsal.migrate_fails"
        ]
        assert found["subject"] == "extras.0126_approval_workflow_pre_check"
        committed = document["rehearsal"]["forward"]["migrations"]
        assert f"{len(committed)} of" in found["message"]
        assert document["rehearsal"]["restore"]["differences"] == []
    finally:
        instance.server().drop(name)


def test_rehearsal_of_a_database_that_cannot_be_reached_is_incomplete():
    done = rehearse(
        os.environ["NAUTOBOT_CONFIG"], "--target", "3.2.7", "--no-rollback", database="no_such_one"
    )
    assert done.returncode == 3, done.stderr
    (reason,) = {each["reason"] for each in json.loads(done.stdout)["not_checked"]}
    assert 'database "no_such_one" does not exist' in reason


@pytest.mark.slow
def test_rehearsal_proves_the_upgrade_and_changes_nothing(instance, tmp_path):
    before = read_rows(instance, "nautobot"), read_files(), read_redis()
    config = os.environ["NAUTOBOT_CONFIG"]
    options = ("--window", "30m", "--output", str(tmp_path))
    done = rehearse(config, "--target", "3.2.7", *options, database="nautobot")
    assert (read_rows(instance, "nautobot"), read_files(), read_redis()) == before
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, load_schema())
    # Cables keep this upgrade from being reversed, so the report warns.
    assert document["verdict"] in ("go", "caution")
    assert document["not_checked"] == []
    found = document["rehearsal"]
    assert [each["migration"] for each in found["forward"]["migrations"]] == found["planned"]
    assert found["restore"]["differences"] == []
    assert found["pages"]["opened"] > 300
    assert found["pages"]["failures"] == []
    assert found["pages"]["left_out"] == 0
    assert {each["name"] for each in found["stages"] if each["problem"]} == set()
    require_evidence(instance, tmp_path, found["forward"]["seconds"])


def require_evidence(instance, folder, seconds):
    """Require that Preflight uses the rehearsal, and not after the data has changed."""
    valid = preflight(folder, "nautobot")
    assert "The upgrade has been proven by the rehearsal" in valid["rehearsed.outcome"]["message"]
    assert f"Measured: {seconds:.0f} s" in valid["preconditions.migration_cost"]["evidence"][0]
    assert "data_migrations.unrehearsed_code" not in valid
    name = "rehearsal_grown"
    instance.server().clone("nautobot", name)
    try:
        instance.server().sql(
            "INSERT INTO constance_constance (key, value) SELECT md5(n::text), 'null' "
            "FROM generate_series(1, 6000) n",
            database=name,
        )
        stale = preflight(folder, name)
    finally:
        instance.server().drop(name)
    assert "is stale" in stale["rehearsed.outcome"]["message"]
    assert "constance_constance" in stale["rehearsed.outcome"]["evidence"][0]
    assert "data_migrations.unrehearsed_code" in stale


def preflight(folder, database):
    """Return the findings of Preflight, by check."""
    words = ("--target", "3.2.7", "--rehearsed", str(folder))
    done = run("preflight", os.environ["NAUTOBOT_CONFIG"], *words, database=database)
    return {each["check"]: each for each in json.loads(done.stdout)["findings"]}


def read_files():
    """Return the content and the time of each live file of Nautobot."""
    folders = {Path(settings.NAUTOBOT_ROOT), Path(settings.MEDIA_ROOT), Path(settings.STATIC_ROOT)}
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, hash(path.read_bytes())) for path in files}


def read_redis():
    """Return what Redis contains, except what workers and the web process write by themselves."""
    redis = get_redis_connection("default")
    keys = sorted(key.decode() for key in redis.scan_iter("*"))
    return [key for key in keys if not key.startswith(("_kombu", "unacked", "celery"))]


def read_rows(instance, name):
    """Return a digest of each table of a live database, except what its own services write."""
    stack, digests = instance.server(), {}
    names = stack.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name)
    written = {"constance_constance", "django_celery_beat_periodictasks", "django_session"}
    for table in {*names.split()} - written:
        digests[table] = stack.sql(
            f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t",
            database=name,
        )
    return digests
