"""Translate pip's index configuration into uv's configuration.

uv reads its own configuration but ignores pip's, and most installations configure only pip.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .deadline import Deadline
from .uv import INDEX_TIMEOUT_MESSAGE, Uv, find_interpreter

SECTIONS = ("global", "install", ":env:")
"""Sections of pip's files, lowest precedence first. Variables count as the last section."""
NO_INDEX = "--no-index"
PASSED_VARIABLES = re.compile(
    r"(UV|SSL|XDG)_\w+|(HTTPS?|ALL|NO)_PROXY|PATH|HOME|USER|LANG|LC_\w+|TMPDIR|NETRC", re.IGNORECASE
)
"""Environment variables that are passed to the resolver. None is a secret of Nautobot."""
WITHHELD_VARIABLES = frozenset(
    {"UV_NO_CONFIG", "UV_CONFIG_FILE", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_PROJECT"}
)
"""Variables with which uv would ignore this configuration and build packages from source."""
PIP_TO_UV = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "client-cert": ("SSL_CLIENT_CERT", " "),
    "proxy": ("ALL_PROXY", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
}
"""By option of pip: the variable of uv, and the separator of its values."""
OPTION_ALIASES = {"pypi-url": "index-url", "default-timeout": "timeout"}
"""Other names of pip's options."""
PATH_OPTIONS = ("find-links", "cert", "client-cert")
TRUE_VALUES = frozenset({"1", "true", "yes", "on", "y", "t"})


def build_uv_environment(wheel_directory: str = "") -> dict[str, str]:
    """Return the environment for uv with the index configuration of this installation.

    Args:
        wheel_directory: Folder of wheels to use without network access.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if value and PASSED_VARIABLES.fullmatch(name) and name not in WITHHELD_VARIABLES
    }
    environment |= {"UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}
    if wheel_directory:
        return environment | {"UV_FIND_LINKS": _make_absolute(wheel_directory), "UV_OFFLINE": "1"}
    for name, value in to_uv_environment(read_pip_options(os.environ)).items():
        environment.setdefault(name, value)
    return environment


def build_uv_options(wheel_directory: str = "") -> tuple[str, ...]:
    """Return the options about the index that uv does not read from variables."""
    no_index = read_pip_options(os.environ).get("no-index", "").lower() in TRUE_VALUES
    return (NO_INDEX,) if wheel_directory or no_index else ()


def create_uv(
    folder: Path,
    wheel_directory: str,
    deadline: Deadline,
    timeout_message: str = INDEX_TIMEOUT_MESSAGE,
) -> Uv:
    """Return uv for this interpreter and the index of this installation.

    Args:
        folder: The working directory.
        wheel_directory: Folder of wheels to use without network access.
        deadline: The end of the time limit for all runs together.
        timeout_message: The message when the time limit is reached.
    """
    return Uv(
        python=find_interpreter(),
        folder=folder,
        environment=build_uv_environment(wheel_directory),
        deadline=deadline,
        options=build_uv_options(wheel_directory),
        timeout_message=timeout_message,
    )


def to_uv_environment(options: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of uv for pip's options."""
    variables = {}
    for option, (name, separator) in PIP_TO_UV.items():
        words = options.get(option, "").split()
        if option in PATH_OPTIONS:
            words = [_make_absolute(word) for word in words]
        if option == "timeout":
            words = [str(max(1, round(float(word)))) for word in words if _is_number(word)]
        if words:
            variables[name] = separator.join(words)
    if "UV_INDEX" in variables:
        # pip takes the newest version of all indexes.
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return variables


def read_pip_options(environ: Mapping[str, str]) -> dict[str, str]:
    """Return pip's options from its files and variables. Later files and variables take precedence.

    Args:
        environ: The environment.

    Source: https://pip.pypa.io/en/stable/topics/configuration/
    """
    options: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for path in _pip_config_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself reports the error.
        for section in filter(parser.has_section, SECTIONS):
            options[section] |= {
                _normalize_option(name): value for name, value in parser.items(section) if value
            }
    prefix = "PIP_"
    options[SECTIONS[-1]] |= {
        _normalize_option(name[len(prefix) :]): value
        for name, value in environ.items()
        if name.startswith(prefix) and value
    }
    return {name: value for section in SECTIONS for name, value in options[section].items()}


def _normalize_option(name: str) -> str:
    """Return the name of an option as in pip's documentation."""
    plain = name.lower().replace("_", "-").removeprefix("--")
    return OPTION_ALIASES.get(plain, plain)


def _make_absolute(path: str) -> str:
    """Return an absolute path, because uv runs in another folder. A URL stays unchanged."""
    return path if "://" in path else str(Path(path).expanduser().absolute())


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _pip_config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that pip reads, lowest precedence first."""
    config_file = environ.get("PIP_CONFIG_FILE", "")
    if config_file == os.devnull:
        return
    for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    home = Path(environ.get("HOME", "/nonexistent"))
    if not (config_file and Path(config_file).is_file()):
        yield home / ".pip" / "pip.conf"
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield Path(sys.prefix, "pip.conf")
    if config_file:
        yield Path(config_file)
