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

from .uv import TOO_LATE, Uv, interpreter

SECTIONS = ("global", "install", ":env:")
"""Of pip's files, the least important first; variables count as the last."""
NO_INDEX = "--no-index"
KEPT = re.compile(
    r"(UV|SSL|XDG)_\w+|(HTTPS?|ALL|NO)_PROXY|PATH|HOME|USER|LANG|LC_\w+|TMPDIR|NETRC", re.IGNORECASE
)
"""Variables that the resolver sees; the secrets of Nautobot are none of them."""
NOT_KEPT = frozenset(
    {"UV_NO_CONFIG", "UV_CONFIG_FILE", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_PROJECT"}
)
"""With these uv would not read what it is told here, and would build what it must not."""
WORDS = {
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
OTHER_NAMES = {"pypi-url": "index-url", "default-timeout": "timeout"}
"""What pip takes for the same."""
PATHS = ("find-links", "cert", "client-cert")
TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})


def environment(wheel_directory: str = "") -> dict[str, str]:
    """Return the environment in which uv asks the index that this installation uses.

    Args:
        wheel_directory: Take everything from this folder and nothing from the network.
    """
    found = {
        name: value
        for name, value in os.environ.items()
        if value and KEPT.fullmatch(name) and name not in NOT_KEPT
    }
    found |= {"UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}
    if wheel_directory:
        return found | {"UV_FIND_LINKS": _absolute(wheel_directory), "UV_OFFLINE": "1"}
    for name, value in in_words_of_uv(pip_options(os.environ)).items():
        found.setdefault(name, value)
    return found


def options(wheel_directory: str = "") -> tuple[str, ...]:
    """Return what uv is told about the index by words: it has no variable for these."""
    forbidden = pip_options(os.environ).get("no-index", "").lower() in TRUE
    return (NO_INDEX,) if wheel_directory or forbidden else ()


def uv_in(folder: Path, wheel_directory: str, seconds: float, too_late: str = TOO_LATE) -> Uv:
    """Return uv for this interpreter and the index of this installation.

    Args:
        folder: What it works in.
        wheel_directory: Take everything from this folder and nothing from the network.
        seconds: From now on; all its runs together.
        too_late: What to say when they are over.
    """
    return Uv(
        python=interpreter(),
        folder=folder,
        environment=environment(wheel_directory),
        deadline=time.monotonic() + seconds,
        options=options(wheel_directory),
        too_late=too_late,
    )


def in_words_of_uv(options: Mapping[str, str]) -> dict[str, str]:
    """Return pip's options as the variables of uv."""
    found = {}
    for option, (name, separator) in WORDS.items():
        words = options.get(option, "").split()
        if option in PATHS:
            words = [_absolute(word) for word in words]
        if option == "timeout":
            words = [str(max(1, round(float(word)))) for word in words if _is_number(word)]
        if words:
            found[name] = separator.join(words)
    if "UV_INDEX" in found:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does: the newest of all indexes
    return found


def pip_options(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what pip is told here: by files, then by variables, the later one counts.

    Args:
        environ: The environment.

    Source: https://pip.pypa.io/en/stable/topics/configuration/
    """
    told: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for path in _files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself refuses to run with it, and says so
        for section in filter(parser.has_section, SECTIONS):
            told[section] |= {_key(name): value for name, value in parser.items(section) if value}
    prefix = "PIP_"
    told[SECTIONS[-1]] |= {
        _key(name[len(prefix) :]): value
        for name, value in environ.items()
        if name.startswith(prefix) and value
    }
    return {name: value for section in SECTIONS for name, value in told[section].items()}


def _key(name: str) -> str:
    """Return an option's name as pip's documentation has it."""
    plain = name.lower().replace("_", "-").removeprefix("--")
    return OTHER_NAMES.get(plain, plain)


def _absolute(path: str) -> str:
    """Return a path as seen from here; uv runs in another folder. Addresses stay."""
    return path if "://" in path else str(Path(path).expanduser().absolute())


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
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
