"""Objects as the Helm chart renders them, and objects of Flux and Argo CD."""

import copy

import pytest

from nautobot_upgrade_jobs.collect.manifest_files.cluster_objects import ClusterObjects
from nautobot_upgrade_jobs.collect.manifest_files.kubernetes import read_services, read_workloads
from nautobot_upgrade_jobs.facts.manifests import Deadline

IMAGE = "ghcr.io/nautobot/nautobot:2.4.44-py3.11"


def labelled(kind, name, component, spec):
    labels = {"app.kubernetes.io/component": component, "app.kubernetes.io/instance": "nautobot"}
    return {"kind": kind, "metadata": {"name": name, "labels": labels}, "spec": spec}


def deployment(name, component, containers, init=(), replicas=2, **more):
    pod = {"containers": list(containers), "initContainers": list(init)}
    spec = {"replicas": replicas, "template": {"spec": pod}, **more}
    return labelled("Deployment", name, component, spec)


NO_INIT = {"name": "NAUTOBOT_DOCKER_SKIP_INIT", "value": "true"}
WEB = {"name": "nautobot", "image": IMAGE, "env": [NO_INIT]}
INIT = {
    "name": "nautobot-init",
    "image": IMAGE,
    "args": ["echo", "done"],
    "envFrom": [{"configMapRef": {"name": "nautobot-env-init"}}],
}
CELERY = {
    "name": "nautobot-celery",
    "image": IMAGE,
    "command": ["nautobot-server", "celery", "worker"],
}
CHART = [
    {"kind": "ConfigMap", "metadata": {"name": "nautobot-env-init"}, "data": {"A": "b"}},
    deployment("nautobot-default", "nautobot-default", [WEB], [INIT]),
    deployment("nautobot-celery-default", "nautobot-celery-default", [CELERY]),
    deployment(
        "nautobot-celery-beat",
        "nautobot-celery-beat",
        [{**CELERY, "command": ["nautobot-server", "celery", "beat"]}],
        replicas=1,
    ),
    {
        "kind": "StatefulSet",
        "metadata": {"name": "nautobot-postgresql"},
        "spec": {"template": {"spec": {"containers": [{"image": "bitnami/postgresql:15.4.0"}]}}},
    },
    {"kind": "Service", "metadata": {"name": "nautobot"}, "spec": {"ports": []}},
]


def read(objects=CHART):
    cluster = ClusterObjects(objects)
    return {one.name: one for one in read_workloads(objects, "chart.yaml", cluster)}


def test_chart_migrates_in_the_init_container_of_each_web_pod():
    found = read()
    assert {name: one.role for name, one in found.items()} == {
        "nautobot-default": "web",
        "nautobot-celery-default": "worker",
        "nautobot-celery-beat": "beat",
        "nautobot-postgresql": "database",
    }
    web = found["nautobot-default"]
    assert (web.migrates_in, web.replicas) == ("init container", 2)
    assert web.deadlines == (Deadline("progressDeadlineSeconds", 600),)
    assert not any(one.migrates_in for one in found.values() if one is not web)


def test_autoscaler_raises_the_number_of_replicas():
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "spec": {"scaleTargetRef": {"name": "nautobot-default"}, "maxReplicas": 5},
    }
    found = read([*CHART, scaler])
    assert found["nautobot-default"].replicas == 5
    assert found["nautobot-celery-default"].replicas == 2


def test_single_init_job_migrates_once():
    job = labelled(
        "Job",
        "nautobot-init",
        "nautobot-init",
        {"activeDeadlineSeconds": 300, "template": {"spec": {"containers": [INIT]}}},
    )
    found = read([job, deployment("nautobot-default", "nautobot-default", [WEB])])
    assert found["nautobot-init"].migrates_in == "job"
    assert found["nautobot-init"].deadlines == (Deadline("activeDeadlineSeconds", 300),)
    assert found["nautobot-default"].migrates_in == ""


def test_config_map_can_switch_the_init_off():
    objects = copy.deepcopy(CHART)
    objects[0]["data"] = {"NAUTOBOT_DOCKER_SKIP_INIT": "true"}
    assert read(objects)["nautobot-default"].migrates_in == ""


@pytest.mark.parametrize(
    ("container", "deadlines"),
    [
        (
            {"livenessProbe": {"periodSeconds": 30, "failureThreshold": 3}},
            [("livenessProbe", 90)],
        ),
        (
            {
                "startupProbe": {"periodSeconds": 10, "failureThreshold": 30},
                "livenessProbe": {"periodSeconds": 10},
            },
            [("startupProbe", 300)],
        ),
        ({"livenessProbe": {"initialDelaySeconds": 60}}, [("livenessProbe", 90)]),
        ({}, []),
    ],
)
def test_probes_end_a_migration_in_the_entry_point(container, deadlines):
    web = {"name": "nautobot", "image": IMAGE, **container}
    (one,) = read(
        [deployment("web", "nautobot-default", [web], progressDeadlineSeconds=20)]
    ).values()
    assert one.migrates_in == "entry point"
    assert one.deadlines == tuple(
        Deadline(*each) for each in [("progressDeadlineSeconds", 20), *deadlines]
    )


