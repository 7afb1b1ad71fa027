"""Nautobot under Docker Compose. The commands run on the host of the containers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ...common.files import CONSTRAINTS, KEPT_CONFIGURATION, KEPT_IMAGES
from ...rollback.package_set import RollbackPlan
from ..requirement_files import format_versions, version_assertion
from ..server_commands import format_options
from ..steps import Step
from ..target_packages import TargetPackages
from .base import WHY_START, WHY_STOP, Layout, NextPackages
from .containers import for_container, path_in_container

OLD_IMAGE = "nautobot-before-upgrade"
"""Name under which the previous image is kept, or a build of the target would remove its name."""


@dataclass(frozen=True)
class Compose(Layout):
    """Services of a project of Docker Compose."""

    @property
    def instructions(self) -> str:
        """Run everything on the host, in the folder of the project."""
        return (
            "Run the commands on the host of the containers, in the folder of docker-compose.yml, "
            "which also contains this plan and its files. The image's user must be allowed to "
            "write there."
        )

    @property
    def _compose(self) -> str:
        known = self.deployment
        files = "".join(format_options(file=name) for name in known.values("files"))
        return f"docker compose{format_options(project_name=known.value('project'))}{files}"

    @property
    def _services(self) -> str:
        return shlex.join(self.deployment.services)

    @property
    def _web(self) -> str:
        return shlex.quote(self.deployment.value("web"))

    def nautobot(
        self, command: str, *, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()
    ) -> str:
        """Run in a new container. The entry point would migrate the database, so it is bypassed."""
        return (
            f"{self._compose} run --rm -T --entrypoint '' "
            f'--volume "${{PWD}}":/window --workdir /window {self._web} {for_container(command)}'
        )

    def plan_file(self, path: str) -> str:
        """Return the name only: the path was that of a file in the container."""
        return PurePosixPath(path).name

    def prepare(self) -> Iterator[Step]:
        """Prove that the services exist."""
        names = " ".join(f"-e {shlex.quote(name)}" for name in self.deployment.services)
        count = len(self.deployment.services)
        found = f'test "$({self._compose} config --services | grep -cxF {names})" = {count}'
        image = f'test "$({self._inspect("{{.Image}}")} | wc -l)" = 1'
        yield Step(
            "Check the services",
            "The project must have these services with one image, and no other service may run "
            "Nautobot.",
            (found, image),
            role="preparation",
        )

    def stop_services(self) -> Step:
        """Stop the containers."""
        running = f"{self._compose} ps --quiet --status running {self._services}"
        return Step(
            "Stop web, workers and beat",
            WHY_STOP,
            (f"{self._compose} stop {self._services}",),
            f'containers="$({running})" && test -z "$containers"',
            role="stop",
        )

    def start_services(self, packages: NextPackages) -> Step:
        """Start the containers from the current image."""
        return Step(
            "Start web, workers and beat",
            WHY_START,
            (f"{self._compose} up --detach {self._services}",),
            role="start",
        )

    @property
    def restarts_in_turn(self) -> bool:
        """An image is built while containers of the previous image run."""
        return True

    def restart_services(self) -> Step:
        """Replace the containers by containers of the new image."""
        return Step(
            "Replace the containers of web, workers and beat",
            "Compose replaces each container whose image has changed. Requests wait until the new "
            "web container is healthy.",
            (f"{self._compose} up --detach {self._services}",),
            role="start",
        )

    def save_environment(self) -> Step:
        """Keep the image under a second name, and copy the configuration out of it."""
        return Step(
            "Save the configuration and the image",
            "Until migrations have run, a rollback means starting the previous image.",
            (
                self.nautobot(f"cp -p {self._configuration} {KEPT_CONFIGURATION}"),
                f"{self._inspect('{{.Config.Image}}')} > {KEPT_IMAGES}",
                f'docker tag "$({self._inspect("{{.Image}}")})" {OLD_IMAGE}',
            ),
            f"docker image inspect {OLD_IMAGE}",
            role="preparation",
        )

    def _inspect(self, template: str) -> str:
        """Return a command that prints a property that all containers of the services share."""
        containers = f"$({self._compose} ps --all --quiet {self._services})"
        return f"docker inspect --format {shlex.quote(template)} {containers} | sort -u"

    @property
    def _configuration(self) -> str:
        return path_in_container(self.runtime.config_file)

    def install(self, target: TargetPackages) -> Iterator[Step]:
        """Build the image. The operator edits its source: the tool does not know its form."""
        yield Step(
            "Build the image of the target",
            f"First edit the source of the image: FROM networktocode/nautobot:{target.release}-py"
            f"{self.python}, COPY {CONSTRAINTS} ., and RUN {target.install_command}. {target.why}",
            (f"{self._compose} build",),
            self.nautobot(version_assertion([("nautobot", target.release)])),
        )

    def restore_environment(self, plan: RollbackPlan) -> Iterator[Step]:
        """Give the kept image its name again, and restore the configuration."""
        release = (("nautobot", plan.release),) if plan.release else ()
        yield Step(
            "Use the previous image again",
            f"{KEPT_IMAGES} contains the name that the previous image had.",
            (
                f'docker tag {OLD_IMAGE} "$(cat {KEPT_IMAGES})"',
                self.nautobot(f"cp -p {KEPT_CONFIGURATION} {self._configuration}"),
            ),
            self.nautobot(version_assertion(release or plan.named_versions)),
        )

    def install_older_apps(self, plan: RollbackPlan) -> Iterator[Step]:
        """Build the image with older Apps. The operator edits its source first."""
        versions = format_versions(plan.named_versions)
        yield Step(
            "Build the image with the older Apps",
            "Write these versions into the source of the image, then run this step again: "
            f"{versions}",
            (f"{self._compose} build",),
            self.nautobot(version_assertion(plan.named_versions)),
        )
