"""An installation that is rebuilt from its list of packages, such as in a pipeline.

The packages are installed into an environment of their own. If there is no configuration, the Apps
among them get one with which they start on a copy of the data.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion

from ..app_settings import APP
from ..common.errors import UsageError
from ..common.urls import mask_url_credentials
from .bare_database import write_configuration
from .deadline import Deadline
from .index_config import create_uv
from .installation import CORE, Installation, read_installation
from .scratch_dir import ScratchError, require_exec_allowed, scratch_folder
from .uv import ResolverFailed, Unsolvable, Uv, find_interpreter

PIN = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([\w.!+-]+)")
OWN_DISTRIBUTION = canonicalize_name(APP)
UNKNOWN_DATABASE = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "nautobot",
    "USER": "nautobot",
}
"""The names of the copy. Those of the installation are unknown."""
APP_CLASS = re.compile(r"\b(?:NautobotAppConfig|PluginConfig)\b")
APP_VARIABLE = re.compile(r"^config\s*(?::[^=]+)?=", re.MULTILINE)


@dataclass(frozen=True)
class PackageList:
    """The packages of an installation, and how they are installed."""

    file: Path
    """Lines ``NAME==VERSION``, as ``pip freeze`` prints them."""
    config: str = ""
    """The configuration. Empty if there is none."""
    python: str = ""
    """The interpreter for the environment. Empty for that of this process."""
    wheel_directory: str = ""
    """Folder of wheels to install from instead of the index."""


@contextlib.contextmanager
def rebuilt_installation(packages: PackageList, seconds: float) -> Iterator[Installation]:
    """Install the packages of an installation, and describe it. Remove it afterwards.

    Args:
        packages: The packages.
        seconds: Time limit for the installation of the packages.

    Raises:
        UsageError: The packages cannot be installed, or the configuration cannot be loaded.
    """
    lines = read_package_list(packages.file)
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch_folder(""))
            require_exec_allowed(folder)
            uv = create_uv(folder, packages.wheel_directory, Deadline(seconds))
            python = _install(uv, packages.python or find_interpreter(), lines)
        except (ScratchError, ResolverFailed, Unsolvable, OSError) as error:
            reason = mask_url_credentials(str(error)).rstrip(".")
            raise UsageError(f"--requirements: they cannot be installed: {reason}.") from None
        config = packages.config
        if not config:  # Nothing but a copy can be reached at this place.
            database = {**UNKNOWN_DATABASE, "HOST": str(folder)}
            config = write_configuration(folder, database, sorted(find_app_modules(python)))
        installation = read_installation(str(python), config)
        # The folders of this host say nothing about the installation.
        yield replace(
            installation,
            place=None,
            deployment=None,
            has_configuration=bool(packages.config),
        )


def read_package_list(file: Path) -> tuple[str, ...]:
    """Return the lines of a list of packages. This tool itself is left out.

    Raises:
        UsageError: The file cannot be read, or a line names a package without a version.
    """
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(f"--requirements: {file} cannot be read: {reason}.") from None
    pins = dict(_read_pins(file, lines))
    if CORE not in pins:
        raise UsageError(f"--requirements: {file} contains no line {CORE}==VERSION.")
    return tuple(f"{name}=={version}" for name, version in pins.items() if name != OWN_DISTRIBUTION)


def _read_pins(file: Path, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith(("#", "--hash=")):
            continue
        pin = _read_wheel(text) if " @ " in text else _read_pin(text)
        if pin is None:
            # The line is not quoted, because a URL can contain a password.
            raise UsageError(
                f"--requirements: line {number} of {file} is not NAME==VERSION. Replace a path or "
                "a URL by the version, and name the folder of its wheel with --wheel-directory."
            )
        yield pin


def _read_pin(line: str) -> tuple[str, str] | None:
    for separator in ("#", ";", "\\", " --hash"):
        line = line.partition(separator)[0]
    found = PIN.fullmatch("".join(line.split()))
    return (str(canonicalize_name(found[1])), found[2]) if found else None


def _read_wheel(line: str) -> tuple[str, str] | None:
    """Return a package that was installed from a wheel, such as Nautobot in its container image."""
    try:
        file = line.partition(" @ ")[2].partition("#")[0].strip().rpartition("/")[2]
        name, version, *_ = parse_wheel_filename(file)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return str(name), str(version)


def _install(uv: Uv, python: str, lines: Iterable[str]) -> Path:
    environment = uv.folder / "installed"
    (uv.folder / "installed.txt").write_text("\n".join(lines) + "\n", "utf-8")
    uv.run(["venv", "--quiet", "--no-project", "--python", python, str(environment)])
    interpreter = environment / "bin" / "python"
    # The list is complete, so nothing is resolved.
    words = ["pip", "install", "--quiet", "--no-deps", "--python", str(interpreter)]
    uv.run([*words, "--requirement", "installed.txt"])
    return interpreter


def find_app_modules(python: Path) -> Iterator[str]:
    """Yield the packages that are Apps of Nautobot, without importing them.

    Args:
        python: The interpreter of their environment.
    """
    for file in python.parents[1].glob("lib/python*/site-packages/*/__init__.py"):
        if file.parent.name != CORE:
            text = file.read_text("utf-8", "replace")
            if APP_CLASS.search(text) and APP_VARIABLE.search(text):
                yield file.parent.name
