"""Read Kubernetes objects: those of ``helm template``, and those of GitOps controllers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...facts.manifests import Chart, Controller, Deadline, MigratesIn, Workload
from ..support.service_roles import role_of_command
from .values import (
    as_mapping,
    as_mappings,
    join_command,
    parse_duration,
    parse_memory,
    read_hosts,
    skips_init,
)

CHART = "nautobot"
CHART_LABEL = "helm.sh/chart"
PROGRESS_DEADLINE = 600
"""Default of ``progressDeadlineSeconds``."""
FLUX_TIMEOUT = "5m0s"
"""Default of ``spec.timeout`` of a HelmRelease."""
SERVICE_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
TASK_KINDS = ("Job", "CronJob", "Pod")
"""Kinds whose containers end. With the entry point of the image, each of them migrates first."""
DATABASES = ("postgres", "mysql", "mariadb")

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
PROBE_FILES = "nautobot_celery_"
"""How the names of the files start that Celery processes write for probes."""

Objects = Sequence[Mapping[str, Any]]


def read_workloads(objects: Objects, file: str) -> Iterator[Workload]:
    """Yield the Deployments, StatefulSets and Jobs that run Nautobot or its database."""
    scalers = {
        as_mapping(_spec(one).get("scaleTargetRef")).get("name"): _spec(one).get("maxReplicas")
        for one in objects
        if one.get("kind") == "HorizontalPodAutoscaler"
    }
    config_maps = {
        _name(one): as_mapping(one.get("data")) for one in objects if one.get("kind") == "ConfigMap"
    }
    for one in objects:
        if one.get("kind") in (*SERVICE_KINDS, *TASK_KINDS):
            workload = _read_workload(one, config_maps, file)
            replicas = max(workload.replicas, int(scalers.get(workload.name) or 0))
            yield Workload(**{**vars(workload), "replicas": replicas})


def _read_workload(
    one: Mapping[str, Any], config_maps: Mapping[str, Mapping[str, Any]], file: str
) -> Workload:
    kind, spec = str(one.get("kind")), _spec(one)
    if kind == "CronJob":
        spec = _spec(as_mapping(spec.get("jobTemplate")))
    pod = spec if kind == "Pod" else _spec(as_mapping(spec.get("template")))
    (main, *_) = [*as_mappings(pod.get("containers")), {}]
    role = _find_role(one, main)
    migrating, where = _find_migrating_container(pod, kind, role, config_maps)
    limits = as_mapping(as_mapping(migrating.get("resources")).get("limits"))
    return Workload(
        _name(one),
        kind,
        role,
        file,
        str(main.get("image", "")),
        int(spec.get("replicas", 1)),
        where,
        tuple(_read_deadlines(kind, spec, migrating, where)) if where else (),
        parse_memory(limits.get("memory")) if where else None,
        read_hosts(_read_variables(main, config_maps)),
        _has_file_probe(main),
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
    return "web" if "nautobot" in image and one.get("kind") == "Deployment" else ""


def _find_migrating_container(
    pod: Mapping[str, Any], kind: str, role: str, config_maps: Mapping[str, Mapping[str, Any]]
) -> tuple[Mapping[str, Any], MigratesIn]:
    """Return the container that runs ``post_upgrade``, and what it is in its pod."""
    for container in as_mappings(pod.get("initContainers")):
        if _migrates(container, config_maps):
            return container, "init container"
    for container in as_mappings(pod.get("containers")):
        if role in ("web", "worker", "beat") and _migrates(container, config_maps):
            return container, "entry point"
        if kind in TASK_KINDS and _migrates(container, config_maps):
            return container, "job"
    return {}, ""


def _migrates(container: Mapping[str, Any], config_maps: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether a container runs the entry point of Nautobot's image, or ``migrate``."""
    command = join_command(container.get("command"), container.get("args"))
    if "post_upgrade" in command or "nautobot-server migrate" in command:
        return True
    if "nautobot" not in str(container.get("image", "")) or container.get("command"):
        return False
    return not skips_init(_read_variables(container, config_maps))


