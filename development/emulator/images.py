"""Container images of the emulator: an image is a virtual environment with a name."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from ..venvs import copy_packages
from .machine import MINIMAL_PATH, EmulatorError, Machine


def find_image(machine: Machine, name: str) -> tuple[str, Path]:
    """Return the id and the environment of an image, by its name or its id."""
    with machine.state() as state:
        names = state.get("images", {})
        image = names.get(name, name)
        environment = state.get("environments", {}).get(image)
    if not environment:
        raise EmulatorError(f"manifest for {name} not found: manifest unknown")
    return image, Path(environment)


def tag_image(machine: Machine, name: str, environment: Path) -> None:
    """Give an environment the name of an image. Another image loses the name."""
    image = f"sha256:{hashlib.sha256(str(environment).encode()).hexdigest()}"
    with machine.state() as state:
        state.setdefault("images", {})[name] = image
        state.setdefault("environments", {})[image] = str(environment)


def build_image(machine: Machine, context: Path, name: str) -> None:
    """Build an image from a Dockerfile with FROM, COPY and RUN, as a new environment."""
    lines = (context / "Dockerfile").read_text().splitlines()
    steps = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
    if [steps[0][0]] != ["FROM"]:
        raise EmulatorError("no build stage in current context")
    _, base = find_image(machine, steps[0][1])
    with machine.state() as state:
        number = len(state.setdefault("environments", {}))
    environment = machine.folder / "images" / str(number)
    copy_environment(base, environment)
    work = environment / "build"
    work.mkdir()
    for word, rest in steps[1:]:
        if word == "COPY":
            source, target = rest.split()
            shutil.copy(context / source, work / target)
        elif word == "RUN":
            path = f"{environment / 'bin'}:{MINIMAL_PATH}"
            done = subprocess.run(["sh", "-c", rest], cwd=work, env=machine.variables(path))
            if done.returncode:
                raise EmulatorError(f"process {rest!r} did not complete: {done.returncode}")
        else:
            raise EmulatorError(f"dockerfile parse error: unknown instruction: {word}")
    tag_image(machine, name, environment)


def copy_environment(source: Path, target: Path) -> None:
    """Create an environment with the same packages and programs."""
    copy_packages(source, target, target.with_name(f"{target.name}.txt"))
    for program in (source / "bin").iterdir():
        # Programs that no package installs, such as the client of a database.
        if not (target / "bin" / program.name).exists() and not program.is_symlink():
            shutil.copy(program, target / "bin")
