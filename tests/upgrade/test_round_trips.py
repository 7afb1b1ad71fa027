"""Real round trips by the script of the recommended option; all differences were predicted."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from development.instance import APPS
from tests.support import rich_rows
from tests.support.nautobot import this_instance
from tests.support.rollback_terms import (
    ALTERED_BY_CODE,
    CASCADED,
    DROPPED,
    RESTORE_BACKUP,
    RESTORED_EMPTY,
    REVERSE_MIGRATIONS,
    ROLL_FORWARD,
)
from tests.support.round_trips import COPY, DATABASE, Trip, round_trip_runner

HERE = (this_instance().version, this_instance().engine, this_instance().kind)
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
"""Apps that also have releases for 2.4."""
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
def runner(instance, nautobot, tmp_path_factory):
    folder = tmp_path_factory.mktemp("round_trips") / "installation"
    with round_trip_runner(instance, folder) as created:
        yield created


@pytest.mark.parametrize("name", TRIPS)
def test_round_trip_differences_were_predicted(name, runner):
    trip = TRIPS[name]
    runner.begin(trip)
    then, schema_before = runner.count_values(), runner.schema(DATABASE)
    runner.upgrade(trip)
    now = runner.count_values()
    options = () if trip.to else ("--backup", runner.backup)
    rollback, script = runner.plan(trip.to or runner.snapshot, *options)
    assert rollback["recommended"] != ROLL_FORWARD
    (reverse,) = (one for one in rollback["options"] if one["kind"] == REVERSE_MIGRATIONS)
    if not reverse["infeasible_reason"] and not trip.to:
        assert_reversed_as_predicted(runner, reverse, schema_before)
    runner.run("cp -r before-upgrade* planned")
    if not trip.killed_after:  # the new release does not start after half an upgrade
        runner.run("systemctl start")
    go = f"{trip.variables} bash {script} --yes"
    if trip.to.endswith(" zero"):
        assert "PLUGINS" in runner.run(go, code=1)
        runner.plugins = ()
    assert "All steps are complete." in runner.run(go)
    after = runner.count_values()
    if rollback["recommended"] == RESTORE_BACKUP:
        assert differences(then, after) == {}
    else:
        (option,) = (one for one in rollback["options"] if one["kind"] == rollback["recommended"])
        assert_losses_as_predicted(option["losses"], then, now, after)


def assert_reversed_as_predicted(runner, option, schema_before):
    """On a copy, reversing fails at the predicted migration or restores the older schema."""
    done = runner.reverse_a_copy()
    if stop := option["fails_at"]:
        assert done.returncode
        *_, last = (line for line in done.stdout.splitlines() if "Unapplying" in line)
        assert f"Unapplying {stop[:40]}" in last  # Nautobot cuts long names
        assert " OK " not in last
        return
    assert done.returncode == 0, done.stdout[-3000:]
    if schema_before:
        other = set(runner.schema(COPY)) ^ set(schema_before)
        indexes = set(re.findall(r"INDEX (\S+)", "\n".join(other)))
        words = {word for text in option["unreversed_schema"] for word in re.findall(r"\w+", text)}
        names = words & indexes
        assert len(names) == len(set(option["unreversed_schema"]))
        assert {line for line in other if not line.startswith("CREATE INDEX ")} == set()
        renamed = sorted(re.sub(r"INDEX \S+", "INDEX", line) for line in other)
        assert renamed[::2] == renamed[1::2]
        assert len(renamed) == 2 * len(names)
        assert all(any(f" {name} " in line for line in other) for name in names)


def differences(one, other):
    """Return the counts of each table and column that differ; None if it is missing."""
    names = one.keys() | other.keys()
    pairs = {name: (one.get(name), other.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def assert_losses_as_predicted(losses, then, now, after):
    """The predicted values are removed or empty, and nothing else has changed."""
    predicted = {one["subject"]: one["count"] for one in losses if one["kind"] == DROPPED}
    # The older release may have created a table again, without rows.
    after = {
        name: one for name, one in after.items() if one or name.partition(".")[0] not in predicted
    }
    stay = now.keys() & after.keys()
    by_code = tuple(
        one["subject"].partition(".")[0]
        for one in losses
        if one["kind"] in (ALTERED_BY_CODE, CASCADED)
    )
    # post_upgrade removes these rows with the stale content types of removed models.
    by_code += ("auth_permission", "django_content_type")
    changed = {name: (now[name], after[name]) for name in stay if now[name] != after[name]}
    assert {name for name in changed if not name.startswith(by_code)} == set()
    gone = {name: now[name] for name in now.keys() - after.keys() if not within(name, now, after)}
    assert predicted.keys() <= {name for name, number in gone.items() if number}
    assert {name: number for name, number in gone.items() if number and "." not in name} == {
        name: number for name, number in predicted.items() if "." not in name
    }
    assert all(number <= gone[name] for name, number in predicted.items())
    back = {name: then[name] for name in after.keys() - now.keys() if not within(name, after, now)}
    assert {name: number for name, number in back.items() if number} == {
        one["subject"]: one["count"] for one in losses if one["kind"] == RESTORED_EMPTY
    }
    assert {one["kind"] for one in losses} <= {
        DROPPED,
        CASCADED,
        RESTORED_EMPTY,
        ALTERED_BY_CODE,
    }


def within(name, first, second):
    """Return whether it is a column of a table that only the first state has."""
    table, _, column = name.partition(".")
    return bool(column) and table in first and table not in second
