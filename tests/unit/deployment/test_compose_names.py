"""Names of containers as Docker's name server gives them."""

import socket
import threading

import pytest

from nautobot_upgrade_jobs.deployment import compose_names
from nautobot_upgrade_jobs.deployment.compose_names import find_compose_services

DOCKER = "search lan\nnameserver 127.0.0.11\noptions ndots:0\n"


def find(tmp_path, names, resolv_conf=DOCKER):
    file = tmp_path / "resolv.conf"
    file.write_text(resolv_conf)
    found = find_compose_services(names, file, lambda host: names[host])
    return [(one.host, one.project, one.name) for one in found]


@pytest.mark.parametrize(
    ("container", "project", "service"),
    [
        ("netops-db-1.netops_default", "netops", "db"),
        ("net-ops-db-1.net-ops_default", "net-ops", "db"),
        ("netops_db_1.netops_default", "netops", "db"),
        ("netops-my-db-12.netops_back-end", "netops", "my-db"),
        (
            "nautobot-docker-compose-redis-1.nautobot-docker-compose_default",
            "nautobot-docker-compose",
            "redis",
        ),
    ],
)
def test_container_of_a_project_is_its_service(tmp_path, container, project, service):
    assert find(tmp_path, {"db": container}) == [("db", project, service)]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "db",
        "postgres.bridge",
        "netops-db-1",
        "netops-db-1.other_default",
        "netops-db.netops_default",
        "db-1.example.org",
        "ip-10-0-0-1.eu-central-1.compute.internal",
        "x" * 10_000,
    ],
)
def test_other_names_are_no_services(tmp_path, name):
    assert find(tmp_path, {"db": name}) == []


@pytest.mark.parametrize(
    "resolv_conf",
    ["", "nameserver 10.0.0.2\n", "# nameserver 127.0.0.11\n", "nameserver 127.0.0.1\n"],
)
def test_other_name_servers_are_not_asked(tmp_path, resolv_conf):
    names = {"db": "netops-db-1.netops_default"}
    assert find(tmp_path, names, resolv_conf) == []


def test_missing_resolv_conf_is_no_error(tmp_path):
    assert list(find_compose_services(["db"], tmp_path / "missing")) == []


def test_hosts_are_asked_once_and_not_if_empty(tmp_path):
    file = tmp_path / "resolv.conf"
    file.write_text(DOCKER)
    asked = []
    list(find_compose_services(["db", "", "db"], file, lambda host: asked.append(host) or ""))
    assert asked == ["db"]


@pytest.mark.parametrize("error", [socket.gaierror("unknown"), socket.herror("no name")])
def test_host_without_a_name_is_no_service(tmp_path, monkeypatch, error):
    def fail(_):
        raise error

    monkeypatch.setattr(socket, "gethostbyname", fail)
    file = tmp_path / "resolv.conf"
    file.write_text(DOCKER)
    assert list(find_compose_services(["db"], file)) == []


def test_name_server_that_does_not_answer_delays_by_its_limit_only(tmp_path, monkeypatch):
    monkeypatch.setattr(compose_names, "LONGEST_LOOKUP", 0.05)
    released = threading.Event()

    def wait(_):
        released.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "gethostbyname", wait)
    file = tmp_path / "resolv.conf"
    file.write_text(DOCKER)
    assert list(find_compose_services(["db"], file)) == []
    released.set()