def test_memory_limit_is_that_of_the_container_that_migrates():
    init = {**INIT, "resources": {"limits": {"memory": "512Mi"}}}
    web = {**WEB, "resources": {"limits": {"memory": "4Gi"}}}
    (one,) = read([deployment("web", "nautobot-default", [web], [init])]).values()
    assert one.memory_mib == 512


@pytest.mark.parametrize("one", [{}, {"kind": "Deployment"}, {"kind": "Job", "spec": []}])
def test_incomplete_object_is_no_error(one):
    assert all(found.role == "" for found in read_workloads([one], "x", ClusterObjects([one])))


TASK = {"containers": [{"image": IMAGE, "args": ["nautobot-server", "runjob", "x"]}]}


@pytest.mark.parametrize(
    "one",
    [
        {"kind": "Pod", "spec": TASK},
        {"kind": "Job", "spec": {"template": {"spec": TASK}}},
        {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": TASK}}}}},
    ],
)
def test_task_in_the_image_migrates_before_its_command(one):
    """A schedule that starts the new image migrates, although no web pod does."""
    (found,) = read([one]).values()
    assert found.migrates_in == "job"


@pytest.mark.parametrize(("replicas", "expected"), [(0, 0), (1, 1), (3, 3)])
def test_replicas_of_a_deployment_that_is_scaled_to_zero(replicas, expected):
    (found,) = read([deployment("web", "nautobot-default", [WEB], replicas=replicas)]).values()
    assert found.replicas == expected


def test_variables_name_the_servers():
    config = {
        "kind": "ConfigMap",
        "metadata": {"name": "nautobot-env"},
        "data": {"NAUTOBOT_DB_HOST": "db.example.org", "NAUTOBOT_REDIS_HOST": ""},
    }
    web = {**WEB, "envFrom": [{"configMapRef": {"name": "nautobot-env"}}]}
    (one,) = read([config, deployment("web", "nautobot-default", [web])]).values()
    assert one.hosts == {"database": "db.example.org"}


READY = "/tmp/nautobot_celery_worker_ready"
HEARTBEAT = "NAUTOBOT_CELERY_WORKER_HEARTBEAT_FILE"
SWITCH = "NAUTOBOT_CELERY_HEALTH_PROBES_AS_FILES"


def probe(command):
    return {"exec": {"command": ["bash", "-c", command]}}


@pytest.mark.parametrize(
    ("probes", "variables", "found"),
    [
        ({"readinessProbe": probe(f"test -e {READY}")}, {}, "read"),
        ({"readinessProbe": probe(f"test -e {READY}")}, {SWITCH: "True"}, "read"),
        ({"readinessProbe": probe(f"test -e {READY}")}, {SWITCH: "False"}, "not written"),
        ({"livenessProbe": probe(f"test -e ${HEARTBEAT}")}, {}, "read"),
        ({"livenessProbe": probe("test -e /w/beat")}, {HEARTBEAT: "/w/beat"}, "read"),
        ({"livenessProbe": probe("test -e /w/beat")}, {}, ""),
        ({"startupProbe": probe(f"test -e {READY}"), "livenessProbe": probe("ping")}, {}, "read"),
        ({"livenessProbe": probe("nautobot-server celery inspect ping")}, {}, ""),
        ({"livenessProbe": {"httpGet": {"path": "/health/"}}}, {}, ""),
        ({}, {SWITCH: "False"}, ""),
    ],
)
def test_probe_that_reads_a_file_of_the_worker(probes, variables, found):
    env = [{"name": name, "value": value} for name, value in variables.items()]
    worker = {**CELERY, **probes, "env": env}
    (one,) = read([deployment("w", "nautobot-celery-default", [worker])]).values()
    assert one.file_probe == found


def test_probe_of_beat_reads_a_file_that_older_releases_write():
    beat = {**CELERY, "command": ["nautobot-server", "celery", "beat"]}
    beat["livenessProbe"] = probe("test -e /tmp/nautobot_celery_beat_heartbeat")
    (one,) = read([deployment("b", "nautobot-celery-beat", [beat])]).values()
    assert one.file_probe == ""


def test_read_services_finds_services_only():
    assert list(read_services(CHART)) == ["nautobot"]


@pytest.mark.parametrize(
    "kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"]
)
def test_every_kind_of_service_in_the_image_migrates_in_its_entry_point(kind):
    web = {"name": "nautobot", "image": IMAGE}
    spec = {"replicas": 3, "template": {"spec": {"containers": [web]}}}
    (one,) = read([labelled(kind, "web", "", spec)]).values()
    assert (one.role, one.migrates_in, one.replicas) == ("web", "entry point", 3)


@pytest.mark.parametrize("kind", ["StatefulSet", "Rollout"])
@pytest.mark.parametrize(("image", "role"), [("postgres:16", "database"), ("redis:7", "")])
def test_other_images_are_no_web_service_in_any_kind(kind, image, role):
    spec = {"template": {"spec": {"containers": [{"image": image}]}}}
    (one,) = read([labelled(kind, "x", "", spec)]).values()
    assert (one.role, one.migrates_in) == (role, "")
