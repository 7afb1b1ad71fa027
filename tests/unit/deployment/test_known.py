"""What is seen, stated and assumed of a deployment, and what contradicts each other."""

from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.deployment.known import Source, resolve_deployment
from nautobot_upgrade_jobs.facts.deployment import ComposeService
from tests.support.builders import DEPLOYMENTS, IN_CONTAINER, database, deployment, mysql, unit


def resolve(seen, server=None):
    return resolve_deployment(seen, server or database())


def sources(known):
    return {part.name: part.source for part in known.parts}


@pytest.mark.parametrize("layout", DEPLOYMENTS)
def test_layout_of_each_deployment_is_recognized(layout):
    known = resolve(DEPLOYMENTS[layout])
    assert known.layout == layout
    assert known.contradictions == ()


@pytest.mark.parametrize(
    ("changes", "layout"),
    [
        ({}, "virtualenv"),
        ({"has_own_environment": False}, "virtualenv"),
        ({"container": True}, "virtualenv"),  # with units of its own: a container with systemd
        ({"container": True, "units": ()}, "container"),
        ({"container": True, "units": (), "has_own_environment": True}, "container"),
        ({"pod": "x", **IN_CONTAINER}, "kubernetes"),
        ({"other_link": "/opt"}, "unknown"),
    ],
)
def test_layout_is_seen(changes, layout):
    known = resolve(deployment(**changes))
    assert (known.layout, sources(known)["layout"]) == (layout, Source.SEEN)


def test_units_that_were_seen_are_used():
    seen = deployment(
        units=(
            unit("web one", "web"),
            unit("worker@a", "worker"),
            unit("worker@b", "worker"),
        )
    )
    known = resolve(seen)
    assert known.services == ("web one", "worker@a", "worker@b")
    assert known.values("beat") == ()
    assert set(sources(known).values()) == {Source.SEEN}


def test_units_without_any_file_are_assumed():
    known = resolve(deployment(units=()))
    assert known.services == ("nautobot", "nautobot-worker", "nautobot-scheduler")
    assert [part.name for part in known.assumptions] == ["web", "worker", "beat"]


@pytest.mark.parametrize("layout", ["virtualenv", "compose", "kubernetes"])
def test_names_that_are_stated_replace_all_others(layout):
    seen = DEPLOYMENTS[layout]
    stated = {**seen.stated, "web": ("ours",), "worker": ("w1", "w2"), "beat": ()}
    known = resolve(replace(seen, stated=stated))
    assert known.services == ("ours", "w1", "w2")
    assert sources(known)["web"] is Source.STATED


@pytest.mark.parametrize(
    ("pod", "release"),
    [
        ("nautobot-default-6d4cf56db6-x2k9p", "nautobot"),
        ("prod-nautobot-default-6d4cf56db6-x2k9p", "prod-nautobot"),
        ("nautobot-celery-default-6d4cf56db6-x2k9p", "nautobot"),
        ("nautobot-celery-beat-6d4cf56db6-x2k9p", "nautobot"),
        ("something", "nautobot"),
    ],
)
def test_names_of_the_chart_follow_from_the_pod(pod, release):
    known = resolve(replace(DEPLOYMENTS["kubernetes"], pod=pod))
    assert known.value("release") == release
    assert known.services == (
        f"{release}-default",
        f"{release}-celery-default",
        f"{release}-celery-beat",
    )
    assert sources(known)["namespace"] is Source.SEEN
    assert sources(known)["web"] is Source.ASSUMED


def test_namespace_that_cannot_be_read_is_assumed():
    known = resolve(replace(DEPLOYMENTS["kubernetes"], namespace=""))
    assert sources(known)["namespace"] is Source.ASSUMED


@pytest.mark.parametrize(
    ("server", "command"),
    [
        (database(host="db"), "docker compose exec -T db"),
        (mysql(host="db"), "docker compose exec -T db sh -c"),
        (database(host="db.example.com"), ""),
        (database(host="10.0.0.5"), ""),
        (database(host="localhost"), ""),
        (database(host=""), ""),
    ],
)
def test_database_in_compose_is_reached_by_its_service(server, command):
    known = resolve(DEPLOYMENTS["compose"], server)
    assert known.value("database_command").startswith(command)
    assert bool(known.value("database_command")) is bool(command)


@pytest.mark.parametrize(
    ("layout", "stated", "key"),
    [
        ("virtualenv", {"layout": ("compose",)}, "layout"),
        ("virtualenv", {"layout": ("kubernetes",)}, "layout"),
        ("virtualenv", {"layout": ("release link",)}, "layout"),
        ("virtualenv", {"layout": ("git checkout",)}, "layout"),
        ("kubernetes", {"layout": ("virtualenv",)}, "layout"),
        ("kubernetes", {"layout": ("compose",)}, "layout"),
        ("virtualenv", {"web": ("nautobt",)}, "web"),
        ("virtualenv", {"worker": ("nautobot-worker", "gone")}, "worker"),
    ],
)
def test_setting_that_contradicts_what_is_seen_is_reported(layout, stated, key):
    known = resolve(replace(DEPLOYMENTS[layout], stated=stated))
    assert [one.key for one in known.contradictions] == [key]
    assert known.layout == layout, "a plan for a deployment that cannot be is never made"


@pytest.mark.parametrize(
    ("layout", "stated"),
    [
        ("virtualenv", {"layout": ("virtualenv",)}),
        ("virtualenv", {"web": ("nautobot",)}),
        ("virtualenv", {"web": ("nautobot.service",)}),
        ("container", {"layout": ("compose",)}),
        ("release link", {"layout": ("virtualenv",)}),
        ("unknown", {"layout": ("virtualenv",)}),
        ("kubernetes", {"layout": ("kubernetes",), "web": ("any",)}),
    ],
)
def test_setting_that_can_be_true_is_no_contradiction(layout, stated):
    assert resolve(replace(DEPLOYMENTS[layout], stated=stated)).contradictions == ()


DB = ComposeService("db", "netops", "postgres", "netops-postgres-1.netops_default")
REDIS = ComposeService("redis", "netops", "redis", "netops-redis-1.netops_default")


def test_compose_is_seen_by_the_names_in_its_network():
    seen = deployment(**IN_CONTAINER, compose_services=(DB, REDIS))
    known = resolve(seen, database(host="db"))
    assert known.layout == "compose"
    assert sources(known) == {
        "layout": Source.SEEN,
        "web": Source.ASSUMED,
        "worker": Source.ASSUMED,
        "beat": Source.ASSUMED,
        "database_command": Source.SEEN,
    }
    assert known.value("project") == ""  # The servers can be of another project.
    command = "docker compose --project-name netops exec -T postgres"
    assert known.value("database_command") == command


def test_pod_is_no_compose_service():
    seen = replace(DEPLOYMENTS["kubernetes"], compose_services=(DB,))
    assert resolve(seen).layout == "kubernetes"


def test_container_with_units_is_no_compose_service():
    assert resolve(deployment(container=True, compose_services=(DB,))).layout == "virtualenv"
