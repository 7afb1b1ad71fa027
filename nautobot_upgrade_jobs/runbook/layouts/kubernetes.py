"""Nautobot on Kubernetes by its Helm chart. The commands run outside of the cluster.

The commands of the plan run in two pods, which are copies of a web pod without its entry point and
its init containers: these would migrate the database. Source: kubectl debug --copy-to,
nautobot/helm-charts.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ...common.files import (
    CONSTRAINTS,
    KEPT_CONFIGURATION,
    KEPT_IMAGES,
    KEPT_REPLICAS,
    KEPT_VALUES,
)
from ...facts.manifests import Controller
from ...rollback.package_set import RollbackPlan
from ..requirement_files import format_versions, version_assertion
from ..steps import Step
from ..target_packages import TargetPackages
from .base import FOLDER_INSTRUCTION, WHY_START, WHY_STOP, Layout, NextPackages
from .containers import path_in_container
from .gitops import resume_controllers, suspend_controllers

NEXT_POD = "nautobot-plan-next"
CONTAINER = "nautobot"
"""Name of the container in the pods of the chart."""
FOLDER = "/tmp/window"  # noqa: S108 - in a pod that only the plan uses
WAIT = "10m"
IMAGES = {"target": '"$TARGET_IMAGE"', "previous": f'"$(cat {KEPT_IMAGES})"'}
"""The image that the release gets, as the shell evaluates it."""
NO_INIT = "--keep-init-containers=false"


@dataclass(frozen=True)
class Kubernetes(Layout):
    """Deployments of a Helm release."""

    pod: str = ""
    """The pod that runs the commands. Empty for the pod of the installed release."""

    @property
    def instructions(self) -> str:
        """Run everything where kubectl and helm reach the cluster."""
        return (
            f"{FOLDER_INSTRUCTION}, on a machine with kubectl 1.31 or newer and helm, which may "
            "manage this release. Suspend a GitOps controller of this release first: it would undo "
            "the steps. Do not use `helm --atomic`: it would put old code in front of a migrated "
            "database."
        )

    @property
    def _pod(self) -> str:
        """The name of the pod of the installed release. A pod of another release differs."""
        return f"nautobot-plan-{re.sub('[^a-z0-9]+', '-', self.runtime.nautobot.lower())}"

    @property
    def _kubectl(self) -> str:
        return f"kubectl --namespace {shlex.quote(self.deployment.value('namespace'))}"

    @property
    def _helm(self) -> str:
        return f"helm --namespace {shlex.quote(self.deployment.value('namespace'))}"

    @property
    def _release(self) -> str:
        return shlex.quote(self.deployment.value("release"))

    @property
    def _deployments(self) -> str:
        return " ".join(shlex.quote(f"deployment/{name}") for name in self.deployment.services)

    def with_new_code(self) -> Layout:
        """Run the commands in the pod of the next image."""
        return replace(self, pod=NEXT_POD)

    def nautobot(
        self, command: str, *, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()
    ) -> str:
        """Run in the pod. Files are copied into the pod before, and out of it afterwards."""
        pod = self.pod or self._pod
        run = f"{self._exec(pod)} sh -c {shlex.quote(f'cd {FOLDER} && {command}')}"
        copy_in = (
            f"tar -cf - {shlex.join(reads)} | {self._exec(pod, ' --stdin')} tar -C {FOLDER} -xf -"
        )
        copy_out = f"{self._exec(pod)} tar -C {FOLDER} -cf - {shlex.join(writes)} | tar -xf -"
        parts = (*((copy_in,) if reads else ()), run, *((copy_out,) if writes else ()))
        # The shell stops at a failure within && only if the list is in a subshell.
        return f"( {' && '.join(parts)} )" if len(parts) > 1 else run

    def _exec(self, pod: str, options: str = "") -> str:
        """Return the start of a command that runs in a pod."""
        return f"{self._kubectl} exec{options} {pod} --container {CONTAINER} --"

    def plan_file(self, path: str) -> str:
        """Return the name only: the path was that of a file in the container."""
        return PurePosixPath(path).name

    def prepare(self) -> Iterator[Step]:
        """Prove the names, and start the pod of the installed release."""
        web = shlex.quote(f"^pod/{self.deployment.value('web')}-[a-z0-9]*-[a-z0-9]*$")
        source = f"$({self._kubectl} get pods --output name | grep -m 1 {web})"
        yield Step(
            "Check the release",
            "These Deployments and this Helm release must exist, and no other may run Nautobot.",
            (
                f"{self._kubectl} get {self._deployments} > /dev/null",
                f"{self._helm} status {self._release} > /dev/null",
            ),
            role="preparation",
        )
        yield Step(
            "Start a pod of the installed release",
            "The pod is a copy of a web pod that serves nothing. It runs the commands while web, "
            "workers and beat are stopped.",
            (
                f"{self._kubectl} get pod {self._pod} > /dev/null 2>&1 || "
                f'{self._kubectl} debug "{source}" --copy-to={self._pod} '
                f"--container={CONTAINER} {NO_INIT} -- sleep infinity",
                f"{self._kubectl} wait --for=condition=Ready --timeout={WAIT} pod/{self._pod}",
                self._make_folder(self._pod),
            ),
            role="preparation",
        )

    def _make_folder(self, pod: str) -> str:
        return f"{self._exec(pod)} mkdir -p {FOLDER}"

    def suspend_controllers(self, controllers: Iterable[Controller]) -> Iterator[Step]:
        """Suspend the controllers that roll back or revert, and prove it."""
        return suspend_controllers(controllers, self.deployment.value("namespace"))

    def resume_controllers(self, controllers: Iterable[Controller]) -> Iterator[Step]:
        """Yield a step by hand: first, the source of the release must name the new image."""
        return resume_controllers(controllers)

    def stop_services(self) -> Step:
        """Scale to zero. The numbers of replicas are saved once."""
        columns = "NAME:.metadata.name,REPLICAS:.spec.replicas"
        names = "|".join(self.deployment.services)
        pattern = shlex.quote(f"^pod/({names})-[a-z0-9]+-[a-z0-9]{{5}}$")
        # If kubectl fails, the services count as running.
        pods = f'pods="$({self._kubectl} get pods --output name)"'
        stopped = f'{pods} && ! grep -E {pattern} <<< "$pods"'
        return Step(
            "Stop web, workers and beat",
            WHY_STOP,
            (
                f"test -s {KEPT_REPLICAS} || {self._kubectl} get {self._deployments} --no-headers "
                f"--output custom-columns={columns} > {KEPT_REPLICAS}",
                f"{self._kubectl} scale --replicas=0 {self._deployments}",
                f"for attempt in {{1..60}}; do {stopped} && break; sleep 5; done",
            ),
            stopped,
            role="stop",
        )

    def start_services(self, packages: NextPackages) -> Step:
        """Give the release its image, so that a synchronization keeps it, and scale up."""
        scale = f'{self._kubectl} scale --replicas="$number" deployment/"$name"'
        scale_up = (
            f"while read -r name number; do {scale} < /dev/null; done < {KEPT_REPLICAS}",
            self._wait_for_rollouts,
        )
        complete = self._rollouts_are_complete
        if packages == "unchanged":
            return Step("Start web, workers and beat", WHY_START, scale_up, complete, role="start")
        return Step(
            "Set the image of the release, and start web, workers and beat",
            f"{WHY_START} Write the image into your values, too, or the next synchronization "
            "reverts it.",
            (*self._set_image(packages), *scale_up),
            complete,
            role="start",
        )

    @property
    def restarts_in_turn(self) -> bool:
        """A pod of the target's image runs next to the pods of the release."""
        return True

    def restart_services(self) -> Step:
        """Give the release its image: Kubernetes replaces the pods one after another."""
        return Step(
            "Set the image of the release, which replaces the pods one after another",
            "Where web has several replicas, users can work. Write the image into your values, "
            "too, or the next synchronization reverts it.",
            (*self._set_image("target"), self._wait_for_rollouts),
            self._rollouts_are_complete,
            role="start",
        )

    def _set_image(self, packages: NextPackages) -> tuple[str, ...]:
        return (
            f"image={IMAGES[packages]}",
            f"{self._helm} upgrade {self._release} {self._chart} --reuse-values "
            '--set-string nautobot.image.registry="${image%%/*}" '
            '--set-string nautobot.image.repository="$(echo "${image#*/}" | cut -d: -f1)" '
            '--set-string nautobot.image.tag="${image##*:}" --timeout 30m',
        )

    @property
    def _wait_for_rollouts(self) -> str:
        """The command that waits until all pods run and are ready."""
        # A rollout that exceeds the progress deadline fails at once, but goes on in the cluster.
        return f"for attempt in {{1..60}}; do {self._rollouts_are_complete} && break; sleep 5; done"

    @property
    def _rollouts_are_complete(self) -> str:
        return " && ".join(
            f"{self._kubectl} rollout status --timeout={WAIT} {shlex.quote(f'deployment/{name}')}"
            for name in self.deployment.services
        )

    @property
    def _chart(self) -> str:
        chart = shlex.quote(self.deployment.value("chart"))
        version = f"{self._helm} get metadata {self._release} | sed -n 's/^VERSION: //p'"
        return f'{chart} --version "$({version})"'

    def save_environment(self) -> Step:
        """Save the configuration, the values of the release and the name of the image."""
        image = "{.spec.containers[0].image}"
        return Step(
            "Save the configuration, the values and the name of the image",
            "Until migrations have run, a rollback means starting the previous image. The values "
            "can contain secrets.",
            (
                "umask 077",
                self.nautobot(
                    f"cp -p {path_in_container(self.runtime.config_file)} {KEPT_CONFIGURATION}",
                    writes=(KEPT_CONFIGURATION,),
                ),
                f"{self._helm} get values {self._release} > {KEPT_VALUES}",
                f"{self._kubectl} get pod {self._pod} --output jsonpath='{image}' > {KEPT_IMAGES}",
            ),
            f"test -s {KEPT_IMAGES} && test -s {KEPT_CONFIGURATION}",
            role="preparation",
        )

    def install(self, target: TargetPackages) -> Iterator[Step]:
        """Start a pod of the target's image, which the operator has built and pushed."""
        yield Step(
            "Start a pod of the target",
            f"Build and push the image before the window (FROM ghcr.io/nautobot/nautobot:"
            f"{target.release}-py{self.python}, COPY {CONSTRAINTS} ., "
            f"RUN {target.install_command}), and set TARGET_IMAGE to its whole name with "
            f"registry and tag. {target.why}",
            self._start_next_pod(IMAGES["target"]),
            self.with_new_code().nautobot(version_assertion([("nautobot", target.release)])),
        )

    def _start_next_pod(self, image: str) -> tuple[str, ...]:
        """Return the commands that start a pod with another image, its entry point bypassed."""
        return (
            f"{self._kubectl} delete pod --ignore-not-found {NEXT_POD}",
            f"{self._kubectl} debug pod/{self._pod} --copy-to={NEXT_POD} "
            f"--container={CONTAINER} --set-image={CONTAINER}={image} {NO_INIT} -- sleep infinity",
            f"{self._kubectl} wait --for=condition=Ready --timeout={WAIT} pod/{NEXT_POD}",
            self._make_folder(NEXT_POD),
        )

    def restore_environment(self, plan: RollbackPlan) -> Iterator[Step]:
        """Start a pod of the previous image. The configuration is part of the release's values."""
        versions = (("nautobot", plan.release),) if plan.release else plan.named_versions
        yield Step(
            "Start a pod of the previous image",
            f"{KEPT_IMAGES} contains the name of the image. If the values or the configuration "
            f"were changed for the upgrade, restore them from {KEPT_VALUES} and "
            f"{KEPT_CONFIGURATION} when the image is set.",
            self._start_next_pod(IMAGES["previous"]),
            self.with_new_code().nautobot(version_assertion(versions)),
        )

    def install_older_apps(self, plan: RollbackPlan) -> Iterator[Step]:
        """Start a pod of an image with the older Apps, which the operator has built."""
        versions = format_versions(plan.named_versions)
        yield Step(
            "Start a pod of the image with the older Apps",
            f"Build and push an image with these versions, and set TARGET_IMAGE to its whole name: "
            f"{versions}",
            self._start_next_pod(IMAGES["target"]),
            self.with_new_code().nautobot(version_assertion(plan.named_versions)),
        )

    def clean_up(self) -> Iterator[Step]:
        """Delete the pods of the plan."""
        yield Step(
            "Delete the pods of the plan",
            "The release now has the new image. Write it into the source of the release before you "
            "resume a GitOps controller.",
            (f"{self._kubectl} delete pod --ignore-not-found {self._pod} {NEXT_POD}",),
        )
