"""A real upgrade from 1.6.32 to 2.4.44, as Preflight and two snapshots describe it.

Each row that Preflight predicts from outside stops ``migrate``. After the remediation, it goes on
to the next one, and then to its end. What the upgrade loses is what the snapshots show.
"""

import json
import lzma
import os
import re
import subprocess
import sys
import tarfile

import pytest

from development import legacy

pytestmark = [pytest.mark.upgrades, pytest.mark.once]

STOPS = (
    (
        "dcim.0034",
        "Key (name)=(Region) already exists",
        "UPDATE dcim_locationtype SET name = 'Area' WHERE name = 'Region'",
    ),
    (
        "dcim.0034",
        "Berlin) already exists",
        "UPDATE dcim_site SET name = 'Berlin campus' WHERE slug = 'berlin'",
    ),
    (
        "dcim.0034",
        "Lab) already exists",
        "UPDATE dcim_location SET name = 'Lab 2' WHERE slug = 'lab-2'",
    ),
    ("ipam.0031", "IPs with differing VRFs", "UPDATE ipam_ipaddress SET vrf_id = NULL"),
    (
        "dcim.0048",
        "Duplicate records",
        "UPDATE dcim_virtualchassis SET name = name || id WHERE name = 'Stack'",
    ),
    (
        "extras.0091",
        '"ScheduledJob.user" must be a "User" instance',
        "DELETE FROM extras_scheduledjob WHERE name = 'Nightly'",
    ),
    (
        "extras.0092",
        "Duplicate records",
        "UPDATE extras_exporttemplate SET name = name || id WHERE name = 'List'",
    ),
)
"""The migration that stops, a part of its error, and the remediation, in their order."""


@pytest.fixture
def database(instance):
    if instance.engine != "postgresql":
        pytest.skip("the dump is of PostgreSQL")
    name = f"test_{os.getpid()}_from_1x"
    server = instance.server()
    server.restore(legacy.find_dump(), name)
    yield name
    server.drop(name)


def migrate(database):
    done = subprocess.run(
        ["nautobot-server", "migrate", "--no-input"],
        env={**os.environ, "NAUTOBOT_DB_NAME": database},
        capture_output=True,
        text=True,
        check=False,
    )
    applying = re.findall(r"Applying (\w+\.\d+)", done.stdout)
    return done.returncode, applying[-1] if applying else "", done.stderr


def test_each_predicted_row_stops_the_upgrade_until_it_is_fixed(instance, database):
    for migration, error, remediation in STOPS:
        code, last, errors = migrate(database)
        assert (code, last) == (1, migration), errors[-2000:]
        assert error in errors
        instance.server().sql(remediation, database=database)
    assert migrate(database)[0] == 0
    # What Preflight predicts as changed without a message.
    results = {
        "SELECT key FROM extras_customfield": "cost_center",
        "SELECT filter ->> 'location' FROM extras_dynamicgroup": '["campus"]',  # still a slug
        "SELECT _custom_field_data FROM extras_role WHERE name = 'Edge'": '{"cost-center": "4711"}',
        "SELECT model FROM extras_customfield_content_types f JOIN django_content_type t "
        "ON t.id = f.contenttype_id": "devicerole",
    }
    for query, expected in results.items():
        assert instance.server().sql(query, database=database) == expected


UNEXPLAINED = {"extras_customfield_content_types", "extras_dynamicgroup.filter"}
"""The custom field of roles belongs to no model. The group selects by a slug, which no longer
exists. Preflight predicts both."""
CORE_DATA = "NAUTOBOT_UPGRADE_JOBS_CORE_DATA"
"""Variable with the path of ``nautobot_1.5.16_postgres.tar.gz`` of Nautobot's own project."""
LOST_IN_CORE_DATA = UNEXPLAINED | {
    "extras_relationship",
    "extras_relationship.name",
    "extras_relationship.slug",
    "extras_relationshipassociation",
    "users_objectpermission_object_types",
}
"""Nautobot deletes the relationship between regions and sites, and permissions for these."""


def compare_upgrade(database, folder):
    """Upgrade a database of 1.6.32. Return the tables and columns with unexplained changes."""

    def run(*words, **environment):
        done = subprocess.run(
            words,
            env={**os.environ, "LEGACY_DB_NAME": database} | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 2), done.stderr[-2000:]
        return done.stdout

    inside = {"NAUTOBOT_DB_NAME": database}
    tool = (sys.executable, "-m", "nautobot_upgrade_jobs")
    config, python = legacy.ensure_installation(), legacy.FOLDER / "venv" / "bin" / "python"
    place = ("--config", str(config), "--python", str(python), "--target", "2.4.44")
    run(*tool, "snapshot", *place, "--output", str(folder / "before"))
    run("nautobot-server", "migrate", "--no-input", **inside)
    run("nautobot-server", "post_upgrade", **inside)
    run("nautobot-server", "upgrade_jobs", "snapshot", "--output", str(folder / "after"), **inside)
    files = [next((folder / name).iterdir()) for name in ("before", "after")]
    report = json.loads(run(*tool, "compare", *map(str, files), "--format", "json"))
    return {
        change["subject"]
        for change in report["changes"]
        if change["kind"] in ("lost", "unexpected")
        and change["section"].partition(".")[0] not in ("apps", "packages")
    }


def test_snapshots_show_what_the_upgrade_loses_and_nothing_else(instance, database, tmp_path):
    for _, _, remediation in STOPS:
        instance.server().sql(remediation, database=database)
    assert compare_upgrade(database, tmp_path) == UNEXPLAINED


def test_snapshots_of_core_data_show_what_the_upgrade_loses(instance, tmp_path):
    if instance.engine != "postgresql" or CORE_DATA not in os.environ:
        pytest.skip(f"{CORE_DATA} names no data set")
    name = f"test_{os.getpid()}_core"
    server = instance.server()
    with tarfile.open(os.environ[CORE_DATA]) as archive:
        text = archive.extractfile("nautobot.sql").read()
    (tmp_path / "data.sql.xz").write_bytes(lzma.compress(text, preset=0))
    server.restore(tmp_path / "data.sql.xz", name)
    config = legacy.ensure_installation()
    subprocess.run(
        [legacy.FOLDER / "venv" / "bin" / "nautobot-server", "--config", config, "migrate"],
        env={**os.environ, "LEGACY_DB_NAME": name},
        capture_output=True,
        check=True,
    )
    found = compare_upgrade(name, tmp_path)
    server.drop(name)
    assert found == LOST_IN_CORE_DATA
