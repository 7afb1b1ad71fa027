"""There and back for real, by the script of the way that is advised; what differs was foretold."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from development.instance import APPS
from tests.support import rich_rows
from tests.support.nautobot import this_instance
from tests.support.round_trips import COPY, DATABASE, Trip, road

HERE = (this_instance().version, this_instance().evidence_source, this_instance().kind)
EDITED = """
from nautobot.dcim.models import Manufacturer
from nautobot.extras.context_managers import web_request_context
from nautobot.users.models import User
with web_request_context(User.objects.get(username="admin")):
    for number in range(3):
        Manufacturer.objects.create(name=f"Since {number}")
    Manufacturer.objects.exclude(name__startswith="Since").first().save()
"""
RICH = Path(rich_rows.__file__).read_text()
CONTRACT = """
import datetime
from nautobot.dcim.models import Device
from nautobot_contract_models import models
day = datetime.date(2026, 11, 20)
provider = models.ServiceProvider.objects.create(name="Sample carrier")
status = models.Contract._meta.get_field("status").related_model.objects.get(name="Active")
for number in range(3):
    models.Contract.objects.create(
        name=f"Contract {number}", provider=provider, status=status, start_date=day, end_date=day
    )
models.CostSnapshot.objects.create(snapshot_date=day, currency="EUR")
"""
COVERED = """
import datetime
from nautobot.dcim.models import Device
from nautobot.users.models import User
from nautobot_contract_models import models
for device in Device.objects.all()[:5]:
    models.CoverageSnapshot.objects.create(
        snapshot_date=datetime.date(2026, 11, 21), was_covered=True, device=device
    )
