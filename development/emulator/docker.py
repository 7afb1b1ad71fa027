"""``docker`` and ``docker compose`` for the services of a compose file in the current folder."""

from __future__ import annotations

import shlex
import subprocess
from argparse import Namespace
from pathlib import Path
from typing import Any

from .images import build_image, find_image, tag_image
from .machine import MINIMAL_PATH, EmulatorError, Machine, Parser

ENTRY_POINT = "nautobot-server post_upgrade"
"""What the entry point of Nautobot's image runs before the command, unless it is bypassed."""
DOCKER_ERROR = 125
CONFIG_IMAGE, IMAGE_ID = "{{.Config.Image}}", "{{.Image}}"


def main(words: list[str]) -> int:
    """Run a command of ``docker``."""
    machine = Machine()
    if words[:1] == ["compose"]:
        return Project(machine).run(words[1:])
    if words[:1] == ["tag"] and len(words) == 3:
        tag_image(machine, words[2], find_image(machine, words[1])[1])
    elif words[:2] == ["image", "inspect"] and len(words) == 3:
        print(find_image(machine, words[2])[0])
    elif words[:2] == ["inspect", "--format"] and len(words) > 3:
        for container in words[3:]:
            print(_inspect(machine, container, words[2]))
    else:
        raise EmulatorError(f"unknown command: docker {shlex.join(words)}", DOCKER_ERROR)
    return 0


def _inspect(machine: Machine, container: str, template: str) -> str:
    with machine.state() as state:
        recorded = state.get("containers", {}).get(container)
    if not recorded or template not in (CONFIG_IMAGE, IMAGE_ID):
        raise EmulatorError(f"no such object: {container}, or unknown template: {template}")
    return str(recorded["name" if template == CONFIG_IMAGE else "image"])


class Project:
    """The services of a compose file."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.services: dict[str, Any] = {}

    def run(self, words: list[str]) -> int:
        """Run a command of ``docker compose``."""
        options, rest = _parse_options(words)
        self._read_files(options.file or ["docker-compose.yml"])
        verb, *arguments = rest or [""]
        known = ("config", "ps", "stop", "up", "build", "run", "exec")
        if verb not in known:
            raise EmulatorError(f"unknown docker command: compose {verb}", DOCKER_ERROR)
        result: int | None = getattr(self, f"_{verb}")(arguments)
        return result or 0

    def _read_files(self, names: list[str]) -> None:
        import yaml

        for name in names:
            if not Path(name).exists():
                raise EmulatorError(f"no configuration file provided: {name}: not found", 14)
            for service, settings in yaml.safe_load(Path(name).read_text())["services"].items():
                self.services.setdefault(service, {}).update(settings)

    def _select(self, names: list[str]) -> list[str]:
        for name in names:
            if name not in self.services:
                raise EmulatorError(f"no such service: {name}")
        return names or list(self.services)

    def _config(self, words: list[str]) -> None:
        if words != ["--services"]:
            raise EmulatorError(f"unknown flag: {shlex.join(words)}", DOCKER_ERROR)
        print("\n".join(self.services))

    def _ps(self, words: list[str]) -> None:
        parser = Parser(DOCKER_ERROR)
        parser.add_argument("--all", action="store_true")
        parser.add_argument("--quiet", action="store_true", required=True)
        parser.add_argument("--status", choices=["running"])
        parser.add_argument("services", nargs="*")
        options = parser.parse_args(words)
        with self.machine.state() as state:
            created = state.get("containers", {})
        for name in self._select(options.services):
            container = f"{name}-1"
            running = self.machine.is_running(container)
            if container in created and (running or (options.all and not options.status)):
                print(container)

    def _stop(self, words: list[str]) -> None:
        for name in self._select(words):
            self.machine.stop(f"{name}-1", patience=10)

    def _up(self, words: list[str]) -> None:
        if words[:1] != ["--detach"]:
            raise EmulatorError("the emulator starts detached containers only", DOCKER_ERROR)
        for name in self._select(words[1:]):
            service, container = self.services[name], f"{name}-1"
            image, environment = find_image(self.machine, service["image"])
            with self.machine.state() as state:
                containers = state.setdefault("containers", {})
                changed = containers.get(container, {}).get("image") != image
                containers[container] = {"name": service["image"], "image": image}
            if changed:
                self.machine.stop(container, patience=10)
            command = service["command"]
            if "entrypoint" not in service:
                command = f"{ENTRY_POINT} && exec {command}"
            env = self._variables(name, environment)
            self.machine.start(container, ["sh", "-c", command], env, self.machine.folder)

    def _build(self, words: list[str]) -> None:
        contexts = {
            (service["build"], service["image"])
            for name in self._select(words)
            if "build" in (service := self.services[name])
        }
        for context, image in contexts:
            build_image(self.machine, Path(context), image)

    def _run(self, words: list[str]) -> int:
        parser = Parser(DOCKER_ERROR)
        parser.add_argument("--rm", action="store_true", required=True)
        parser.add_argument("-T", action="store_true")
        parser.add_argument("--entrypoint")
        parser.add_argument("--volume", required=True)
        parser.add_argument("--workdir", required=True)
        parser.add_argument("service")
        parser.add_argument("command", nargs="...")
        options = parser.parse_args(words)
        _, environment = find_image(self.machine, self.services[options.service]["image"])
        command = options.command
        if options.entrypoint is None:  # The entry point of the image migrates.
            command = ["sh", "-c", f'{ENTRY_POINT} && exec "$@"', "sh", *command]
        host, _, inside = options.volume.partition(":")
        folder = Path(host, Path(options.workdir).relative_to(inside))
        return self._execute(options.service, environment, command, folder)

    def _exec(self, words: list[str]) -> int:
        parser = Parser(DOCKER_ERROR)
        parser.add_argument("-T", action="store_true")
        parser.add_argument("service")
        parser.add_argument("command", nargs="...")
        options = parser.parse_args(words)
        if not self.machine.is_running(f"{options.service}-1"):
            raise EmulatorError(f'service "{options.service}" is not running')
        with self.machine.state() as state:
            image = state["containers"][f"{options.service}-1"]["image"]
        _, environment = find_image(self.machine, image)
        return self._execute(options.service, environment, options.command, self.machine.folder)

    def _execute(self, name: str, environment: Path, command: list[str], folder: Path) -> int:
        env = self._variables(name, environment)
        return subprocess.run(["env", f"--chdir={folder}", *command], env=env).returncode

    def _variables(self, name: str, environment: Path) -> dict[str, str]:
        """Return the variables of a container: nothing of the operator's shell."""
        path = f"{environment / 'bin'}:{MINIMAL_PATH}"
        stated = self.services[name].get("environment", {})
        return {**self.machine.variables(path), **{key: str(each) for key, each in stated.items()}}


def _parse_options(words: list[str]) -> tuple[Namespace, list[str]]:
    parser = Parser(DOCKER_ERROR)
    parser.add_argument("--project-name")
    parser.add_argument("--file", action="append")
    parser.add_argument("rest", nargs="...")
    options = parser.parse_args(words)
    return options, options.rest
