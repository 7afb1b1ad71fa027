"""Each row that Preflight predicts from outside stops the real upgrade from 1.6.32 to 2.4.44.

After the remediation, ``migrate`` goes on to the next one, and then to its end.
"""

import os
import re
import subprocess

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
