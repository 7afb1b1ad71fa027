"""Where this installation gets its packages: what pip is told, in the words of uv.

uv reads its own configuration itself; pip's it ignores, and most installations have only that.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from .uv import INDEX_TIMEOUT_MESSAGE, Uv, find_interpreter

SECTIONS = ("global", "install", ":env:")
"""Of pip's files, the least important first; variables count as the last."""
NO_INDEX = "--no-index"
PASSED_VARIABLES = re.compile(
    r"(UV|SSL|XDG)_\w+|(HTTPS?|ALL|NO)_PROXY|PATH|HOME|USER|LANG|LC_\w+|TMPDIR|NETRC", re.IGNORECASE
)
"""Variables that the resolver sees; the secrets of Nautobot are none of them."""
WITHHELD_VARIABLES = frozenset(
    {"UV_NO_CONFIG", "UV_CONFIG_FILE", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_PROJECT"}
)
"""With these uv would not read what it is told here, and would build what it must not."""
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
"""An option of pip to the variable of uv that means it, and what stands between several values."""
OPTION_ALIASES = {"pypi-url": "index-url", "default-timeout": "timeout"}
"""What pip takes for the same."""
PATH_OPTIONS = ("find-links", "cert", "client-cert")
TRUE_VALUES = frozenset({"1", "true", "yes", "on", "y", "t"})


def build_uv_environment(wheel_directory: str = "") -> dict[str, str]:
    """Return the environment in which uv asks the index that this installation uses.

    Args:
        wheel_directory: Take everything from this folder and nothing from the network.
    """
    found = {
        name: value
        for name, value in os.environ.items()
        if value and PASSED_VARIABLES.fullmatch(name) and name not in WITHHELD_VARIABLES
    }
    found |= {"UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}
    if wheel_directory:
        return found | {"UV_FIND_LINKS": _make_absolute(wheel_directory), "UV_OFFLINE": "1"}
    for name, value in to_uv_environment(read_pip_options(os.environ)).items():
        found.setdefault(name, value)
    return found


def build_uv_options(wheel_directory: str = "") -> tuple[str, ...]:
    """Return what uv is told about the index by words: it has no variable for these."""
    forbidden = read_pip_options(os.environ).get("no-index", "").lower() in TRUE_VALUES
    return (NO_INDEX,) if wheel_directory or forbidden else ()


def create_uv(
    folder: Path, wheel_directory: str, seconds: float, too_late: str = INDEX_TIMEOUT_MESSAGE
) -> Uv:
    """Return uv for this interpreter and the index of this installation.

    Args:
        folder: What it works in.
        wheel_directory: Take everything from this folder and nothing from the network.
        seconds: From now on; all its runs together.
        too_late: What to say when they are over.
    """
    return Uv(
        python=find_interpreter(),
        folder=folder,
        environment=build_uv_environment(wheel_directory),
        deadline=time.monotonic() + seconds,
        options=build_uv_options(wheel_directory),
        timeout_message=too_late,
    )


def to_uv_environment(options: Mapping[str, str]) -> dict[str, str]:
    """Return pip's options as the variables of uv."""
    found = {}
    for option, (name, separator) in PIP_TO_UV.items():
        words = options.get(option, "").split()
        if option in PATH_OPTIONS:
            words = [_make_absolute(word) for word in words]
        if option == "timeout":
            words = [str(max(1, round(float(word)))) for word in words if _is_number(word)]
        if words:
            found[name] = separator.join(words)
    if "UV_INDEX" in found:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does: the newest of all indexes
    return found


def read_pip_options(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what pip is told here: by files, then by variables, the later one counts.

    Args:
        environ: The environment.

    Source: https://pip.pypa.io/en/stable/topics/configuration/
    """
    told: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for path in _pip_config_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself refuses to run with it, and says so
        for section in filter(parser.has_section, SECTIONS):
            told[section] |= {
                _normalize_option(name): value for name, value in parser.items(section) if value
            }
    prefix = "PIP_"
    told[SECTIONS[-1]] |= {
        _normalize_option(name[len(prefix) :]): value
        for name, value in environ.items()
        if name.startswith(prefix) and value
    }
    return {name: value for section in SECTIONS for name, value in told[section].items()}


def _normalize_option(name: str) -> str:
    """Return an option's name as pip's documentation has it."""
    plain = name.lower().replace("_", "-").removeprefix("--")
    return OPTION_ALIASES.get(plain, plain)


def _make_absolute(path: str) -> str:
    """Return a path as seen from here; uv runs in another folder. Addresses stay."""
    return path if "://" in path else str(Path(path).expanduser().absolute())


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _pip_config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that pip reads, the least important first."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    home = Path(environ.get("HOME", "/nonexistent"))
    if not (named and Path(named).is_file()):
        yield home / ".pip" / "pip.conf"
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield Path(sys.prefix, "pip.conf")
    if named:
        yield Path(named)
