"""A controller that manages a Helm release, as Flux with ``upgrade.remediation``."""

from __future__ import annotations

import time

from .cluster import Cluster, in_background
from .machine import Machine

INTERVAL_SECONDS = 5


def key_of(name: str) -> str:
    """Return the key of a HelmRelease in the state of the emulator."""
    return f"helmreleases.helm.toolkit.fluxcd.io/{name}"


def start_controller(namespace: str, name: str, machine: Machine) -> None:
    """Create a HelmRelease, and roll back the release when a rollout exceeds its deadline.

    Args:
        namespace: The namespace of the release.
        name: The name of the HelmRelease, and of the release.
        machine: The machine of the cluster. The controller ends with its state.
    """
    with machine.state() as state:
        state.setdefault("objects", {})[key_of(name)] = {"spec": {"suspend": False}}
        images = {each: state["deployments"][each]["image"] for each in state["deployments"]}
    in_background(lambda: _reconcile(Cluster(namespace, machine), name, images))


def _reconcile(cluster: Cluster, name: str, images: dict[str, str]) -> None:
    """Poll the rollouts. ``images`` are those of the last release that was healthy."""
    while True:
        time.sleep(INTERVAL_SECONDS)
        with cluster.machine.state() as state:
            if name not in state.get("releases", {}):
                return
            if state["objects"][key_of(name)]["spec"]["suspend"]:
                continue
            current = {each: state["deployments"][each]["image"] for each in images}
        changed = [each for each, image in images.items() if current[each] != image]
        if any(cluster.exceeds_deadline(each) for each in changed):
            with cluster.machine.state() as state:
                state["objects"][key_of(name)]["rolled_back"] = time.time()
            for each in changed:
                cluster.set_image(each, images[each])
