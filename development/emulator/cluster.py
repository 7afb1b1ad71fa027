"""The Deployments and pods of an emulated cluster."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shlex
import string
import time
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

from .images import find_image
from .machine import MINIMAL_PATH, EmulatorError, Machine

INIT = "nautobot-server post_upgrade"
"""What the init container of a web pod runs: the entry point of the image."""
START_SECONDS = 2
"""Time until a container is created. A real cluster also has to schedule it."""
BACKOFF_SECONDS = 10
"""Time until the kubelet starts a failed container again. It doubles each time."""
DEADLINE_SECONDS = 600
"""Default of ``progressDeadlineSeconds``."""
MEMORY_PROGRAM = Path(__file__).with_name("memory.py")
RESTARTS = "restarts"
NOT_FOUND = 1
TEMPORARY = "/tmp/"


class Cluster:
    """One namespace of a cluster."""

    def __init__(self, namespace: str, machine: Machine | None = None) -> None:
        self.machine = machine or Machine()
        self.namespace = namespace

    def create_deployment(
        self, name: str, image: str, command: str, env: dict[str, str], **limits: int
    ) -> None:
        """Create a Deployment without replicas. A web Deployment has an init container.

        Args:
            name: Its name.
            image: The image of its containers.
            command: The command of its container.
            env: The variables of its containers.
            limits: ``progress_deadline`` in seconds, ``memory_mib`` of the init container.
        """
        with self.machine.state() as state:
            state.setdefault("namespaces", []).append(self.namespace)
            state.setdefault("deployments", {})[name] = {
                "image": image,
                "command": command,
                "env": env,
                "init": "celery" not in name,
                "replicas": 0,
                "changed": time.time(),
                "progress_deadline": DEADLINE_SECONDS,
                "memory_mib": 0,
                **limits,
            }

    def deployment(self, name: str) -> dict[str, Any]:
        """Return a Deployment."""
        with self.machine.state() as state:
            if self.namespace not in state.get("namespaces", ()):
                raise EmulatorError(f'namespaces "{self.namespace}" not found', NOT_FOUND)
            found = state.get("deployments", {}).get(name)
        if not found:
            raise EmulatorError(f'deployments.apps "{name}" not found', NOT_FOUND)
        return dict(found)

    def pods(self, deployment: str = "") -> dict[str, Any]:
        """Return the pods, those of a Deployment or all."""
        with self.machine.state() as state:
            pods = dict(state.get("pods", {}))
        return {
            name: pod for name, pod in pods.items() if deployment in ("", pod.get("deployment"))
        }

    def pod(self, name: str) -> dict[str, Any]:
        """Return a pod."""
        pods = self.pods()
        if name not in pods:
            raise EmulatorError(f'pods "{name}" not found', NOT_FOUND)
        return dict(pods[name])

    def is_ready(self, pod: str) -> bool:
        """Return whether the init containers of a pod have ended, and its container runs."""
        return (self._folder(pod) / "ready").exists() and self.machine.is_running(pod)

    def scale(self, name: str, replicas: int) -> None:
        """Set the number of replicas. Pods start and end later, as in a real cluster."""
        self.deployment(name)
        with self.machine.state() as state:
            state["deployments"][name] |= {"replicas": replicas, "changed": time.time()}
        self.reconcile(name)

    def set_image(self, name: str, image: str) -> None:
        """Change the template of a Deployment. All its pods are replaced."""
        with self.machine.state() as state:
            state["deployments"][name] |= {"image": image, "changed": time.time()}
        self.reconcile(name)

    def reconcile(self, name: str) -> None:
        """Have a process start and delete pods until they are as the Deployment states."""
        with self.machine.state() as state:
            is_running = name in state.setdefault("reconciling", [])
            if not is_running:
                state["reconciling"].append(name)
        if not is_running:
            in_background(lambda: self._reconcile(name))

    def _reconcile(self, name: str) -> None:
        while True:
            wanted = self.deployment(name)
            if self._take_steps(name, wanted):
                with self.machine.state() as state:
                    if state["deployments"][name] == wanted:
                        state["reconciling"].remove(name)
                        return
            time.sleep(0.5)

    def _take_steps(self, name: str, wanted: dict[str, Any]) -> bool:
        """Take the next steps of a rolling update. Return whether nothing is left to do.

        As by default in a cluster, a quarter of the replicas may be started in addition, and a
        quarter of them may be missing.
        """
        pods, replicas = self.pods(name), wanted["replicas"]
        current = [pod for pod, made in pods.items() if made["image"] == wanted["image"]]
        old = [pod for pod in pods if pod not in current]
        if not old and len(current) == replicas:
            return True
        room = replicas + ceil(replicas / 4) - len(pods) if old else replicas
        for _ in range(min(room, replicas - len(current))):
            pod = self._pod_name(name, wanted["image"])
            self.start_pod(pod, {**wanted, "deployment": name})
        ready = [pod for pod in pods if self.is_ready(pod)]
        dispensable = max(0, len(ready) - (replicas - replicas // 4))
        broken = [pod for pod in old if pod not in ready]
        replaced = [pod for pod in old if pod in ready][:dispensable]
        for pod in (*broken, *replaced, *current[replicas:]):
            self.delete_pod(pod)
        return False

    @staticmethod
    def _pod_name(deployment: str, image: str) -> str:
        suffix = "".join(random.choices(string.ascii_lowercase + string.digits, k=5))
        return f"{deployment}-{hashlib.sha256(image.encode()).hexdigest()[:10]}-{suffix}"

    def start_pod(self, name: str, pod: dict[str, Any]) -> None:
        """Create a pod, and start its containers."""
        if name in self.pods():
            raise EmulatorError(f'pods "{name}" already exists')
        with self.machine.state() as state:
            state.setdefault("pods", {})[name] = pod
        ready = shlex.quote(str(self._folder(name) / "ready"))
        init = f"{self._init(name, pod)} && " if pod["init"] else ""
        script = f"sleep {START_SECONDS} && {init}touch {ready} && exec {pod['command']}"
        self._folder(name).mkdir(parents=True, exist_ok=True)
        self.machine.start(name, ["sh", "-c", script], self.variables(name), self.machine.folder)

    def _init(self, name: str, pod: dict[str, Any]) -> str:
        """Return the command of the init container, which the kubelet starts again if it fails."""
        limit = pod.get("memory_mib")
        limited = f"python {MEMORY_PROGRAM} {limit} {INIT}" if limit else INIT
        restarts = shlex.quote(str(self._folder(name) / RESTARTS))
        wait = f"echo restarted >> {restarts}; sleep $wait; wait=$((wait * 2))"
        return f"wait={BACKOFF_SECONDS}; until {limited}; do {wait}; done"

    def restarts(self, name: str) -> int:
        """Return how often the init container of a pod has failed."""
        path = self._folder(name) / RESTARTS
        return len(path.read_text().splitlines()) if path.exists() else 0

    def is_complete(self, name: str) -> bool:
        """Return whether the pods of a Deployment are those of its template, and ready."""
        wanted, pods = self.deployment(name), self.pods(name)
        return len(pods) == wanted["replicas"] and all(
            pod["image"] == wanted["image"] and self.is_ready(each) for each, pod in pods.items()
        )

    def exceeds_deadline(self, name: str) -> bool:
        """Return whether a rollout has made no progress for its deadline. It goes on anyway."""
        wanted = self.deployment(name)
        files = [self._folder(pod) / "ready" for pod in self.pods(name)]
        progress = [path.stat().st_mtime for path in files if path.exists()]
        last = max([wanted["changed"], *progress])
        return not self.is_complete(name) and time.time() - last > wanted["progress_deadline"]

    def delete_pod(self, name: str) -> None:
        """End the containers of a pod, and delete it with its files."""
        self.machine.stop(name, patience=30)
        with self.machine.state() as state:
            state.get("pods", {}).pop(name, None)

    def variables(self, name: str) -> dict[str, str]:
        """Return the variables of a pod."""
        pod = self.pod(name)
        _, environment = find_image(self.machine, pod["image"])
        own = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "HOSTNAME": name}
        path = f"{environment / 'bin'}:{MINIMAL_PATH}"
        return {**self.machine.variables(path), **own, **pod["env"]}

    def inside(self, pod: str, text: str) -> str:
        """Return a command with the files of the pod: each pod has its own ``/tmp``.

        The folder of the emulator itself is a volume that all pods share.
        """
        own, volume = f"{self._folder(pod)}{TEMPORARY}", re.escape(str(self.machine.folder))
        pattern = f"{volume}|{TEMPORARY}"
        return re.sub(pattern, lambda found: own if found[0] == TEMPORARY else found[0], text)

    def _folder(self, pod: str) -> Path:
        return self.machine.folder / "pods" / pod


def in_background(function: Callable[[], object]) -> None:
    """Run a function in a process of its own, and do not wait for it."""
    if os.fork() == 0:
        os.setsid()
        # A caller that reads the output of the program would wait for this process, too.
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        try:
            function()
        finally:
            os._exit(0)
