"""What a version of the Helm chart changes. Each rule has rows that must fire and that must not."""

import pytest

from nautobot_upgrade_jobs.checks.registry import NotApplicable
from nautobot_upgrade_jobs.checks.rules import chart as rules
from nautobot_upgrade_jobs.facts.manifests import Chart, Manifests
from tests.support.builders import DEPLOYMENTS, database, deployment, redis

RANGES = {"*": (0, 1, 2, 3), "2.x || 3.x": (2, 3), ">=2.0.0 <3.0.0": (2,)}


def majors_of(version):
    return RANGES.get(version, (int(version[0]),) if version[0].isdigit() else ())


def given(*versions, services=(), is_rendered=True):
    charts = tuple(
        Chart(version, "chart.yaml", majors_of(version), is_rendered) for version in versions
    )
    return Manifests("/srv/manifests", charts=charts, services=services)


def stating(version):
    return deployment(stated={"chart_version": (version,)} if version else {})


@pytest.mark.parametrize(
    ("versions", "installed", "found"),
    [
        (("3.1.2",), "3.0.0", []),
        (("3.1.2", "3.1.2"), "3", []),
        (("3.x",), "3.1.2", []),
        (("3.1.2",), "2.6.0", [("3.1.2", "warning", "3.x")]),
        (("2.0.5",), "3.1.2", [("2.0.5", "warning", "3.x")]),
        (("3.1.2",), "1.3.14", [("3.1.2", "warning", "2.x 3.x")]),
        ((">=2.0.0 <3.0.0",), "2.5.6", []),
        (("2.x || 3.x",), "2.5.6", [("2.x || 3.x", "warning", "3.x")]),
        (("*",), "3.1.2", [("*", "warning", "2.x 3.x")]),
        (("3.1.2",), "nautobot-3.0.0", []),
        (("4.0.0",), "3.1.2", [("4.0.0", "warning", "")]),  # without known changes
        (("3.1.2",), "", [("3.1.2", "info", "")]),
    ],
)
def test_major_changes(versions, installed, found):
    findings = list(rules.major_changes(given(*versions), stating(installed)))
    assert [
        (
            each.subject,
            each.severity.value,
            " ".join(sorted({line[:3] for line in each.evidence if line[1:3] == ".x"})),
        )
        for each in findings
    ] == found


@pytest.mark.parametrize(
    ("host", "services", "found"),
    [
        ("nautobot-postgresql", (), ["nautobot-postgresql"]),
        ("prod-nautobot-postgresql.netops.svc", ("nautobot",), ["prod-nautobot-postgresql"]),
        ("nautobot-mariadb", (), ["nautobot-mariadb"]),
        ("nautobot-postgresqlha-pgpool", (), ["nautobot-postgresqlha-pgpool"]),
        ("nautobot-postgresql", ("nautobot-postgresql",), []),
        ("db.example.org", (), []),
        ("pg-rw", (), []),
        ("postgresql", (), []),
        ("", (), []),
    ],
)
def test_server_removed(host, services, found):
    manifests = given("3.1.2", services=services)
    findings = rules.server_removed(manifests, database(host=host), redis())
    assert [each.subject for each in findings] == found


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("nautobot-redis-master", ["nautobot-redis-master"]),
        ("nautobot-redis-headless", ["nautobot-redis-headless"]),
        ("redis", []),
    ],
)
def test_server_removed_redis(host, found):
    findings = rules.server_removed(given("3.1.2"), database(), redis(host=host))
    assert [each.subject for each in findings] == found


def test_server_removed_needs_rendered_objects():
    manifests = given("2.5.6", is_rendered=False)
    with pytest.raises(NotApplicable):
        list(rules.server_removed(manifests, database(host="nautobot-postgresql"), redis()))


@pytest.mark.parametrize(
    "rule",
    [
        lambda none: rules.major_changes(none, DEPLOYMENTS["kubernetes"]),
        lambda none: rules.server_removed(none, database(), redis()),
    ],
)
@pytest.mark.parametrize("none", [Manifests(), Manifests("/srv/manifests")])
def test_rules_without_a_chart_do_not_apply(rule, none):
    with pytest.raises(NotApplicable):
        list(rule(none))