def _read_variables(
    container: Mapping[str, Any], config_maps: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Return the environment variables of a container whose values are not secret."""
    variables: dict[str, Any] = {}
    for source in as_mappings(container.get("envFrom")):
        name = as_mapping(source.get("configMapRef")).get("name")
        variables |= config_maps.get(str(name), {})
    named = as_mappings(container.get("env"))
    return variables | {str(one.get("name")): one.get("value") for one in named}


def _has_file_probe(container: Mapping[str, Any]) -> bool:
    """Return whether a probe reads a file of a Celery process, by the default names."""
    probes = (as_mapping(container.get(name)) for name in PROBES)
    commands = (join_command(as_mapping(probe.get("exec")).get("command")) for probe in probes)
    return any(PROBE_FILES in command for command in commands)


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


def read_charts(objects: Objects, file: str) -> Iterator[Chart]:
    """Yield the versions of Nautobot's chart: of rendered objects, and of a HelmRelease."""
    for one in objects:
        label = str(as_mapping(as_mapping(one.get("metadata")).get("labels")).get(CHART_LABEL, ""))
        name, _, version = label.partition("-")
        if one.get("kind") == "HelmRelease":
            spec = _spec(as_mapping(_spec(one).get("chart")))
            name, version = str(spec.get("chart", "")), str(spec.get("version") or "")
        elif one.get("kind") == "Application":
            source = as_mapping(_spec(one).get("source"))
            name, version = str(source.get("chart", "")), str(source.get("targetRevision") or "")
        if name.rpartition("/")[2] == CHART and version:
            yield Chart(version, file)


def read_services(objects: Objects) -> Iterator[str]:
    """Yield the names of the Services."""
    return (_name(one) for one in objects if one.get("kind") == "Service")


def read_controllers(objects: Objects, file: str) -> Iterator[Controller]:
    """Yield the objects of Flux and Argo CD that manage a release."""
    for one in objects:
        spec, name = _spec(one), _name(one)
        if one.get("kind") == "HelmRelease":
            yield Controller(
                "HelmRelease",
                name,
                file,
                rollback=_flux_rollback(spec),
                reverts="the reconciliation",
                deadlines=_flux_timeout(spec),
                namespace=_namespace(one),
            )
        elif one.get("kind") == "Application":
            automated = as_mapping(spec.get("syncPolicy")).get("automated")
            heals = bool(as_mapping(automated).get("selfHeal"))
            reverts = "selfHeal" if heals else ""
            yield Controller("Application", name, file, reverts=reverts, namespace=_namespace(one))


def _flux_rollback(spec: Mapping[str, Any]) -> str:
    """Return the setting by which Flux rolls back a failed upgrade. Empty if it does not.

    Source: the API of HelmRelease. Without retries, nothing is remediated; with retries, all
    failures but the last are.
    """
    upgrade = as_mapping(as_mapping(spec.get("upgrade")).get("remediation"))
    retries = int(upgrade.get("retries") or 0)
    last = upgrade.get("remediateLastFailure", retries != 0)
    strategy = str(upgrade.get("strategy", "rollback"))
    return f"upgrade.remediation (strategy {strategy})" if retries or last else ""


def _flux_timeout(spec: Mapping[str, Any]) -> tuple[Deadline, ...]:
    seconds = parse_duration(spec.get("timeout", FLUX_TIMEOUT))
    return () if seconds is None else (Deadline("timeout of the HelmRelease", seconds),)


def _spec(one: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_mapping(one.get("spec"))


def _namespace(one: Mapping[str, Any]) -> str:
    return str(as_mapping(one.get("metadata")).get("namespace", ""))


def _name(one: Mapping[str, Any]) -> str:
    return str(as_mapping(one.get("metadata")).get("name", ""))
