"""Nautobot in a container, if it is unknown what runs the container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...common.files import KEPT_CONFIGURATION, KEPT_REQUIREMENTS
from ...rollback.package_set import RollbackPlan
from ..requirement_files import format_versions
from ..steps import Step
from ..target_packages import TargetPackages
from .base import WHY_START, WHY_STOP, Layout, NextPackages
from .containers import path_in_container

SETTING = 'PLUGINS_CONFIG["nautobot_upgrade_jobs"]["deployment"]'
UNKNOWN = "It is unknown what runs this container, so the plan has no command for this step."


@dataclass(frozen=True)
class Manual(Layout):
    """A container. The operator stops, builds and starts it with the operator's own tools."""

    @property
    def instructions(self) -> str:
        """Say what the tool does not know, and which setting replaces it."""
        return (
            f"It is unknown what runs the containers of Nautobot. Set {SETTING} to "
            '{"layout": "compose"} or {"layout": "kubernetes"}, and run this Job again: then the '
            "plan contains all commands. Until then, run each command in a new container of the "
            "image whose entry point is bypassed, because the entry point migrates the database."
        )

    @property
    def is_executable(self) -> bool:
        """A script cannot run the steps without commands."""
        return False

    def nautobot(
        self, command: str, *, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()
    ) -> str:
        """Return the command itself: how to start a container is unknown."""
        return command

    def stop_services(self) -> Step:
        """Return a step without commands."""
        return Step("Stop web, workers and beat", f"{WHY_STOP} {UNKNOWN}", (), role="stop")

    def start_services(self, packages: NextPackages) -> Step:
        """Return a step without commands."""
        return Step("Start web, workers and beat", f"{WHY_START} {UNKNOWN}", (), role="start")

    def save_environment(self) -> Step:
        """Save the configuration. The operator notes the name of the image."""
        configuration = path_in_container(self.runtime.config_file)
        return Step(
            "Save the configuration and the image",
            "Until migrations have run, a rollback means starting the previous image. Note its "
            "name, and make sure that it is kept.",
            (
                f"cp -p {configuration} {KEPT_CONFIGURATION}",
                f"python -m pip freeze > {KEPT_REQUIREMENTS}",
            ),
        )

    def install(self, target: TargetPackages) -> Iterator[Step]:
        """Return a step without commands."""
        yield Step(
            "Build the image of the target",
            f"In the image, run {target.install_command}. {target.why} {UNKNOWN}",
            (),
        )

    def restore_environment(self, plan: RollbackPlan) -> Iterator[Step]:
        """Return a step without commands."""
        yield Step("Use the previous image and configuration again", UNKNOWN, ())

    def install_older_apps(self, plan: RollbackPlan) -> Iterator[Step]:
        """Return a step without commands."""
        versions = format_versions(plan.named_versions)
        yield Step("Build the image with the older Apps", f"{versions}. {UNKNOWN}", ())
