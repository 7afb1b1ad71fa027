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
from pathlib import Path

import pytest

from development import legacy
from development.instance import Instance

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
NEWEST = "3.2.7"
CORE_DATA = "NAUTOBOT_UPGRADE_JOBS_CORE_DATA"
"""Variable with the folder of ``nautobot_1.5.16_postgres.tar.gz`` and ``…_mysql.tar.gz`` of
Nautobot's own project."""
LOST_IN_CORE_DATA = UNEXPLAINED | {
    "Emea switches",
    "anycastloopbacks",
    "extras_relationship",
    "extras_relationship.name",
    "extras_relationship.slug",
    "extras_relationshipassociation",
    "users_objectpermission_object_types",
}
"""Nautobot deletes the relationship between regions and sites, and permissions for these. Two
dynamic groups have other members. Preflight predicts them by their filters."""


GROUPS_OF_CORE_DATA = {"Emea switches", "ams11 Routers"}
"""Their filters name what 2.0 removed. 2.4 ignores a part of that, and 3.x another part."""
PRINT_PACKAGES = """
from importlib.metadata import distributions
for each in distributions():
    print(each.metadata["Name"], each.version, sep="==")
"""
TOOL = (sys.executable, "-m", "nautobot_upgrade_jobs")


def run(*words, **environment):
    """Run a command, which may find something. Return its output."""
    done = subprocess.run(
        list(map(str, words)),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 2, 3), done.stderr[-2000:]
    return done.stdout


def place_of(config):
    """Return the options that name an old installation."""
    python = config.parent / "venv" / "bin" / "python"
    return ("--config", config, "--python", python, "--target", "2.4.44")


def capture_old(config, database, folder):
    """Capture the state of a database of an old release, and return the file."""
    run(*TOOL, "snapshot", *place_of(config), "--output", folder, LEGACY_DB_NAME=database)
    return next(folder.iterdir())


def upgrade(instance, database, folder):
    """Upgrade a database to the release of an instance. Return the file with its state."""
    server = instance.venv / "bin" / "nautobot-server"
    place = {"NAUTOBOT_DB_NAME": database}
    run(server, "migrate", "--no-input", **place)
    run(server, "post_upgrade", **place)
    run(server, "upgrade_jobs", "snapshot", "--output", folder, **place)
    return next(folder.iterdir())


def find_unexplained(before, after):
    """Return the tables and columns with changes that no release explains."""
    report = json.loads(run(*TOOL, "compare", before, after, "--format", "json"))
    return {
        change["subject"]
        for change in report["changes"]
        if is_unexplained(change)
        and change["section"].partition(".")[0] not in ("apps", "packages")
    }


def is_unexplained(change):
    return change["kind"] in ("lost", "unexpected")


def test_snapshots_show_what_the_upgrade_loses_and_nothing_else(instance, database, tmp_path):
    for _, _, remediation in STOPS:
        instance.server().sql(remediation, database=database)
    before = capture_old(legacy.ensure_installation(), database, tmp_path / "before")
    after = upgrade(instance, database, tmp_path / "after")
    assert find_unexplained(before, after) == UNEXPLAINED
    # The last leg, with the environment of another instance.
    newest = upgrade(Instance(NEWEST, instance.engine), database, tmp_path / "newest")
    assert find_unexplained(after, newest) == {"Devices of the campus"}


def rehearse(instance, database, packages, folder):
    """Rehearse the upgrade of a backup without a configuration. Return the report."""
    backup = folder / "before.dump"
    instance.server().archive(database, backup)
    words = ("--requirements", packages, "--backup", backup, "--target", "2.4.44")
    return json.loads(run(*TOOL, "rehearse", *words, "--format", "json"))


def test_rehearsal_without_nautobot_stops_at_the_predicted_row_and_then_passes(
    instance, database, tmp_path
):
    python = legacy.ensure_installation().parent / "venv" / "bin" / "python"
    packages = tmp_path / "packages.txt"
    packages.write_text(run(python, "-c", PRINT_PACKAGES), "utf-8")
    stopped = rehearse(instance, database, packages, tmp_path)
    assert stopped["verdict"] == "blocked"
    assert stopped["rehearsal"]["forward"]["stop"]["migration"].startswith(STOPS[0][0])
    assert stopped["rehearsal"]["restore"]["differences"] == []
    for _, _, remediation in STOPS:
        instance.server().sql(remediation, database=database)
    passed = rehearse(instance, database, packages, tmp_path)
    forward = passed["rehearsal"]["forward"]
    assert [each["migration"] for each in forward["migrations"]] == passed["rehearsal"]["planned"]
    unexplained = {change["subject"] for change in passed["changes"] if is_unexplained(change)}
    assert unexplained == UNEXPLAINED
    assert passed["rehearsal"]["assumed_apps"] == []


@pytest.fixture
def core_data(instance, tmp_path):
    """A database with the data of Nautobot's own project, of 1.5.16."""
    if CORE_DATA not in os.environ:
        pytest.skip(f"{CORE_DATA} names no data set")
    name = f"test_{os.getpid()}_core"
    vendor = {"postgresql": "postgres"}.get(instance.engine, instance.engine)
    with tarfile.open(Path(os.environ[CORE_DATA], f"nautobot_1.5.16_{vendor}.tar.gz")) as archive:
        text = archive.extractfile("nautobot.sql").read()
    dump = tmp_path / "data.sql.xz"
    dump.write_bytes(lzma.compress(text, preset=0))
    instance.server().restore(dump, name)
    yield name
    instance.server().drop(name)


def upgrade_old(release, engine, database):
    """Upgrade a database to an old release. Return the configuration of the release."""
    config = legacy.ensure_installation(release, engine)
    server = config.parent / "venv" / "bin" / "nautobot-server"
    run(server, "--config", config, "migrate", "--no-input", LEGACY_DB_NAME=database)
    run(server, "--config", config, "post_upgrade", LEGACY_DB_NAME=database)
    return config


def test_snapshots_of_core_data_show_what_the_upgrade_loses(instance, core_data, tmp_path):
    config = upgrade_old("1.6.32", instance.engine, core_data)
    report = json.loads(
        run(*TOOL, "preflight", *place_of(config), "--format", "json", LEGACY_DB_NAME=core_data)
    )
    before = capture_old(config, core_data, tmp_path / "before")
    after = upgrade(instance, core_data, tmp_path / "after")
    lost = LOST_IN_CORE_DATA - ({"anycastloopbacks"} if instance.engine == "mysql" else set())
    assert find_unexplained(before, after) == lost
    if instance.engine == "postgresql":
        newest = upgrade(Instance(NEWEST, instance.engine), core_data, tmp_path / "newest")
        assert find_unexplained(after, newest) == GROUPS_OF_CORE_DATA
        (finding,) = (
            each
            for each in report["findings"]
            if each["check"] == "legacy_data.outdated_group_filters"
        )
        assert not [
            name
            for name in {*GROUPS_OF_CORE_DATA, "anycastloopbacks"}
            if name not in json.dumps(finding)
        ]


def test_upgrade_from_2_3_loses_nothing(instance, core_data, tmp_path):
    upgrade_old("1.6.32", instance.engine, core_data)
    config = upgrade_old("2.3.16", instance.engine, core_data)
    before = capture_old(config, core_data, tmp_path / "before")
    after = upgrade(instance, core_data, tmp_path / "after")
    assert find_unexplained(before, after) == set()
