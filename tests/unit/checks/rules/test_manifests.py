"""What manifests do to a migration. Each rule has a row that must fire, and rows that must not."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import Severity
from nautobot_upgrade_jobs.checks.registry import NotApplicable
from nautobot_upgrade_jobs.checks.rules import manifests as rules
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.manifests import Controller, Deadline, Manifests, Workload
from tests.support.builders import CATALOG, database, mysql, redis, target
from tests.unit.checks.rules.test_preconditions import TABLES, boot_with_costs

WEB = Workload(
    "nautobot-default",
    "Deployment",
    "web",
    "chart.yaml",
    "ghcr.io/nautobot/nautobot:2.4.44",
    1,
    "init container",
)
IDLE = replace(WEB, name="nautobot-celery-default", role="worker", migrates_in="", replicas=3)
SERVER = replace(WEB, name="db", role="database", image="postgres:16", migrates_in="")
FLUX = Controller("HelmRelease", "nautobot", "flux.yaml")


def given(*workloads, controllers=(), unreadable=None):
    return Manifests("/srv/manifests", workloads, controllers, unreadable=unreadable or {})


def subjects(findings):
    return [finding.subject for finding in findings]


@pytest.mark.parametrize(
    ("workloads", "found"),
    [
        ((WEB, IDLE), []),
        ((replace(WEB, replicas=2),), ["nautobot-default"]),
        ((WEB, replace(WEB, name="nautobot-api")), ["nautobot-default", "nautobot-api"]),
        ((replace(WEB, replicas=2, migrates_in=""),), []),
        ((IDLE, SERVER), []),
        ((replace(WEB, replicas=2, migrates_in="job"),), ["nautobot-default"]),
    ],
)
def test_concurrent_migrations(workloads, found):
    findings = list(rules.concurrent_migrations(given(*workloads)))
    assert subjects(findings) == found
    assert {finding.severity for finding in findings} <= {Severity.WARNING}


@pytest.mark.parametrize(("workload", "found"), [(WEB, ["nautobot-default"]), (IDLE, [])])
def test_migrates_on_start(workload, found):
    assert subjects(rules.migrates_on_start(given(workload))) == found


@pytest.mark.parametrize(
    ("workload", "controllers", "found"),
    [
        (WEB, (), []),
        (
            replace(WEB, deadlines=(Deadline("progressDeadlineSeconds", 1),)),
            (),
            ["nautobot-default.progressDeadlineSeconds"],
        ),
        (replace(WEB, deadlines=(Deadline("progressDeadlineSeconds", 10**6),)), (), []),
        (replace(IDLE, deadlines=(Deadline("livenessProbe", 1),)), (), []),
        (
            WEB,
            (replace(FLUX, deadlines=(Deadline("timeout of the HelmRelease", 1),)),),
            ["nautobot.timeout_of_the_HelmRelease"],
        ),
        (WEB, (replace(FLUX, deadlines=(Deadline("timeout", 10**6),)),), []),
    ],
)
def test_deadline_too_short(workload, controllers, found):
    findings = rules.deadline_too_short(
        given(workload, controllers=controllers), boot_with_costs(), TABLES, CATALOG
    )
    assert subjects(findings) == found


@pytest.mark.parametrize(
    ("workload", "found"),
    [
        (WEB, []),
        (replace(WEB, memory_mib=512), ["nautobot-default"]),
        (replace(WEB, memory_mib=4096), []),
        (replace(IDLE, memory_mib=256), []),
    ],
)
def test_memory_limit_too_low(workload, found):
    assert subjects(rules.memory_limit_too_low(given(workload))) == found


@pytest.mark.parametrize(
    ("controller", "found"),
    [
        (FLUX, []),
        (replace(FLUX, rollback="upgrade.remediation"), ["HelmRelease.nautobot"]),
        (replace(FLUX, kind="Application", reverts="selfHeal"), ["Application.nautobot"]),
    ],
)
def test_automatic_rollback(controller, found):
    assert subjects(rules.automatic_rollback(given(controllers=(controller,)))) == found


@pytest.mark.parametrize(
    ("image", "server", "found"),
    [
        ("postgres:16", database(), []),
        ("postgres:16.4-alpine", database(), []),
        ("postgres:17-alpine", database(), ["db"]),
        ("postgres:latest", database(), []),
        ("postgres", database(), []),
        ("registry:5000/postgres", database(), []),
        ("mysql:8.0", mysql(), []),
        ("mysql:9", mysql(), ["db"]),
    ],
)
def test_database_major_changes(image, server, found):
    manifests = given(replace(SERVER, image=image))
    assert subjects(rules.database_major_changes(manifests, server)) == found


@pytest.mark.parametrize(
    ("hosts", "in_use", "found"),
    [
        ({}, "db.example.org", []),
        ({"database": "db.example.org"}, "db.example.org", []),
        ({"database": "db"}, "db.netops.svc", []),
        ({"database": "db.netops.svc"}, "db", []),
        ({"database": "pg.databases"}, "pg.databases.svc.cluster.local", []),
        ({"database": "DB.example.org."}, "db.example.org", []),
        ({"database": "$(PG_HOST)"}, "db.example.org", []),
        ({"database": "${db_host}"}, "10.0.0.1", []),
        ({"database": "pg2.databases"}, "pg.databases", ["nautobot-default.database"]),
        ({"database": "db2.example.org"}, "db.example.org", ["nautobot-default.database"]),
        ({"database": "db.example.com"}, "db.example.org", ["nautobot-default.database"]),
        ({"database": "nautobot-postgresql"}, "db.example.org", ["nautobot-default.database"]),
        ({"database": "10.0.0.1"}, "10.0.0.1", []),
        ({"database": "10.0.0.2"}, "10.0.0.1", ["nautobot-default.database"]),
        ({"database": "10.0.0.1"}, "db.example.org", []),  # may be the address of the name
        ({"database": "db"}, "", []),  # a local socket
        ({"redis": "cache"}, "db", ["nautobot-default.redis"]),
        ({"redis": "redis"}, "db", []),
    ],
)
def test_other_server(hosts, in_use, found):
    findings = rules.other_server(
        given(replace(WEB, hosts=hosts)), database(host=in_use), redis(host="redis")
    )
    assert subjects(findings) == found


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("ghcr.io/nautobot/nautobot:2.4.44", []),
        ("docker.io/nautobot/nautobot:3.2.7-py3.12", []),
        ("nautobot/nautobot:3.2.7@sha256:0123", []),
        ("networktocode/nautobot-custom:1.0", []),
        ("registry:5000/netops/nautobot:7", []),
        ("postgres:16", []),
        ("nautobot/nautobot", ["web"]),
        ("registry:5000/nautobot/nautobot", ["web"]),
        ("registry:5000/nautobot/nautobot:3.2.7", []),
        ("registry-1.docker.io/nautobot/nautobot:3.0.2-py3.12", ["web"]),
        ("nautobot/nautobot:stable", ["web"]),
        ("nautobot/nautobot:3.2", ["web"]),
    ],
)
def test_other_release(image, found):
    manifests = given(replace(WEB, name="web", image=image))
    assert subjects(rules.other_release(manifests, target("3.2.7"))) == found


@pytest.mark.parametrize(
    ("version", "file_probe", "found"),
    [
        ("2.4.23", "read", ["nautobot-celery-default"]),
        ("2.4.24", "read", []),
        ("3.0.0", "read", ["nautobot-celery-default"]),
        ("3.0.1", "read", []),
        ("3.2.7", "read", []),
        ("3.2.7", "not written", ["nautobot-celery-default"]),
        ("2.4.23", "", []),
    ],
)
def test_probe_without_file(version, file_probe, found):
    manifests = given(replace(IDLE, file_probe=file_probe))
    assert subjects(rules.probe_without_file(manifests, target(version))) == found


@pytest.mark.parametrize(
    ("manifests", "found"),
    [
        (given(WEB), []),
        (given(WEB, unreadable={"x.yaml": "ScannerError"}), ["x.yaml"]),
        (given(), ["workloads"]),
    ],
)
def test_unreadable_manifest(manifests, found):
    assert subjects(rules.unreadable_manifest(manifests)) == found


@pytest.mark.parametrize(
    "rule",
    [
        lambda none: rules.concurrent_migrations(none),
        lambda none: rules.migrates_on_start(none),
        lambda none: rules.deadline_too_short(none, boot_with_costs(), TABLES, CATALOG),
        lambda none: rules.deadline_too_short(none, Unavailable("off"), TABLES, CATALOG),
        lambda none: rules.memory_limit_too_low(none),
        lambda none: rules.automatic_rollback(none),
        lambda none: rules.database_major_changes(none, database()),
        lambda none: rules.other_server(none, database(), redis()),
        lambda none: rules.other_release(none, target("3.2.7")),
        lambda none: rules.probe_without_file(none, target("2.4.0")),
        lambda none: rules.unreadable_manifest(none),
    ],
)
def test_rules_without_manifests_do_not_apply(rule):
    with pytest.raises(NotApplicable):
        list(rule(Manifests()))
