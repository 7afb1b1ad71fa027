"""Snapshot, Verify and rollback from outside, with the installation's own interpreter."""

import json
import os
import subprocess
import sys

import pytest

from nautobot_upgrade_jobs.workflows.snapshot_store import newest_snapshot

CONFIG = os.environ.get("NAUTOBOT_CONFIG", "")


@pytest.fixture
def database(instance, healthy):
    """A private clone of the healthy database, which the commands read."""
    name = f"test_{os.getpid()}_outside"
    instance.server().clone(healthy, name)
    yield name
    instance.server().drop(name)


def run(database, *words, code=0, **variables):
    """Run a command from outside, which must end with an exit code. Return its output."""
    done = subprocess.run(
        [sys.executable, "-m", "nautobot_upgrade_jobs", *map(str, words)],
        env={**os.environ, "NAUTOBOT_DB_NAME": database, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert code in (None, done.returncode), done.stdout + done.stderr
    return done.stdout if code != 1 else done.stderr


def installation():
    return ("--config", CONFIG, "--python", sys.executable)


def verify(database, *words, code=3):
    """The JSON report. The verdict is never GO, because nothing is known of the services."""
    return json.loads(
        run(database, "verify", *installation(), "--format", "json", *words, code=code)
    )


def snapshot(database, folder):
    run(database, "snapshot", *installation(), "--output", folder)
    return newest_snapshot(folder)


def found_in(report):
    return {one["key"] for one in report["findings"]}


def test_verify_of_a_healthy_database_finds_nothing_and_names_what_it_cannot_know(
    database, tmp_path
):
    before = snapshot(database, tmp_path)
    report = verify(database, "--before", before)
    assert report["findings"] == []
    reasons = {one["check"]: one["reason"] for one in report["not_checked"]}
    assert "installed release" in reasons["workers.none_responding"]
    unknown = {name.partition(".")[0] for name in reasons}
    known = {"migrations", "schema", "fingerprints", "derived_state", "filter_results", "database"}
    assert not unknown & known


FAULTS = {
    "schema.drift": "ALTER TABLE extras_note DROP COLUMN note",
    "migrations.unapplied": "DELETE FROM django_migrations WHERE app = 'extras' "
    "AND name = (SELECT m FROM (SELECT max(name) m FROM django_migrations WHERE app = 'extras') q)",
}


@pytest.mark.parametrize("check", FAULTS)
def test_verify_finds_an_incomplete_upgrade(instance, database, check):
    instance.server().sql(FAULTS[check], database=database)
    report = verify(database, code=2)
    assert check in {one["check"] for one in report["findings"]}


@pytest.mark.once
@pytest.mark.newest
def test_verify_finds_lost_rows(instance, database, tmp_path):
    before = snapshot(database, tmp_path)
    instance.server().sql("DELETE FROM extras_taggeditem", database=database)
    report = verify(database, "--before", before, code=2)
    assert "fingerprints.changes:extras_taggeditem" in found_in(report)


def test_verify_of_an_installation_that_does_not_start_says_why(database, tmp_path):
    config = tmp_path / "nautobot_config.py"
    config.write_text(f"exec(open({CONFIG!r}).read())\nPLUGINS = ['not_installed_app']\n")
    words = ("verify", "--config", config, "--python", sys.executable, "--format", "json")
    report = json.loads(run(database, *words, code=3))
    reasons = {one["check"]: one["reason"] for one in report["not_checked"]}
    assert "not_installed_app" in reasons["migrations.unapplied"]


@pytest.fixture
def other_key(tmp_path):
    """A configuration with another SECRET_KEY."""
    config = tmp_path / "other" / "nautobot_config.py"
    config.parent.mkdir()
    config.write_text(f"exec(open({CONFIG!r}).read())\nSECRET_KEY = 'another' * 9\n")
    return config


@pytest.mark.once
@pytest.mark.newest
@pytest.mark.parametrize("command", [("verify", "--before"), ("rollback", "--to")])
def test_snapshot_of_another_key_is_refused(database, tmp_path, other_key, command):
    before = snapshot(database, tmp_path / "before")
    name, option = command
    words = (name, "--config", other_key, "--python", sys.executable, option, before)
    assert "another SECRET_KEY" in run(database, *words, code=1)


@pytest.mark.once
def test_rollback_of_a_database_that_lacks_older_migrations_is_no_reinstallation(
    instance, database, tmp_path
):
    before = snapshot(database, tmp_path)
    statement = "DELETE FROM django_migrations WHERE app = 'extras' AND name >= '0100'"
    instance.server().sql(statement, database=database)
    words = ("rollback", *installation(), "--to", before, "--format", "json")
    report = json.loads(run(database, *words, code=None))
    assert report["rollback"]["recommended"] != "reinstall"
    assert "not recorded any more" in json.dumps(report["rollback"])


def test_verify_of_a_dotted_app_that_is_missing_names_it(database, tmp_path):
    config = tmp_path / "nautobot_config.py"
    config.write_text(f"exec(open({CONFIG!r}).read())\nPLUGINS = ['missing_pkg.app']\n")
    words = ("verify", "--config", config, "--python", sys.executable, "--format", "json")
    report = json.loads(run(database, *words, code=3))
    reasons = {one["check"]: one["reason"] for one in report["not_checked"]}
    assert "missing_pkg" in reasons["migrations.unapplied"]


@pytest.mark.once
@pytest.mark.newest
def test_rollback_reads_the_current_state(database, tmp_path):
    before = snapshot(database, tmp_path)
    words = ("rollback", *installation(), "--to", before, "--format", "json")
    report = json.loads(run(database, *words, code=0))
    assert report["rollback"]["recommended"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("verify",), "--config"),
        (("verify", "--config", "/no"), "/no is not a file"),
        (("verify", *installation(), "--before", "/no.json.gz"), "/no.json.gz"),
        (("verify", *installation(), "--exclude", "no.check"), "no.check"),
        (("rollback", "--to", "/no.json.gz"), "--facts --config is required"),
    ],
)
def test_invalid_argument_is_named(words, message):
    assert message in run("not read", *words, code=1)
