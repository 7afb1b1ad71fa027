"""Read the output of ``docker compose config``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...deployment.service_roles import role_of_command
from ...facts.manifests import Deadline, Workload
from .values import as_mapping, join_command, parse_duration, parse_memory, read_hosts, skips_init

DATABASE_IMAGES = ("postgres", "mysql", "mariadb")


def read_compose(document: Mapping[str, Any], file: str) -> Iterator[Workload]:
    """Yield the services of a project."""
    for name, value in as_mapping(document.get("services")).items():
        yield _read_service(str(name), as_mapping(value), file)


def _read_service(name: str, service: Mapping[str, Any], file: str) -> Workload:
    image = str(service.get("image", ""))
    has_entry_point = not service.get("entrypoint") and service.get("entrypoint") != []
    role = _find_role(service, image)
    variables = _read_variables(service.get("environment"))
    migrates = role in ("web", "worker", "beat") and has_entry_point and not skips_init(variables)
    deploy = as_mapping(service.get("deploy"))
    limits = as_mapping(as_mapping(deploy.get("resources")).get("limits"))
    return Workload(
        name,
        "service",
        role,
        file,
        image,
        int(deploy.get("replicas") or service.get("scale") or 1),
        "entry point" if migrates else "",
        tuple(_read_healthcheck(service)) if migrates else (),
        parse_memory(limits.get("memory") or service.get("mem_limit")) if migrates else None,
        read_hosts(variables),
    )


def _find_role(service: Mapping[str, Any], image: str) -> str:
    command = join_command(service.get("entrypoint"), service.get("command"))
    role = role_of_command(command)
    if role:
        return role
    repository = image.rpartition("/")[2].partition(":")[0]
    if repository in DATABASE_IMAGES:
        return "database"
    return "web" if "nautobot" in image and not command else ""


def _read_variables(environment: Any) -> Mapping[str, Any]:
    """Return the variables of a service. They are a mapping, or a list of NAME=VALUE."""
    if isinstance(environment, list):
        return dict(str(item).partition("=")[::2] for item in environment)
    return as_mapping(environment)


def _read_healthcheck(service: Mapping[str, Any]) -> Iterator[Deadline]:
    """Yield the time after which a container that still migrates is unhealthy."""
    check = as_mapping(service.get("healthcheck"))
    if not check or check.get("disable"):
        return
    interval = parse_duration(check.get("interval", "30s")) or 30
    retries = int(check.get("retries", 3))
    start = parse_duration(check.get("start_period", "0s")) or 0
    yield Deadline("healthcheck", start + interval * retries)