models.ICalAccessToken.objects.create(user=User.objects.get(username="admin"))
"""
SYNCHRONISED = """
from nautobot_ssot.models import Sync, SyncLogEntry
sync = Sync.objects.create(source="Sample", target="Nautobot", dry_run=True, diff={})
SyncLogEntry.objects.create(sync=sync, action="create", status="success", message="made")
"""
NEWER_APPS = APPS["apps", "3"].requirements[:3]
"""Those that have releases for 2.4, too."""
CONTRACTS = Trip(
    ("nautobot-contract-models==2026.5.12",),
    ("nautobot-contract-models==2026.5.17",),
    ("nautobot_contract_models",),
    CONTRACT,
    COVERED,
)
KILLED = {
    f"killed after {number}": Trip((), ("nautobot==3.2.7",), first=RICH, killed_after=number)
    for number in (1, 9, 22, 37, 52)
}
TRIPS = {
    ("2.4.44", "mysql", ""): KILLED,
    ("2.4.44", "postgresql", ""): {
        "same migrations": Trip(
            ("nautobot==2.4.43",), ("nautobot==2.4.44",), first=RICH, work=EDITED
        ),
        "core": Trip((), ("nautobot==3.2.7",), first=RICH, work=EDITED + RICH),
        "ssot": Trip(
            ("nautobot-ssot==2.8.1",),
            ("nautobot-ssot==3.12.6",),
            ("nautobot_ssot",),
            SYNCHRONISED,
            SYNCHRONISED,
        ),
        **KILLED,
    },
    ("2.4.44", "postgresql", "apps"): {
        "core and Apps": Trip(
            (), ("nautobot==3.2.7", *APPS["apps", "3"].requirements[:3]), work=EDITED
        )
    },
    ("3.0.11", "postgresql", ""): {
        "minor": Trip((), ("nautobot==3.1.8",), first=RICH, work=EDITED + RICH)
    },
    ("3.1.8", "postgresql", ""): {
        "minor": Trip((), ("nautobot==3.2.7",), first=RICH, work=EDITED + RICH)
    },
    ("3.2.7", "postgresql", ""): {
        "contract-models": CONTRACTS,
        "contract-models by release": replace(CONTRACTS, to="nautobot-contract-models==2026.5.12"),
        "contract-models past 0008": replace(
            CONTRACTS,
            to="nautobot_contract_models 0007_contract_billing_period",
            variables="OLD_APP=nautobot-contract-models==2026.5.9",
        ),
        "contract-models zero": replace(CONTRACTS, to="nautobot_contract_models zero"),
    },
}.get(HERE, {})
pytestmark = [pytest.mark.upgrades, pytest.mark.network]


@pytest.fixture(scope="module")
def highway(instance, nautobot, tmp_path_factory):
    with road(instance, tmp_path_factory.mktemp("road") / "installation") as made:
        yield made


@pytest.mark.parametrize("name", TRIPS)
def test_what_differs_afterwards_was_foretold(name, highway):
    trip = TRIPS[name]
    highway.begin(trip)
    then, was = highway.fingerprints(), highway.schema(DATABASE)
    highway.upgrade(trip)
    now = highway.fingerprints()
    options = () if trip.to else ("--backup", highway.backup)
    ways, script = highway.plan(trip.to or highway.snapshot, *options)
    assert ways["advised"] != "forward"
    (reverse,) = (one for one in ways["ways"] if one["kind"] == "reverse")
    if not reverse["why_not"] and not trip.to:
        reversed_as_foretold(highway, reverse, was)
    highway.run("cp -r before-upgrade* planned")
    if not trip.killed_after:  # nothing of the new release starts on half an upgrade
        highway.run("systemctl start")
    go = f"{trip.variables} bash {script} --yes"
    if trip.to.endswith(" zero"):
        assert "PLUGINS" in highway.run(go, code=1)
        highway.plugins = ()
    assert "Everything is done." in highway.run(go)
    after = highway.fingerprints()
    if ways["advised"] == "restore":
        assert differences(then, after) == {}
    else:
        (way,) = (one for one in ways["ways"] if one["kind"] == ways["advised"])
        as_foretold(way["losses"], then, now, after)


def reversed_as_foretold(highway, way, was):
    """On a copy: it stops where that was said, or else the schema is the older one."""
    done = highway.reverse_a_copy()
    if stop := way["stops_at"]:
        assert done.returncode
        *_, last = (line for line in done.stdout.splitlines() if "Unapplying" in line)
        assert f"Unapplying {stop[:40]}" in last  # Nautobot cuts long names
        assert " OK " not in last
        return
    assert done.returncode == 0, done.stdout[-3000:]
    if was:
        other = set(highway.schema(COPY)) ^ set(was)
        names = {re.search(r" the index (\S+) keeps", text)[1] for text in way["stays"]}
        assert {line for line in other if not line.startswith("CREATE INDEX ")} == set()
        renamed = sorted(re.sub(r"INDEX \S+", "INDEX", line) for line in other)
        assert renamed[::2] == renamed[1::2]
        assert len(renamed) == 2 * len(names)
        assert all(any(f" {name} " in line for line in other) for name in names)


def differences(one, other):
    """Each table and column whose count differs; what is missing counts None."""
    names = one.keys() | other.keys()
    pairs = {name: (one.get(name), other.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def as_foretold(losses, then, now, after):
    """What went and what came back empty is what was said; nothing else has changed."""
    told = {one["subject"]: one["number"] for one in losses if one["kind"] == "goes"}
    # The older release may have made a table again, without a row.
    after = {name: one for name, one in after.items() if one or name.partition(".")[0] not in told}
    stay = now.keys() & after.keys()
    by_code = tuple(
        one["subject"].partition(".")[0]
        for one in losses
        if one["kind"] in ("may be spoilt", "goes along")
    )
    # With models that go, as post_upgrade finds them stale; nobody misses these rows.
    by_code += ("auth_permission", "django_content_type")
    changed = {name: (now[name], after[name]) for name in stay if now[name] != after[name]}
    assert {name for name in changed if not name.startswith(by_code)} == set()
    gone = {name: now[name] for name in now.keys() - after.keys() if not within(name, now, after)}
    assert told.keys() <= {name for name, number in gone.items() if number}
    assert {name: number for name, number in gone.items() if number and "." not in name} == {
        name: number for name, number in told.items() if "." not in name
    }
    assert all(number <= gone[name] for name, number in told.items())
    back = {name: then[name] for name in after.keys() - now.keys() if not within(name, after, now)}
    assert {name: number for name, number in back.items() if number} == {
        one["subject"]: one["number"] for one in losses if one["kind"] == "comes back empty"
    }
    assert {one["kind"] for one in losses} <= {
        "goes",
        "goes along",
        "comes back empty",
        "may be spoilt",
    }


def within(name, here, there):
    """Whether it is a column of a table that is here alone."""
    table, _, column = name.partition(".")
    return bool(column) and table in here and table not in there
