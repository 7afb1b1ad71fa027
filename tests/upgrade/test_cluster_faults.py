"""Faults of a cluster during an upgrade: predicted, then real without the plan, not with it.

The cluster is the emulator's. Its containers, limits and controller do what those of Kubernetes
and Flux do: they start late, restart with a growing pause, and end what exceeds a limit.
"""

import json
import os
import re
import subprocess
import time
from typing import ClassVar

import pytest
import yaml
from django.db import connection

from development import dumps
from development.emulator.cluster import Cluster
from development.emulator.controller import key_of, start_controller
from tests.support.deployed import DEPLOYMENTS, TARGET, Kubernetes, deployed
from tests.support.nautobot import CLONE, connected_to, this_instance
from tests.upgrade.test_deployments import plan

pytestmark = [
    pytest.mark.upgrades,
    pytest.mark.network,
    pytest.mark.skipif(
        (this_instance().version, this_instance().name) != (dumps.LTM_VERSION, "2.4.44-postgresql"),
        reason="needs the LTM release on PostgreSQL",
    ),
]
DEADLINE_SECONDS = 20
MEMORY_MIB = 280
"""`post_upgrade` needs 310 MiB with the migrations, and 248 MiB without a pending one."""
KUBECTL = "kubectl --namespace netops"
UPGRADE = (
    "helm --namespace netops upgrade nautobot nautobot/nautobot --version 3.0.1 --reuse-values "
    "--set-string nautobot.image.registry=registry.example "
    "--set-string nautobot.image.repository=netops/nautobot "
    f"--set-string nautobot.image.tag={TARGET} --timeout 5m"
)
"""What an operator without the plan runs."""
STOP = f"{KUBECTL} scale --replicas=0 deployment/nautobot-default && sleep 30"
"""What an operator runs before it, who knows that old code must not write."""


class Replicated(Kubernetes):
    """Two web pods, each with an init container that migrates."""

    web_replicas = 2


class Impatient(Kubernetes):
    """A rollout that may take 20 s, and a controller that rolls it back."""


class Small(Kubernetes):
    """An init container with little memory."""

    limits: ClassVar = {"memory_mib": MEMORY_MIB}


def manifests(here):
    """Return the objects of the release, as ``helm template`` renders them."""
    memory = here.limits.get("memory_mib")
    container = {"name": "nautobot", "image": here.image(here.instance.version)}
    limits = {"resources": {"limits": {"memory": f"{memory}Mi"}}} if memory else {}
    init = {"command": ["nautobot-server", "post_upgrade"], **container, "name": "init", **limits}
    for name, role in DEPLOYMENTS.items():
        pod = {"containers": [container]}
        if role == "web":
            pod["initContainers"] = [init]
        yield {
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": here.web_replicas if role == "web" else 1,
                "progressDeadlineSeconds": DEADLINE_SECONDS if isinstance(here, Impatient) else 600,
                "template": {"spec": pod},
            },
        }
    if isinstance(here, Impatient):
        remediation = {"upgrade": {"remediation": {"retries": 3}}, "timeout": "30m"}
        yield {"kind": "HelmRelease", "metadata": {"name": "nautobot"}, "spec": remediation}


def predicted(here, folder):
    """Run Preflight with the manifests; return the keys of its findings about them."""
    rendered = here.folder / "rendered"
    rendered.mkdir(exist_ok=True)
    (rendered / "release.yaml").write_text(yaml.safe_dump_all(manifests(here)))
    plan(here, f"preflight --target {TARGET} --manifests {rendered}", folder)
    report = json.loads(next(folder.glob("preflight-*.json")).read_text())
    return {one["key"] for one in report["findings"] if one["key"].startswith("manifests.")}


def logs(here):
    paths = here.machine.folder.glob("log/*")
    return {path.stem: path.read_text(errors="replace") for path in paths}


def wait_for(condition, seconds=240):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(1)


