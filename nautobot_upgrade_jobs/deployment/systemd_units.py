"""Find the systemd units that run this Nautobot, in the unit files.

Source of the format: systemd.unit(5), systemd.service(5). Unit files can be read without any
privilege and without ``systemctl``.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..facts.deployment import ServiceUnit
from .service_roles import role_of_command

UNIT_FOLDERS = tuple(
    Path(folder, "systemd/system")
    for folder in ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
)
"""Folders of unit files. A file in an earlier folder replaces one with the same name."""
EXECUTABLE_PREFIXES = "@-:+!|"
"""Characters that may precede the program in ``ExecStart``."""
SUBCOMMAND = re.compile(
    r"nautobot-server['\"]?(?:\s+(?:-c|--config)[=\s]\s*\S+|\s+-\S+)*\s+['\"]?(\w+)"
)
"""The first word after the options of ``nautobot-server``, of which ``--config`` has a value."""
PATH = re.compile(r"/[^\s'\";&|,]+")

Settings = dict[str, list[str]]


def unit_folders() -> tuple[Path, ...]:
    """Return the folders of unit files. The variable is systemd's own."""
    stated = os.environ.get("SYSTEMD_UNIT_PATH", "")
    usual = UNIT_FOLDERS if not stated or stated.endswith(":") else ()
    return (*map(Path, filter(None, stated.split(":"))), *usual)


def find_service_units(homes: Iterable[Path], folders: Iterable[Path]) -> tuple[ServiceUnit, ...]:
    """Return the units whose command or environment is in one of the given folders.

    Args:
        homes: Folders of this Nautobot: its environment and ``NAUTOBOT_ROOT``.
        folders: Folders of unit files, the most important first.
    """
    real_homes = {home.resolve() for home in homes}
    places = tuple(folders)
    drop_in_folders = [each for folder in reversed(places) for each in _glob(folder, "*.d")]
    units = []
    for name, file in sorted(_list_units(places).items()):
        settings = _read_unit(name, file, drop_in_folders)
        unit = _describe_unit(name, file, settings)
        if unit and any(_is_below(path, real_homes) for path in _named_paths(settings)):
            units.append(unit)
    return tuple(units)


def _list_units(folders: tuple[Path, ...]) -> dict[str, Path]:
    """Return the file of each service. The instances of a template are services of their own."""
    files: dict[str, Path] = {}
    for folder in folders:
        for file in _glob(folder, "*.service"):
            files.setdefault(file.name, file)
    enabled = [file.name for folder in folders for file in _glob(folder, "*.wants/*@*.service")]
    for name in enabled:
        template = re.sub(r"@.*\.service$", "@.service", name)
        if template in files and name != template:
            files.setdefault(name, files[template])
    return {name: file for name, file in files.items() if not name.endswith("@.service")}


def _read_unit(name: str, file: Path, drop_in_folders: Sequence[Path]) -> Settings:
    """Return the settings of a service, with those of its drop-ins. An empty value resets one."""
    settings: Settings = {}
    drop_ins = {
        drop_in.name: drop_in
        for unit in (file.name, name)
        for folder in drop_in_folders
        if folder.name == f"{unit}.d"
        for drop_in in _glob(folder, "*.conf")
    }
    for source in (file, *(drop_ins[key] for key in sorted(drop_ins))):
        for key, value in _read_settings(source):
            if value:
                settings.setdefault(key, []).append(_replace_specifiers(value, name))
            else:
                settings.pop(key, None)
    return settings


def _read_settings(file: Path) -> Iterator[tuple[str, str]]:
    try:
        text = file.read_text("utf-8", errors="replace")
    except OSError:
        return
    for line in re.sub(r"\\\n", " ", text).splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith(("#", ";")):
            yield key.strip(), value.strip()


def _replace_specifiers(value: str, name: str) -> str:
    instance = name.partition("@")[2].removesuffix(".service")
    return value.replace("%i", instance).replace("%I", instance).replace("%%", "%")


def _describe_unit(name: str, file: Path, settings: Settings) -> ServiceUnit | None:
    """Return the unit, or None if its command is none of Nautobot's services."""
    commands = settings.get("ExecStart", [])
    command = commands[-1] if commands else ""
    role = role_of_command(command)
    if role is None:
        return None
    return ServiceUnit(
        name,
        str(file),
        role,
        settings.get("User", [""])[-1],
        _split(command)[0].lstrip(EXECUTABLE_PREFIXES),
        tuple(one.lstrip("-") for one in settings.get("EnvironmentFile", [])),
        "".join(SUBCOMMAND.findall(command)[:1]),
    )


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command) or [command]
    except ValueError:  # An unbalanced quote.
        return command.split()


def _named_paths(settings: Settings) -> Iterator[Path]:
    """Yield the paths that say to which installation a unit belongs."""
    for key in ("ExecStart", "Environment", "WorkingDirectory", "EnvironmentFile"):
        for value in settings.get(key, []):
            yield from (Path(found) for found in PATH.findall(value))


def _is_below(path: Path, homes: set[Path]) -> bool:
    # The last part is not resolved: the Python of an environment is a link that leads out of it.
    try:
        real = path.parent.resolve() / path.name
    except (OSError, RuntimeError):  # A loop of links.
        return False
    return not homes.isdisjoint((real, *real.parents))


def _glob(folder: Path, pattern: str) -> list[Path]:
    """Return the files that match. None if the folder cannot be read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []
