"""Services of `docker compose config`: their roles, what migrates, and what ends it."""

import pytest

from nautobot_upgrade_jobs.collect.manifest_files.compose import read_compose
from nautobot_upgrade_jobs.facts.manifests import Deadline

WORKER = 'sh -c "nautobot-server celery worker -l $$NAUTOBOT_LOG_LEVEL --events"'
BEAT = 'sh -c "nautobot-server celery beat -l $$NAUTOBOT_LOG_LEVEL"'
EXAMPLE = {
    "nautobot": {
        "image": "yourrepo/nautobot-docker-compose:local",
        "command": None,
        "entrypoint": None,
        "healthcheck": {"interval": "30s", "timeout": "10s", "start_period": "1m0s", "retries": 3},
        "ports": [{"target": 8080}],
    },
    "celery_worker": {
        "image": "yourrepo/nautobot-docker-compose:local",
        "entrypoint": ["sh", "-c", "nautobot-server celery worker -l INFO --events"],
        "depends_on": {"nautobot": {"condition": "service_healthy"}},
    },
    "celery_beat": {
        "image": "yourrepo/nautobot-docker-compose:local",
        "entrypoint": ["sh", "-c", "nautobot-server celery beat -l INFO"],
    },
    "db": {"image": "postgres:13-alpine"},
    "redis": {"image": "redis:6-alpine", "command": ["sh", "-c", "redis-server"]},
}


def read(services):
    return {one.name: one for one in read_compose({"services": services}, "compose.yaml")}


def test_example_project_has_its_roles_and_migrates_in_the_web_service():
    found = read(EXAMPLE)
    assert {name: one.role for name, one in found.items()} == {
        "nautobot": "web",
        "celery_worker": "worker",
        "celery_beat": "beat",
        "db": "database",
        "redis": "",
    }
    assert [name for name, one in found.items() if one.migrates_in] == ["nautobot"]
    assert found["nautobot"].deadlines == (Deadline("healthcheck", 150),)


@pytest.mark.parametrize(
    ("changes", "migrates"),
    [
        ({}, "entry point"),
        ({"command": ["nautobot-server", "start"]}, "entry point"),
        ({"command": "nautobot-server runserver 0.0.0.0:8080"}, "entry point"),
        ({"environment": {"NAUTOBOT_DOCKER_SKIP_INIT": "True"}}, ""),
        ({"environment": ["NAUTOBOT_DOCKER_SKIP_INIT=true"]}, ""),
        ({"environment": {"NAUTOBOT_DOCKER_SKIP_INIT": "false"}}, "entry point"),
        ({"entrypoint": ["nautobot-server", "start"]}, ""),
        ({"entrypoint": []}, ""),
        ({"command": ["nautobot-server", "celery", "worker"]}, "entry point"),
        ({"command": ["sleep", "1d"]}, ""),
    ],
)
def test_service_migrates_unless_its_entry_point_is_bypassed(changes, migrates):
    (one,) = read({"x": {"image": "networktocode/nautobot:2.4.44", **changes}}).values()
    assert one.migrates_in == migrates


@pytest.mark.parametrize(
    ("changes", "replicas", "memory"),
    [
        ({}, 1, None),
        ({"deploy": {"replicas": 3}}, 3, None),
        ({"scale": 2}, 2, None),
        ({"deploy": {"resources": {"limits": {"memory": "536870912"}}}}, 1, 512),
        ({"mem_limit": "1g"}, 1, 953),
        ({"deploy": None}, 1, None),
    ],
)
def test_service_replicas_and_memory(changes, replicas, memory):
    (one,) = read({"x": {"image": "nautobot", **changes}}).values()
    assert (one.replicas, one.memory_mib) == (replicas, memory)


@pytest.mark.parametrize(
    "document", [{}, {"services": None}, {"services": []}, {"services": {"x": None}}, {"a": 1}]
)
def test_document_without_services_has_none_of_nautobot(document):
    assert [one.role for one in read_compose(document, "x") if one.role] == []


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        (
            {"NAUTOBOT_DB_HOST": "db", "NAUTOBOT_REDIS_HOST": "redis"},
            {"database": "db", "redis": "redis"},
        ),
        (["NAUTOBOT_DB_HOST=db", "NAUTOBOT_DB_PASSWORD=x"], {"database": "db"}),
        ({"NAUTOBOT_DB_HOST": None}, {}),
        (None, {}),
    ],
)
def test_service_names_the_servers(environment, hosts):
    (one,) = read_compose({"services": {"nautobot": {"environment": environment}}}, "x.yaml")
    assert one.hosts == hosts