def new_pods(cluster):
    """Return the web pods of the target."""
    pods = cluster.pods("nautobot-default")
    return [name for name, pod in pods.items() if pod["image"].endswith(TARGET)]


def rolled_back(here):
    with here.machine.state() as state:
        return "rolled_back" in state.get("objects", {}).get(key_of("nautobot"), {})


def recorded_migrations(here):
    with connected_to(here.database), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        ((number,),) = cursor.fetchall()
    return number


def make_impatient(here):
    """Set the deadline. A fast machine would start a container in less time."""
    with here.machine.state() as state:
        for deployment in state["deployments"].values():
            deployment |= {"progress_deadline": DEADLINE_SECONDS, "changed": time.time()}


def migrate_concurrently(here, cluster):
    """One of the containers stops at what the other has done or is doing."""
    wait_for(lambda: any(cluster.restarts(name) for name in new_pods(cluster)))
    (failed, *_) = [name for name in new_pods(cluster) if cluster.restarts(name)]
    assert re.search("already exists|duplicate key|does not exist|deadlock", logs(here)[failed])


def roll_back_in_the_middle(here, cluster):
    before = recorded_migrations(here)
    wait_for(lambda: recorded_migrations(here) > before)
    make_impatient(here)
    status = here.shell(
        f"{KUBECTL} rollout status --timeout=5m deployment/nautobot-default; echo ended $?",
        check=False,
    )
    assert "exceeded its progress deadline" in status
    assert "ended 1" in status
    wait_for(lambda: rolled_back(here))
    wait_for(lambda: not new_pods(cluster))
    # The old release is back, and the database is neither the old nor the new one.
    done = subprocess.run(
        [here.instance.venv / "bin" / "nautobot-server", "upgrade_jobs", "verify", "--stopped"],
        env=os.environ | here.variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "BLOCKED" in done.stdout, done


def kill_for_memory(here, cluster):
    wait_for(lambda: any(cluster.restarts(name) > 1 for name in new_pods(cluster)))
    assert any("OOMKilled" in text for text in logs(here).values())


FAULTS = {
    "concurrent": (
        Replicated,
        migrate_concurrently,
        {"manifests.concurrent_migrations:nautobot-default"},
    ),
    "deadline and controller": (
        Impatient,
        roll_back_in_the_middle,
        {
            "manifests.deadline_too_short:nautobot-default.progressDeadlineSeconds",
            "manifests.automatic_rollback:HelmRelease.nautobot",
        },
    ),
    "memory": (Small, kill_for_memory, {"manifests.memory_limit_too_low:nautobot-default"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_predicted_fault_happens_without_the_plan(fault, instance, nautobot, tmp_path):
    kind, happens, expected = FAULTS[fault]
    with deployed(kind, instance, tmp_path, f"{CLONE}_faulty") as here:
        assert expected <= predicted(here, tmp_path)
        here.install_app()
        if kind is Impatient:
            start_controller("netops", "nautobot", here.machine)
        if kind is Replicated:  # The replicas of a release that runs are replaced one by one.
            here.shell(STOP)
        here.shell(UPGRADE)
        happens(here, Cluster("netops", here.machine))


@pytest.mark.parametrize("fault", FAULTS)
def test_predicted_fault_does_not_happen_with_the_plan(fault, instance, nautobot, tmp_path):
    kind, _, _ = FAULTS[fault]
    with deployed(kind, instance, tmp_path, f"{CLONE}_planned") as here:
        predicted(here, tmp_path)
        here.install_app()
        if kind is Impatient:
            make_impatient(here)
            start_controller("netops", "nautobot", here.machine)
        image = here.image(TARGET)
        done = here.shell("echo done | bash upgrade.sh --yes", check=False, TARGET_IMAGE=image)
        assert "All steps are complete." in done, done
        assert ("Suspend HelmRelease nautobot" in done) is (kind is Impatient)
        assert not rolled_back(here)
        cluster = Cluster("netops", here.machine)
        assert not [name for name in new_pods(cluster) if cluster.restarts(name)]
        assert here.web_release() == TARGET
