"""Read the Kubernetes objects that ``helm template`` renders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...deployment.service_roles import role_of_command
from ...facts.manifests import Deadline, FileProbe, MigratesIn, Workload
from .cluster_objects import ClusterObjects, name_of, namespace_of, spec_of
from .values import (
    as_mapping,
    as_mappings,
    join_command,
    parse_memory,
    read_hosts,
    skips_init,
)

PROGRESS_DEADLINE = 600
"""Default of ``progressDeadlineSeconds``."""
SERVICE_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout")
"""Kinds whose containers run until they are replaced. A Rollout is one of Argo."""
TASK_KINDS = ("Job", "CronJob", "Pod")
"""Kinds whose containers end. With the entry point of the image, each of them migrates first."""
DATABASES = ("postgres", "mysql", "mariadb")

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
DEFAULT_PROBE_FILES = "nautobot_celery_worker_"
"""How the names of the files start that workers write for probes."""
PROBE_FILE_VARIABLES = (
    "NAUTOBOT_CELERY_WORKER_HEARTBEAT_FILE",
    "NAUTOBOT_CELERY_WORKER_READINESS_FILE",
)
FILE_PROBES = "NAUTOBOT_CELERY_HEALTH_PROBES_AS_FILES"
"""The variable that makes workers write these files."""
Variables = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Return the variables of a container."""

Objects = Sequence[Mapping[str, Any]]


def read_workloads(objects: Objects, file: str, cluster: ClusterObjects) -> Iterator[Workload]:
    """Yield the Deployments, StatefulSets and Jobs that run Nautobot or its database.

    Args:
        objects: The objects of one file.
        file: Its name.
        cluster: The objects of all files.
    """
    for one in objects:
        if one.get("kind") in (*SERVICE_KINDS, *TASK_KINDS):
            workload = _read_workload(one, cluster, file)
            replicas = max(workload.replicas, cluster.largest_replicas(one))
            yield Workload(**{**vars(workload), "replicas": replicas})


def _read_workload(one: Mapping[str, Any], cluster: ClusterObjects, file: str) -> Workload:
    kind, spec = str(one.get("kind")), spec_of(one)
    if kind == "CronJob":
        spec = spec_of(as_mapping(spec.get("jobTemplate")))
    pod = spec if kind == "Pod" else spec_of(as_mapping(spec.get("template")))
    (main, *_) = [*as_mappings(pod.get("containers")), {}]
    role = _find_role(one, main)

    def variables_of(container: Mapping[str, Any]) -> Mapping[str, Any]:
        return cluster.variables(container, namespace_of(one))

    migrating, where = _find_migrating_container(pod, kind, role, variables_of)
    limits = as_mapping(as_mapping(migrating.get("resources")).get("limits"))
    return Workload(
        name_of(one),
        kind,
        role,
        file,
        str(main.get("image", "")),
        int(spec.get("replicas", 1)),
        where,
        tuple(_read_deadlines(kind, spec, migrating, where)) if where else (),
        parse_memory(limits.get("memory")) if where else None,
        read_hosts(variables_of(main)),
        _find_file_probe(main, variables_of(main)) if role == "worker" else "",
    )


def _find_role(one: Mapping[str, Any], container: Mapping[str, Any]) -> str:
    role = role_of_command(join_command(container.get("command"), container.get("args")))
    if role:
        return role
    labels = as_mapping(as_mapping(one.get("metadata")).get("labels"))
    component = str(labels.get("app.kubernetes.io/component", ""))
    image = str(container.get("image", ""))
    if component.startswith("nautobot-celery"):
        return "beat" if component.endswith("-beat") else "worker"
    if any(name in image for name in DATABASES):
        return "database"
    return "web" if "nautobot" in image and one.get("kind") in SERVICE_KINDS else ""


def _find_migrating_container(
    pod: Mapping[str, Any], kind: str, role: str, variables_of: Variables
) -> tuple[Mapping[str, Any], MigratesIn]:
    """Return the container that runs ``post_upgrade``, and what it is in its pod."""
    for container in as_mappings(pod.get("initContainers")):
        if _migrates(container, variables_of):
            return container, "init container"
    for container in as_mappings(pod.get("containers")):
        if role in ("web", "worker", "beat") and _migrates(container, variables_of):
            return container, "entry point"
        if kind in TASK_KINDS and _migrates(container, variables_of):
            return container, "job"
    return {}, ""


def _migrates(container: Mapping[str, Any], variables_of: Variables) -> bool:
    """Return whether a container runs the entry point of Nautobot's image, or ``migrate``."""
    command = join_command(container.get("command"), container.get("args"))
    if "post_upgrade" in command or "nautobot-server migrate" in command:
        return True
    if "nautobot" not in str(container.get("image", "")) or container.get("command"):
        return False
    return not skips_init(variables_of(container))


def _find_file_probe(container: Mapping[str, Any], variables: Mapping[str, Any]) -> FileProbe:
    """Return whether a probe reads a file of the worker, and whether the worker writes it."""
    probes = (as_mapping(container.get(name)) for name in PROBES)
    commands = [join_command(as_mapping(probe.get("exec")).get("command")) for probe in probes]
    configured = (str(variables.get(name) or "") for name in PROBE_FILE_VARIABLES)
    marks = (*PROBE_FILE_VARIABLES, DEFAULT_PROBE_FILES, *filter(None, configured))
    if not any(mark in command for mark in marks for command in commands):
        return ""
    switch = str(variables.get(FILE_PROBES, "")).lower()
    return "not written" if switch in ("false", "0", "no", "off") else "read"


def _read_deadlines(
    kind: str, spec: Mapping[str, Any], container: Mapping[str, Any], where: MigratesIn
) -> Iterator[Deadline]:
    """Yield the time limits of the container that migrates."""
    if kind == "Deployment":
        seconds = int(spec.get("progressDeadlineSeconds") or PROGRESS_DEADLINE)
        yield Deadline("progressDeadlineSeconds", seconds)
    if kind in TASK_KINDS and spec.get("activeDeadlineSeconds"):
        yield Deadline("activeDeadlineSeconds", int(spec["activeDeadlineSeconds"]))
    if where != "entry point":
        return
    # The probes run while the entry point still migrates.
    startup = as_mapping(container.get("startupProbe"))
    liveness = as_mapping(container.get("livenessProbe"))
    for name, probe in (("startupProbe", startup), ("livenessProbe", liveness)):
        if probe:
            period = int(probe.get("periodSeconds") or 10)
            failures = int(probe.get("failureThreshold") or 3)
            yield Deadline(name, int(probe.get("initialDelaySeconds") or 0) + period * failures)
            return  # The liveness probe starts when the startup probe has succeeded.


def read_services(objects: Objects) -> Iterator[str]:
    """Yield the names of the Services."""
    return (name_of(one) for one in objects if one.get("kind") == "Service")
