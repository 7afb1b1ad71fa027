"""Commands of this tool in a plan: of the App inside Nautobot, or from outside."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from .layouts import Layout


@dataclass(frozen=True)
class OutsideTool:
    """This tool in an environment of its own, and the installation that it reads."""

    program: str
    """The command that starts it, such as ``/tmp/upgrade-tool/bin/python -m …``."""
    config: str
    interpreter: str
    target: str
    """The release whose code reads the rows of the old release. Empty if the old one can."""
    media: str = ""
    """The folder of the media files. Empty if there is none on this host."""
    environment_file: str = ""
    """The file with the variables of the service. Empty if none is needed."""
    build_options: tuple[str, ...] = ()
    """Options about the package set of the target, such as ``--wheel-directory``."""

    def build(self, command: str, *options: str) -> str:
        """Return a command that reads the installation."""
        words = ["--config", self.config, "--python", self.interpreter]
        if self.environment_file:
            words += ["--env-file", self.environment_file]
        return f"{self.program} {command} {shlex.join([*words, *options])}"


def capture(layout: Layout, outside: OutsideTool | None, folder: str) -> str:
    """Return the command that captures a snapshot into a folder."""
    if outside:
        target = ("--target", outside.target, *outside.build_options) if outside.target else ()
        return outside.build("snapshot", *target, "--output", folder)
    return layout.nautobot(
        f"nautobot-server upgrade_jobs snapshot --output {folder}", writes=(folder,)
    )


def verify(layout: Layout, outside: OutsideTool | None, folder: str, options: str) -> str:
    """Return the command that verifies the upgrade, with the newest snapshot of a folder.

    Args:
        layout: How Nautobot is deployed.
        outside: The tool outside of Nautobot. None for the App.
        folder: The folder of the snapshot.
        options: Options about the services, which are unknown from outside.
    """
    if outside:
        return outside.build("verify", "--before", folder)
    return layout.nautobot(
        f"nautobot-server upgrade_jobs verify --before {folder} {options}", reads=(folder,)
    )


def start_test(layout: Layout, outside: OutsideTool | None) -> str:
    """Return the command that shows whether the target starts. It changes nothing."""
    command = (
        "nautobot-server migrate --plan" if outside else "python -m nautobot_upgrade_jobs doctor"
    )
    return layout.nautobot(command)
